"""An event loop whose clock jumps over every wait.

Knows loop time. Refuses to know wall time: an hour of waiting takes no longer than its events. What
runs in it must wait for timers alone, since nothing from outside can be early or late.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.DefaultSelector):
    """Where a loop would sleep until its next timer, its clock moves there."""

    moved_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """No waiting; what is ready is found all the same."""
        ready = super().select(0)
        if not ready and timeout:
            self.moved_s += timeout
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """Runs coroutines whose waits take no time."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Seconds of waiting so far, from 1000 on."""
        return 1000.0 + self._jump.moved_s


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on such a loop."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)
