"""A kept answer, given once more.

Knows how it looks like any other answer, and that it pays what its project says. Refuses to know
where it was kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, Self

import msgspec

from glimway.engine.flow import Frames
from glimway.engine.reply import Reply
from glimway.engine.settling import Charge, Outcome
from glimway.engine.sharing.shelf import Kept
from glimway.wire.events import Event, Usage
from glimway.wire.refusal import Fault


class Hit:
    """An answer (``flow.Answer``) that is all here."""

    __slots__ = (
        "_frames",
        "asked",
        "events",
        "fault",
        "finished",
        "first_frame_s",
        "kind",
        "loop",
        "pays",
        "source",
        "started_s",
        "usage",
    )

    def __init__(self, kept: Kept, loop: asyncio.AbstractEventLoop, *, pays: bool) -> None:
        self.loop = loop
        # Usage is completed when it is charged: each request does that to its own.
        self._frames: Frames = [
            [msgspec.structs.replace(event) if type(event) is Usage else event for event in frame]
            for frame in kept.frames
        ]
        self.events: list[Event] = [event for frame in self._frames for event in frame]
        self.finished = True
        self.fault: Fault | None = None
        self.started_s: float = loop.time()
        self.first_frame_s: float | None = self.started_s
        self.usage: Usage | None = None
        self.kind: Literal["cache"] = "cache"
        self.source = kept.source
        self.asked = False
        self.pays = pays

    @classmethod
    def of(
        cls,
        kept: Kept,
        outcome: Outcome,
        reply: Reply,
        loop: asyncio.AbstractEventLoop,
        *,
        pays: bool,
    ) -> Self:
        """The answer to the request whose outcome this is."""
        hit = cls(kept, loop, pays=pays)
        outcome.endpoint, outcome.adjusted = kept.endpoint, kept.adjusted
        outcome.answer = outcome.shared = hit
        if kept.adjusted:
            reply.headers.append((b"x-glimway-adjusted", ", ".join(kept.adjusted).encode()))
        return hit

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        """Give all frames at once; they are few."""
        on_frames(self._frames)

    def pause(self) -> None:
        """Nothing follows that could wait."""

    def resume(self) -> None:
        """As ``pause``."""

    def close(self) -> None:
        """Nothing is held."""

    def charged(self, outcome: Outcome, charge: Charge) -> Charge:
        """Nothing, or the price that it had when it was new."""
        outcome.attempts = []
        return charge if self.pays else msgspec.structs.replace(charge, cost_nanousd=0)
