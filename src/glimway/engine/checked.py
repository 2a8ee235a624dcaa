"""An answer that is held to a schema here, because its host does not hold to schemas itself.

Knows that final text is held back until it fits, and that one that does not fit is asked for again
once. Refuses to know how that is asked (``mend`` does it) and what fits (``wire.structured``).

Thinking and tool calls go on at once. As long as nothing has gone on, the client has seen nothing,
so what goes wrong then is an answer of its own and not the end of a stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from glimway.engine.flow import Answer, Frames, is_real
from glimway.wire.events import Event, Text, Usage
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.structured.holding import Failing, Holding
from glimway.wire.structured.schema import Schema

REPAIRS_MAX = 4
"""Choices of one answer that are repaired, one call each."""

Mend = Callable[[Failing], Awaitable[str]]
"""Asks once more; the text of that answer. Raises Fault or Refusal."""


class Checked:
    """An answer whose text fits a schema.

    Args:
        inner: the answer as the host gives it, past its first real frame.
        schema: what each of its texts must fit.
        mend: asks for a repair.
        stream: whether a stream was asked for.
    """

    def __init__(self, inner: Answer, schema: Schema, mend: Mend, *, stream: bool) -> None:
        self._inner = inner
        self._mend = mend
        self._stream = stream
        self._holding = Holding(schema)
        self._attached = False
        self._held: Frames = []
        self._on_frames: Callable[[Frames], None] | None = None
        self._task: asyncio.Task[list[Event]] | None = None
        self.loop = inner.loop
        self.started_s = inner.started_s
        self.first_frame_s: float | None = None
        self.finished = False
        self.fault: Fault | None = None
        self.events: list[Event] = []
        self.first: asyncio.Future[None] = self.loop.create_future()
        """Resolves when something may go to the client, or with the failure before that."""

    @property
    def usage(self) -> Usage | None:
        """What was reported for the answer; its repair is not the caller's. Of an answer that
        does not fit only what was delivered counts, which is not what was reported."""
        return None if self.fault is not None else self._inner.usage

    def start(self) -> None:
        """Take what is there, and what comes."""
        if self._stream:
            self._inner.attach(self._frames)
        else:
            self._pass_on([self._inner.events])
        self._attached = True
        self._conclude()

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        """Give frames to ``on_frames`` from now on."""
        self._on_frames = on_frames
        held, self._held = self._held, []
        if held or self.finished or self.fault is not None:
            on_frames(held)

    def pause(self) -> None:
        """Read no more for now."""
        self._inner.pause()

    def resume(self) -> None:
        """Read on."""
        self._inner.resume()

    def close(self) -> None:
        """Want nothing more, of the repair neither."""
        self._on_frames = None
        if self._task is not None:
            self._task.cancel()
        self._inner.close()
        if not self.first.done():
            self.first.cancel()

    # ---- inside ----------------------------------------------------------------------------

    def _frames(self, frames: Frames) -> None:
        self._pass_on(frames)
        # While the parts of a chorus are attached, it may say that it has ended too early.
        if self._attached:
            self._conclude()

    def _pass_on(self, frames: Frames) -> None:
        if self.fault is not None:
            return
        passed: Frames = []
        try:
            for events in frames:
                kept = [one for one in events if type(one) is not Usage]
                going = self._holding.pass_on(kept)
                if going:
                    passed.append(going)
        except Fault as fault:
            self._inner.close()
            self._fail(fault)
            return
        self._deliver(passed)

    def _conclude(self) -> None:
        if self.finished or self.fault is not None or self._task is not None:
            return
        if self._inner.fault is not None:
            self._fail(self._inner.fault)
        elif self._inner.finished:
            failing = self._holding.failing
            if not failing:
                self._end([])
            elif len(failing) > REPAIRS_MAX or any(one.final for one in failing):
                self._fail(_refused(failing[0], "no repair was tried"))
            else:
                self._task = self.loop.create_task(self._mended(failing))
                self._task.add_done_callback(self._repaired)

    async def _mended(self, failing: list[Failing]) -> list[Event]:
        events: list[Event] = []
        for one in failing:
            try:
                text = await self._mend(one)
            except (Fault, Refusal) as error:
                raise _refused(one, f"the repair failed: {error.detail or error}") from None
            judged = self._holding.judge(text, one.stop)
            if isinstance(judged, Failing):
                raise _refused(judged, "neither did its repair")
            events += judged
        return events

    def _repaired(self, task: asyncio.Task[list[Event]]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._end(task.result())
        else:
            self._fail(error if isinstance(error, Fault) else Fault("broken", repr(error)))

    def _end(self, events: list[Event]) -> None:
        self.finished = True
        self._deliver([events] if events else [])
        if not self._stream:
            self.events = [event for frame in self._held for event in frame]

    def _fail(self, fault: Fault) -> None:
        self.fault = fault
        if not self.first.done():
            self.first.set_exception(fault)
        elif self._on_frames is not None:
            self._on_frames([])

    def _deliver(self, frames: Frames) -> None:
        if self.first_frame_s is None and (self.finished or any(map(is_real, frames))):
            self.first_frame_s = self.loop.time()
        if self._on_frames is None:
            self._held += frames
        elif frames or self.finished:
            self._on_frames(frames)
        if not self.first.done() and (
            self.finished or (self._stream and self.first_frame_s is not None)
        ):
            self.first.set_result(None)


def said(events: list[Event]) -> str:
    """The text of a whole answer's first choice."""
    return "".join([one.text for one in events if type(one) is Text and one.choice == 0])


def _refused(failing: Failing, cause: str) -> Fault:
    """What the caller is told; the operator's copy repeats nothing that was said."""
    return Fault(
        "rejected",
        f"the answer did not fit the schema; {cause}",
        message=(
            "The model's answer does not fit the JSON Schema of this request, which its provider "
            f"does not enforce ({cause}): {failing.problems[0]}. Try again, simplify the schema, "
            "or choose an endpoint that lists json_schema."
        ),
        refusal="unsupported",
    )
