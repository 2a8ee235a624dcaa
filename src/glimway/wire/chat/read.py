"""A provider's chat reply to events, whole or streamed.

Knows the frames that GLM hosts really send (``choices`` null or missing, several objects in one
frame, one object in several, errors inside a 200, usage anywhere) and makes neutral events of
them. Refuses to know sockets, clients and money; what a choice says is read by ``choice``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.choice import Choice, Setting, setting
from glimway.wire.chat.citing import found
from glimway.wire.chat.errors import fault_in_body, is_error
from glimway.wire.chat.healing.frames import recover
from glimway.wire.chat.healing.surrogates import Mender
from glimway.wire.chat.healing.torn import Torn
from glimway.wire.chat.shapes import decode_usual_chunk
from glimway.wire.chat.spoken import beyond
from glimway.wire.chat.usage import better_usage, read_usage
from glimway.wire.chat.whole import read_usual, text_or_none
from glimway.wire.events import Event, Opaque, Start, Text, Thought, Usage
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.sse import Cutter
from glimway.wire.talk import Call

_decode = msgspec.json.Decoder().decode

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

CHOICES_MAX = 128

UNUSUAL_MAX = 16
"""After so many frames that were not usual, a stream is read the general way only."""

_FRAME_KNOWN = frozenset({"id", "object", "created", "model", "choices", "usage", "error"})
_CHOICE_KNOWN = frozenset({"index", "delta", "message", "finish_reason", "usage"})


class Reader:
    """Reads one reply.

    Args:
        quirks: how this host spells things.
        id_stem: makes ids for tool calls that come without one.
        call: what was asked: its tools decide which leaked markup is a call.
    """

    __slots__ = (
        "_call",
        "_choices",
        "_cutter",
        "_quirks",
        "_setting",
        "_started",
        "_stem",
        "_torn",
        "_unusual",
        "answer_id",
        "done",
        "fault",
        "usage",
    )

    _setting: Setting
    cut_short = False

    def __init__(self, quirks: Quirks, id_stem: str, call: Call | None = None) -> None:
        self._quirks = quirks
        self._stem = id_stem
        self._call = call
        self._cutter: Cutter | None = None  # made by the first bytes of a stream
        self._choices: dict[int, Choice] = {}
        self._started = False
        self._torn: Torn | None = None  # made by the first frame that is not one object
        self._unusual = 0
        self.done = False
        """The dialect's terminal mark was seen."""
        self.usage: Usage | None = None
        self.answer_id: str | None = None
        self.fault: Fault | None = None
        """Set when the stream failed; frames that were complete before are returned first."""

    # ---- a stream ---------------------------------------------------------------------------

    def feed(self, chunk: bytes) -> list[list[Event]]:
        """Take the next bytes of a stream; one list of events for each frame they complete.

        A failure (unreadable frame, error object) is left in ``fault``.
        """
        cutter = self._cutter
        if cutter is None:
            cutter = self._cutter = Cutter()
        frames: list[list[Event]] = []
        try:
            for event, data in cutter.feed(chunk):
                if self.done or self.fault is not None:
                    break
                events = self._usual(data) if self._unusual < UNUSUAL_MAX and not event else None
                if events is None:
                    events = self._frame(data, event)
                if events:
                    frames.append(events)
        except Fault as fault:
            self.fault = fault
        return frames

    def _usual(self, data: bytes) -> list[Event] | None:
        """A frame of nothing but text or thinking; None when it is any other."""
        try:
            (choice,) = decode_usual_chunk(data).choices
        except _UNREADABLE:
            # The first frame says the role, the last ones why it ended: those are always unusual.
            # A host whose every frame is unusual is not asked twice for long.
            self._unusual += 1
            return None
        index = choice.index
        state = self._choices.get(index)
        if state is None:
            return None
        delta = choice.delta
        text = delta.content
        thought = delta.reasoning_content or delta.reasoning
        if state.sieve.busy or (text and "<" in text) or (thought and "<" in thought):
            events: list[Event] = []
            state.say(thought, text, events)
            return events
        if text:
            return [Thought(thought, index), Text(text, index)] if thought else [Text(text, index)]
        return [Thought(thought, index)] if thought else []

    def close(self) -> list[list[Event]]:
        """Say that the stream's bytes have ended; without its terminal mark that is a fault."""
        if self.done or self.fault is not None:
            return []
        frames: list[list[Event]] = []
        tail = b"" if self._cutter is None else self._cutter.tail().rstrip()
        self.fault = self._last(tail, frames)
        return frames

    def _last(self, tail: bytes, frames: list[list[Event]]) -> Fault | None:
        """Read what stands behind the last empty line: many hosts leave out the one that should
        follow the mark."""
        if tail.endswith(b"[DONE]"):
            try:
                frames.append(self._frame(tail, b""))
            except Fault as fault:
                return fault
        return None if self.done else Fault("broken", "the stream ended without [DONE]")

    def _frame(self, data: bytes, event: bytes) -> list[Event]:
        if data.startswith(b"[DONE]"):
            return self._finish()
        torn = self._torn
        try:
            frame = _decode(data)
        except _UNREADABLE:
            return self._recover(data, event)
        if type(frame) is not dict:
            if torn is not None and torn.pending:
                return self._recover(data, event)
            return []  # a ping of null, a number: it cannot carry content
        if torn is not None:
            torn.follow(frame, fresh=not self._choices)
        return self._object(frame, event)

    def _recover(self, data: bytes, event: bytes) -> list[Event]:
        """The data of a frame that is not one JSON object."""
        if event == b"error":
            raise fault_in_body(data.decode("utf-8", "replace"), self._quirks)
        torn = self._torn
        if torn is None:
            torn = self._torn = Torn()
            self._unusual = UNUSUAL_MAX  # from now on each frame may need the ones before it
        objects, done = torn.take(data, fresh=not self._choices)
        events: list[Event] = []
        for frame in objects:
            events += self._object(frame, b"")
        if done:
            events += self._finish()
        return events

    def _object(self, frame: dict[str, Any], event: bytes) -> list[Event]:
        if event == b"error" or is_error(frame):
            raise fault_in_body(frame, self._quirks)
        return self._events(frame, "delta")

    def _finish(self) -> list[Event]:
        if self._torn is not None:
            self._torn.close()
        self.done = True
        return self._end()

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, body: bytes) -> list[Event]:
        """Read a whole reply.

        Raises:
            Fault: the body is unreadable, empty, or an error object inside a 200.
        """
        events = read_usual(body, self._quirks)
        if events is None:
            return self._whole(body)
        start, last = events[0], events[-1]
        if type(start) is Start:
            self.answer_id = start.id
        if type(last) is Usage:
            self.usage = last
        self.done = True
        return events

    def _whole(self, body: bytes) -> list[Event]:
        """The general way for a whole reply."""
        try:
            frame = _decode(body)
        except _UNREADABLE as error:
            found = recover(body)
            if len(found.objects) != 1 or found.torn or type(found.objects[0]) is not dict:
                raise Fault("broken", f"the answer is not JSON: {error}") from None
            frame = found.objects[0]
            Mender().mend(frame, "message")
        if type(frame) is not dict:
            raise Fault("broken", "the answer is not a JSON object")
        if is_error(frame) or "choices" not in frame:
            raise fault_in_body(frame, self._quirks)
        if type(frame["choices"]) is not list or not frame["choices"]:
            raise Fault("broken", "the answer has no choices")
        events = self._events(frame, "message")
        self.done = True
        events.extend(self._end())
        return events

    # ---- both -------------------------------------------------------------------------------

    def _events(self, frame: dict[str, Any], member: str) -> list[Event]:
        events: list[Event] = []
        choices = frame.get("choices")
        if not self._started and (choices or frame.get("id")):
            self._started = True
            self.answer_id = text_or_none(frame.get("id"))
            events.append(Start(self.answer_id, text_or_none(frame.get("model"))))
        if frame.get("usage") is not None:
            self.usage = better_usage(self.usage, read_usage(frame["usage"]))
        if type(choices) is list:
            for choice in choices:
                if type(choice) is dict:
                    self._choice(choice, member, events)
        if not frame.keys() <= _FRAME_KNOWN:
            rest = beyond(frame, _FRAME_KNOWN)
            if rest:
                events.append(Opaque("frame", rest))
                if self._call is not None and self._call.dialect != "chat":
                    events += found(rest, self._quirks.web_search.results)
        return events

    def _choice(self, choice: dict[str, Any], member: str, events: list[Event]) -> None:
        index = choice.get("index", 0)
        if type(index) is not int:
            index = 0
        state = self._choices.get(index)
        if state is None:
            if not 0 <= index < CHOICES_MAX:
                raise Fault("broken", f"a choice has the index {index}")
            if not self._choices:
                self._setting = setting(self._quirks, self._stem, self._call)
            state = self._choices[index] = Choice(index, self._setting)
        delta = choice.get(member)
        if type(delta) is dict and delta:
            if member == "delta":
                state.delta(delta, events)
            else:
                state.message(delta, choice.get("finish_reason"), events)
        state.stop(choice.get("finish_reason"), choice)
        if choice.get("usage") is not None:
            self.usage = better_usage(self.usage, read_usage(choice["usage"]))
        if not choice.keys() <= _CHOICE_KNOWN:
            rest = beyond(choice, _CHOICE_KNOWN)
            if rest:
                events.append(Opaque("choice", rest, index))

    def _end(self) -> list[Event]:
        """All that is said at the end: what was held back, the reasons, the usage.

        Raises:
            Fault: ``broken`` when nothing ended properly.
        """
        if not self._choices:
            raise Fault("broken", "the stream ended without an answer")
        events: list[Event] = []
        for state in self._choices.values():
            state.end(events)
        if self.usage is not None:
            events.append(self.usage)
        return events
