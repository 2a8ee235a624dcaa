"""An answer that has begun, as those see it who pass it on.

Knows what the relay, the settlement and the journey ask of an answer. Refuses to know whether one
provider gives it (``attempt``) or several calls together (``chorus``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from glimway.wire.events import Event, Opaque, Start, Usage
from glimway.wire.refusal import Fault

Frames = list[list[Event]]

_NOT_REAL = frozenset({Start, Opaque, Usage})


def is_real(events: list[Event]) -> bool:
    """Whether a frame carries non-empty text, thinking, a tool call or a refusal, or the end of the
    answer. Role-only, empty, null and ping frames do not: they are held back until one does."""
    return any(type(event) not in _NOT_REAL for event in events)


class Answer(Protocol):
    """An answer after its first real frame, or a whole one."""

    loop: asyncio.AbstractEventLoop
    finished: bool
    """Its end was seen."""
    fault: Fault | None
    """Why it failed."""
    events: list[Event]
    """The whole answer's events, when no stream was asked for."""
    started_s: float
    """When its provider was called, on the loop's clock."""
    first_frame_s: float | None
    """When its first real frame came, on the loop's clock."""

    @property
    def usage(self) -> Usage | None:
        """What was reported as used, so far."""

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        """Give frames to ``on_frames`` from now on; an empty list tells of the end."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read on."""

    def close(self) -> None:
        """Want nothing more."""
