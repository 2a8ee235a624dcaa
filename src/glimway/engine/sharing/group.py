"""Requests that share one provider call.

Knows who sits in, what has come so far, and when the call is not wanted any more. Refuses to know
which requests are alike, and how a call is made: it is handed in.

The call belongs to the group, not to the request that began it: whoever leaves, the others go on,
and only when all have left it is stopped. Whoever joins gets the answer from its start. Nobody
waits for a slow reader: the provider is held back only while all read slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec

from glimway.domain.sharing import Bill
from glimway.engine.flow import Answer, Frames
from glimway.engine.settling import Charge, Outcome
from glimway.engine.sharing.seat import Seat, again
from glimway.engine.sharing.weight import weight
from glimway.wire.refusal import Fault

SEATS_MAX: Final = 1000
"""Requests that share one call; the next one makes a call of its own."""
REPLAYED_BYTES_MAX: Final = 1024 * 1024
"""What is kept of an answer for those who may still join; when more has come, nobody may."""


class Terms(msgspec.Struct, frozen=True):
    """What holds for one group.

    Args:
        split: all pay one price together.
        kept_bytes_max: how much of the answer is kept to its end, for a later one; 0: nothing.
    """

    split: bool = False
    kept_bytes_max: int = 0


class Group:
    """One group. It stands in for the reply whose head an answer waits for (``reply.Head``).

    Args:
        outcome: of the call, which is nobody's own.
        terms: see there.
        on_shut: called once, when nobody may join any more.
        on_end: called once, when the answer has ended and all of it is kept: with its frames.
        on_fault: called once, when it broke after its first real frame.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        outcome: Outcome,
        terms: Terms,
        on_shut: Callable[[], None],
        on_end: Callable[[Frames], None],
        on_fault: Callable[[Fault], None],
    ) -> None:
        self.loop = loop
        self.outcome = outcome
        self.headers: list[tuple[bytes, bytes]] = []
        self.answer: Answer | None = None
        self.started_s = loop.time()
        self.fault: Fault | None = None
        self.open = True
        """Others may join."""
        self._terms = terms
        self._on_shut, self._on_end, self._on_fault = on_shut, on_end, on_fault
        self._seats: list[Seat] = []
        self._past: Frames | None = []
        self._past_bytes = 0
        self._task: asyncio.Task[Answer] | None = None
        self._ended = self._resting = self._told = False
        self._unsettled = 0
        self._bill = Bill() if terms.split else None

    @property
    def full(self) -> bool:
        """No place is left."""
        return len(self._seats) >= SEATS_MAX

    @property
    def first_frame_s(self) -> float | None:
        """When the first real frame came."""
        return None if self.answer is None else self.answer.first_frame_s

    # ---- its life -------------------------------------------------------------------------------

    def run(self, call: Coroutine[Any, Any, Answer]) -> None:
        """Make the call, in a task of the group's own."""
        self._task = self.loop.create_task(call)
        self._task.add_done_callback(self._called)

    def begin_early(self) -> None:
        """The gate's patience has ended: each request has a gate of its own."""

    def join(self, *, stream: bool) -> Seat:
        """One more request; it gets all that has come so far, and pays its part."""
        source = self.outcome.opened.id if self._unsettled or self._told or self._seats else None
        seat = Seat(self, stream=stream, source=source)
        self._seats.append(seat)
        self._unsettled += 1
        if self._bill is not None:
            self._bill.join()
        if self.answer is not None:
            assert self._past is not None  # noqa: S101 - shut before it is forgotten
            seat.push(list(self._past), self._past_bytes, ended=self._ended)
            seat.wake()
            self.pace()
        return seat

    def shut(self) -> None:
        """Nobody may join any more."""
        if self.open:
            self.open = False
            self._on_shut()
            if not self._terms.kept_bytes_max:
                self._past = None

    async def seated(self, seat: Seat, outcome: Outcome) -> None:
        """Wait for the first frames; of an answer that is wanted whole, for all of it.

        Args:
            seat: who waits.
            outcome: learns who answers.

        Raises:
            Fault, Refusal: there is no answer.
        """
        try:
            await seat.ready
            call = self.outcome
            outcome.endpoint, outcome.copies = call.endpoint, call.copies
            outcome.tries, outcome.adjusted = call.tries, call.adjusted
            if seat.error is not None:
                raise seat.error
            outcome.answer = seat
            if seat.fault is not None and not seat.stream:
                raise seat.fault
        except BaseException:
            seat.close()
            raise

    # ---- what seats ask for ---------------------------------------------------------------------

    def pace(self) -> None:
        """Hold the provider back while all read slowly."""
        resting = bool(self._seats) and all(seat.paused for seat in self._seats)
        if resting != self._resting and self.answer is not None and not self._ended:
            self._resting = resting
            if resting:
                self.answer.pause()
            else:
                self.answer.resume()

    def others_read(self, seat: Seat) -> bool:
        """Whether anybody but ``seat`` can take frames now."""
        return any(not one.paused and one.fault is None for one in self._seats if one is not seat)

    def leave(self, seat: Seat) -> None:
        """One request less; the last one stops the provider."""
        self._seats.remove(seat)
        if self._seats:
            self.pace()
        elif not self._ended:
            self._ended = True
            self.shut()
            if self.answer is not None:
                self.answer.close()
            elif self._task is not None:
                self._task.cancel()

    def charged(self, seat: Seat, outcome: Outcome, charge: Charge) -> Charge:
        """What a request pays when it settles.

        The first that settles after the end (there is one when all have left, too) has the attempts
        on its receipt: they are told once.
        """
        self._unsettled -= 1
        if self._ended and not self._told:
            self._told = True
            # What it took says something of the provider only where the form was the call's own.
            seat.asked = seat.stream == self.outcome.opened.stream
            outcome.attempts = self.outcome.attempts
            seat.kind = seat.source = None
        else:
            seat.kind = "twin"
        if self._bill is None:
            return charge
        if outcome.status == "ok":
            self.shut()  # who joined now could pay nothing any more
        part = self._bill.part(charge.cost_nanousd)
        return msgspec.structs.replace(charge, cost_nanousd=part)

    # ---- what the call gives --------------------------------------------------------------------

    def _called(self, task: asyncio.Task[Answer]) -> None:
        if task.cancelled():
            self._fail(asyncio.CancelledError())
            return
        error = task.exception()
        if error is not None:
            self._fail(error)
            return
        answer = self.answer = task.result()
        if self._ended:  # all had left
            answer.close()
            return
        if self.outcome.opened.stream:
            answer.attach(self._frames)
        else:
            self._frames([answer.events])
        for seat in self._seats:
            seat.wake()
        self.pace()

    def _fail(self, error: BaseException) -> None:
        """There is no answer; each is told for itself."""
        self._ended = True
        self.shut()
        for seat in tuple(self._seats):
            if isinstance(error, asyncio.CancelledError):
                seat.ready.cancel()
            else:
                seat.error = again(error)
                seat.wake()

    def _frames(self, frames: Frames) -> None:
        answer = self.answer
        if answer is None or self._ended:
            return
        ended = self._ended = answer.finished or answer.fault is not None
        size = weight(frames)
        self._remember(frames, size)
        if answer.fault is not None:
            self.fault = answer.fault
            self.shut()
            self._on_fault(answer.fault)
        elif ended and self._terms.kept_bytes_max and self._past is not None:
            self._on_end(self._past)
        for seat in tuple(self._seats):
            seat.push(frames, size, ended=ended)
        if ended:
            # Not now: the provider's connection is in the midst of giving it.
            self.loop.call_soon(answer.close)

    def _remember(self, frames: Frames, size_bytes: int) -> None:
        if self._past is None:
            return
        self._past_bytes += size_bytes
        if self._past_bytes > max(REPLAYED_BYTES_MAX, self._terms.kept_bytes_max):
            self._past = None
            self.shut()
        else:
            self._past += frames
