"""One request's place in a group: the answer as that request sees it.

Knows what waits for a client that reads slowly, within a bound. Refuses to know the others of the
group and where the answer comes from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from glimway.domain.receipt import SharedKind
from glimway.engine.flow import Answer, Frames
from glimway.engine.settling import Charge, Outcome
from glimway.wire.events import Event, Usage
from glimway.wire.refusal import Fault, Refusal

WAITING_BYTES_MAX: Final = 1024 * 1024
"""What may wait in memory for one slow reader of a shared stream while others read on."""
WHOLE_BYTES_MAX: Final = 64 * 1024 * 1024
"""The largest answer that is collected for a request that wants it whole."""


class Group(Protocol):
    """What a seat asks of its group."""

    loop: asyncio.AbstractEventLoop
    started_s: float
    answer: Answer | None
    fault: Fault | None

    @property
    def first_frame_s(self) -> float | None:
        """When the first real frame came."""

    def pace(self) -> None:
        """Somebody reads slower, or on."""

    def others_read(self, seat: Seat) -> bool:
        """Whether anybody but ``seat`` can take frames now."""

    def leave(self, seat: Seat) -> None:
        """It wants nothing more."""

    def charged(self, seat: Seat, outcome: Outcome, charge: Charge) -> Charge:
        """What it pays."""


class Seat:
    """An answer (``flow.Answer``) that is shared.

    Args:
        group: whose answer it is.
        stream: whether this request wants a stream.
        source: the id of the request that began the group; None: this one.
    """

    __slots__ = (
        "_ended",
        "_group",
        "_left",
        "_on_frames",
        "_waiting",
        "_waiting_bytes",
        "asked",
        "error",
        "events",
        "fault",
        "finished",
        "first_frame_s",
        "joined_s",
        "kind",
        "loop",
        "paused",
        "ready",
        "source",
        "started_s",
        "stream",
    )

    def __init__(self, group: Group, *, stream: bool, source: str | None) -> None:
        self._group = group
        self.stream = stream
        self.source = source
        self.loop = group.loop
        self.kind: SharedKind | None = None if source is None else "twin"
        self.joined_s = group.loop.time()
        self.started_s = max(group.started_s, self.joined_s)
        """When the provider was called, or this request joined, whichever was later."""
        self.ready: asyncio.Future[None] = group.loop.create_future()
        """Resolves when the first frames are here, of an answer that is wanted whole: all."""
        self.error: BaseException | None = None
        """Why there is no answer."""
        self.finished = False
        self.fault: Fault | None = None
        self.events: list[Event] = []
        self.first_frame_s: float | None = None
        self.paused = False
        self.asked = False
        self._on_frames: Callable[[Frames], None] | None = None
        self._waiting: Frames = []
        self._waiting_bytes = 0
        self._ended = self._left = False

    # ---- what the journey and the relay see ---------------------------------------------------

    @property
    def usage(self) -> Usage | None:
        """What was reported as used, so far."""
        answer = self._group.answer
        return None if answer is None else answer.usage

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        """Give frames to ``on_frames`` from now on, beginning with those that wait."""
        self._on_frames = on_frames
        self._deliver()

    def pause(self) -> None:
        """Read no more for now: the others go on."""
        self.paused = True
        self._group.pace()

    def resume(self) -> None:
        """Read on."""
        self.paused = False
        self._deliver()
        self._group.pace()

    def close(self) -> None:
        """Want nothing more."""
        if not self._left:
            self._left = True
            self._on_frames = None
            self._waiting = []
            self._group.leave(self)

    # ---- what the receipt says ------------------------------------------------------------------

    def charged(self, outcome: Outcome, charge: Charge) -> Charge:
        """What this request pays; the group says so."""
        return self._group.charged(self, outcome, charge)

    # ---- what the group does --------------------------------------------------------------------

    def push(self, frames: Frames, size_bytes: int, *, ended: bool) -> None:
        """The next frames; ``ended``: nothing follows, the group knows why."""
        self._ended = ended
        if self.fault is not None:
            return
        self._waiting += frames
        self._waiting_bytes += size_bytes
        over = self._waiting_bytes > (WAITING_BYTES_MAX if self.stream else WHOLE_BYTES_MAX)
        if over and (not self.stream or (self.paused and self._group.others_read(self))):
            self._fall(f"{self._waiting_bytes} bytes of a shared answer wait for one reader")
        else:
            self._deliver()

    def wake(self) -> None:
        """There is something to see: the first frames, the end, or why there is neither."""
        if self.stream or self._ended or self.error is not None or self.fault is not None:
            if self.first_frame_s is None and self.error is None:
                first_s = self._group.first_frame_s
                self.first_frame_s = None if first_s is None else max(first_s, self.joined_s)
            if not self.ready.done():
                self.ready.set_result(None)

    def _deliver(self) -> None:
        if not self.stream:
            if self._ended:
                self._end()
                self.events = [event for frame in self._waiting for event in frame]
                self._waiting = []
                self.wake()
            return
        on_frames = self._on_frames
        if on_frames is None or (self.paused and self.fault is None):
            return
        frames, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if self._ended:
            self._end()
        if frames or self._ended:
            on_frames(frames)

    def _end(self) -> None:
        """Nothing follows: well, or with the group's fault."""
        if self.fault is None and self._group.fault is not None:
            self.fault = copied(self._group.fault)
        self.finished = self.fault is None

    def _fall(self, why: str) -> None:
        """Out of the group, with an error: the others must not wait."""
        self._waiting = []
        self.fault = Fault("overloaded", why)
        if self._on_frames is not None:
            self._on_frames([])
        self.wake()


def again(error: BaseException) -> BaseException:
    """An error for one more of those it reaches: what is raised grows a trace of its own."""
    if isinstance(error, Fault):
        return copied(error)
    if isinstance(error, Refusal):
        return Refusal(
            error.kind,
            error.message,
            code=error.code,
            param=error.param,
            detail=error.detail,
            retry_after_s=error.retry_after_s,
            headers=error.headers,
        )
    return error


def copied(fault: Fault) -> Fault:
    """As ``again``."""
    return Fault(
        fault.kind,
        fault.detail,
        status=fault.status,
        message=fault.message,
        retry_after_s=fault.retry_after_s,
        code=fault.code,
        refusal=fault.refusal,
        lacks=fault.lacks,
    )
