"""An event loop's clock that a test moves.

Knows time and timers. Refuses to know tasks and sockets: what needs those runs in a real loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from glimway.engine.wheel import Wheel


class Timer:
    """A loop's timer, as far as the wheel uses it."""

    def __init__(self, due_s: float, callback: Callable[[], None]) -> None:
        self.due_s = due_s
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Call nothing."""
        self.cancelled = True


class FakeLoop:
    """A loop whose time is moved by the test."""

    def __init__(self, start_s: float = 1000.0) -> None:
        self.now_s = start_s
        self.timers: list[Timer] = []

    def time(self) -> float:
        """The loop's clock, in seconds."""
        return self.now_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """As a loop's."""
        timer = Timer(self.now_s + delay_s, callback)
        self.timers.append(timer)
        return timer

    @property
    def pending(self) -> list[Timer]:
        """Timers that are still to be called."""
        return [timer for timer in self.timers if not timer.cancelled]

    def run_until(self, end_s: float) -> None:
        """Let time pass; each timer is called when it is due."""
        while self.pending and (timer := min(self.pending, key=lambda t: t.due_s)).due_s < end_s:
            self.timers.remove(timer)
            self.now_s = max(self.now_s, timer.due_s)
            timer.callback()
        self.now_s = max(self.now_s, end_s)

    def run_for(self, seconds: float) -> None:
        """Let some time pass."""
        self.run_until(self.now_s + seconds)

    def wheel(self) -> Wheel:
        """A wheel on this loop."""
        return Wheel(cast("asyncio.AbstractEventLoop", self))
