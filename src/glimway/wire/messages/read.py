"""A provider's Messages reply to events, whole or streamed.

Knows the stream's frames and the message around its blocks (``arriving`` reads those). What
neutral events cannot carry becomes opaque events, so that a client of this dialect loses nothing.
Refuses to know sockets, clients and money.
Source: https://docs.anthropic.com/en/api/messages-streaming.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glimway.wire.events import Event, Opaque, Start, Stop, StopReason, Usage
from glimway.wire.messages.arriving import BEGINS, ENDS, GROWS, Arriving
from glimway.wire.messages.blocks import DIALECT
from glimway.wire.messages.errors import fault_in_body
from glimway.wire.messages.mending import recovered, scrubbed
from glimway.wire.messages.shapes import decode_usual_growth
from glimway.wire.messages.stops import CUTS, MEANINGS
from glimway.wire.messages.usage import Counted
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.sse import Cutter
from glimway.wire.talk import Call

_decode = msgspec.json.Decoder().decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

UNUSUAL_MAX = 16
"""After so many deltas that were not usual, a stream is read the general way only."""

_GROWS = GROWS.encode()

_OF_MESSAGE = frozenset(
    "id type role content model stop_reason stop_sequence usage cost estimated_cost".split()
)
"""Members of a message that events carry."""
_OF_END = frozenset({"stop_reason", "stop_sequence"})
_OF_FRAME = frozenset({"type", "delta", "usage"})


class Reader:
    """Reads one reply.

    Args:
        quirks: how this host spells things.
        id_stem: makes ids for tool calls that come without one.
        call: what was asked: whether its client speaks this dialect too.
    """

    __slots__ = (
        "_blocks",
        "_counted",
        "_cutter",
        "_ours",
        "_quirks",
        "_sequence",
        "_started",
        "_stop",
        "_unusual",
        "answer_id",
        "done",
        "fault",
    )

    cut_short = False

    def __init__(self, quirks: Quirks, id_stem: str, call: Call | None = None) -> None:
        self._quirks = quirks
        self._ours = call is not None and call.dialect == DIALECT
        self._cutter = Cutter()
        self._blocks = Arriving(id_stem, ours=self._ours)
        self._counted = Counted(ours=self._ours)
        self._started = False
        self._stop: str | None = None
        self._sequence: str | None = None
        self._unusual = 0
        self.done = False
        """The answer's terminal event was seen."""
        self.answer_id: str | None = None
        self.fault: Fault | None = None
        """Set when the stream failed; frames that were complete before are returned first."""

    @property
    def usage(self) -> Usage | None:
        """What the host has reported so far."""
        return self._counted.usage

    # ---- a stream ---------------------------------------------------------------------------

    def feed(self, chunk: bytes) -> list[list[Event]]:
        """Take the next bytes of a stream; one list of events for each frame they complete.

        A failure (unreadable frame, error event) is left in ``fault``.
        """
        frames: list[list[Event]] = []
        try:
            for name, data in self._cutter.feed(chunk):
                if self.done or self.fault is not None:
                    break
                usual = name == _GROWS and self._unusual < UNUSUAL_MAX
                events = self._usual(data) if usual else None
                if events is None:
                    events = self._frame(name, data)
                if events:
                    frames.append(events)
        except Fault as fault:
            self.fault = fault
        return frames

    def _usual(self, data: bytes) -> list[Event] | None:
        """A frame of nothing but text or thinking; None when it is any other."""
        try:
            growth = decode_usual_growth(data)
        except _UNREADABLE:
            # A host whose every frame is unusual is not asked twice for long.
            self._unusual += 1
            return None
        return self._blocks.grown(growth)

    def close(self) -> list[list[Event]]:
        """Say that the stream's bytes have ended; without its terminal event that is a fault."""
        frames: list[list[Event]] = []
        if not self.done and self.fault is None:
            self.fault = self._last(self._cutter.tail().rstrip(), frames)
        return frames

    def _last(self, tail: bytes, frames: list[list[Event]]) -> Fault | None:
        """Read what stands behind the last empty line: some hosts leave out the one that should
        follow. What is no whole object was cut off, and says nothing more than that."""
        if tail.endswith(b"}"):
            try:
                events = self._frame(b"", tail)
            except Fault as fault:
                return fault
            if events:
                frames.append(events)
        return None if self.done else Fault("broken", "the stream ended without message_stop")

    def _frame(self, name: bytes, data: bytes) -> list[Event]:
        try:
            frame = _decode(data)
        except _UNREADABLE:
            frame = self._recover(name, data)
        events: list[Event] = []
        if type(frame) is not dict:
            return events  # a ping of null, a number: it cannot carry content
        kind = frame.get("type")
        if type(kind) is not str or not kind:
            kind = name.decode("utf-8", "replace")
        if kind == GROWS:
            delta = frame.get("delta")
            if type(delta) is dict:
                self._blocks.grow(_index(frame), delta, events)
        elif kind == BEGINS:
            block = frame.get("content_block")
            if type(block) is dict:
                self._blocks.begin(_index(frame), block, events)
        elif kind == ENDS:
            self._blocks.end(_index(frame), events)
        elif kind == "message_start":
            self._begin(frame.get("message"), events)
        elif kind == "message_delta":
            self._ending(frame, events)
        elif kind == "message_stop":
            self._finish(events)
        elif kind == "error" or (frame.get("error") and "type" not in frame):
            raise fault_in_body(frame, self._quirks)
        elif kind != "ping" and self._ours and kind:
            events.append(Opaque("event", {**frame, "type": kind}, dialect=DIALECT))
        return events

    def _recover(self, name: bytes, data: bytes) -> Any:
        """A frame that a strict parser refuses.

        Raises:
            Fault: it cannot be read, or is an error in plain words.
        """
        if data.startswith(b"[DONE]"):
            return None  # an extension: the dialect has a terminal event of its own
        if name == b"error":
            raise fault_in_body(data.decode("utf-8", "replace"), self._quirks)
        frame = recovered(data)
        if frame is None:
            raise Fault("broken", "a frame of the stream is not JSON")
        if type(frame) is dict and frame.get("type") == GROWS:
            self._blocks.torn = True
            return frame
        return scrubbed(frame)

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, body: bytes) -> list[Event]:
        """Read a whole reply.

        Raises:
            Fault: the body is unreadable, unfinished, or an error.
        """
        try:
            message = _decode(body)
        except _UNREADABLE as error:
            message = recovered(body)
            if message is None:
                raise Fault("broken", f"the answer is not JSON: {error}") from None
            message = scrubbed(message)
        if type(message) is not dict:
            raise Fault("broken", "the answer is not a JSON object")
        content = message.get("content")
        if message.get("type") == "error" or message.get("error") or content is None:
            raise fault_in_body(message, self._quirks)
        if type(content) is str:
            content = [{"type": "text", "text": content}]
        if type(content) is not list:
            raise Fault("broken", "the answer's content is not an array")
        events: list[Event] = []
        self._begin(message, events)
        for index, block in enumerate(content):
            if type(block) is dict:
                self._blocks.begin(index, block, events)
                self._blocks.end(index, events)
        self._ended(message)
        self._finish(events)
        return events

    # ---- the message ------------------------------------------------------------------------

    def _begin(self, message: Any, events: list[Event]) -> None:
        if type(message) is not dict:
            return
        self._counted.report(message.get("usage"))
        if self._started:
            return  # said twice (https://github.com/BerriAI/litellm/issues/32357)
        self._started = True
        self.answer_id = _word(message.get("id"))
        events.append(Start(self.answer_id, _word(message.get("model"))))
        self._more("message", message, _OF_MESSAGE, events)
        if self.usage is not None and self.usage.input:
            events.append(msgspec.structs.replace(self.usage))

    def _ending(self, frame: dict[str, Any], events: list[Event]) -> None:
        """Why it ends, and the counts so far."""
        self._counted.report(frame.get("usage"))
        delta = frame.get("delta")
        if type(delta) is dict:
            self._ended(delta)
            self._more("message", delta, _OF_END, events)
        self._more("frame", frame, _OF_FRAME, events)

    def _ended(self, members: dict[str, Any]) -> None:
        self._stop = _word(members.get("stop_reason")) or self._stop
        self._sequence = _word(members.get("stop_sequence")) or self._sequence

    def _more(
        self,
        place: Literal["message", "frame"],
        members: dict[str, Any],
        known: frozenset[str],
        events: list[Event],
    ) -> None:
        if self._ours and not members.keys() <= known:
            rest = {k: v for k, v in members.items() if k not in known and v is not None}
            if rest:
                events.append(Opaque(place, rest, dialect=DIALECT))

    def _finish(self, events: list[Event]) -> None:
        """The answer is complete: why it ended, and the usage.

        Raises:
            Fault: ``broken`` when it did not end properly.
        """
        if self._stop is None:
            raise Fault("broken", "the answer ended without a stop_reason")
        reason = self._reason(self._stop)
        if reason == "error":
            raise Fault("broken", f"the provider ended the answer with {self._stop!r}")
        self._blocks.close(events, cut=reason in CUTS)
        if self._blocks.calls and reason == "stop":
            reason = "tool_calls"
        elif reason == "tool_calls" and not self._blocks.calls:
            reason = "stop"
        self.done = True
        events.append(Stop(reason, raw=self._stop, sequence=self._sequence))
        if self.usage is not None:
            events.append(self.usage)

    def _reason(self, word: str) -> StopReason:
        theirs = self._quirks.finish_reasons.get(word)
        return theirs or MEANINGS.get(word) or MEANINGS.get(word.lower(), "stop")


def _index(frame: dict[str, Any]) -> int:
    index = frame.get("index")
    return index if type(index) is int else 0


def _word(value: Any) -> str | None:
    return value if type(value) is str and value else None
