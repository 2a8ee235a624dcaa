"""A provider's chat reply to events, whole or streamed.

Knows the shapes that GLM hosts really send (roles repeated, ``finish_reason`` absent, usage in
the finish frame or in one of its own, thinking under several names) and makes neutral events of
them. Refuses to know sockets, clients and money.

A whole reply is a stream of one frame, so both go through ``_choice`` with another member name
(``message`` instead of ``delta``).
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.calls import Calls
from glimway.wire.chat.errors import fault_in_body
from glimway.wire.chat.shapes import decode_usual_chunk, decode_usual_reply
from glimway.wire.chat.usage import read_usage
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.sse import Cutter
from glimway.wire.talk import (
    Declined,
    Event,
    Opaque,
    Start,
    Stop,
    StopReason,
    Text,
    Thought,
    Usage,
)

_decode = msgspec.json.Decoder().decode

CHOICES_MAX = 128

UNUSUAL_MAX = 16
"""After so many frames that were not usual, a stream is read the general way only."""

_PLAIN_ENDS = frozenset({"stop", "length", "content_filter"})

_FRAME_KNOWN = frozenset({"id", "object", "created", "model", "choices", "usage", "error"})
_CHOICE_KNOWN = frozenset({"index", "delta", "message", "finish_reason"})
_DELTA_KNOWN = frozenset(
    {"role", "content", "reasoning_content", "reasoning", "tool_calls", "refusal"}
)

STOP_REASONS: dict[str, StopReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # Z.ai: the client should retract the text
    "network_error": "error",  # Z.ai: inference failed
    "error": "error",  # OpenRouter
    "model_context_window_exceeded": "context",  # Z.ai
}


class _Choice:
    """What one choice has said so far."""

    __slots__ = ("calls", "said", "stop")

    def __init__(self, index: int, id_stem: str) -> None:
        self.calls = Calls(index, id_stem)
        self.said = False
        self.stop: str | None = None


class Reader:
    """Reads one reply.

    Args:
        quirks: how this host spells things.
        id_stem: makes ids for tool calls that come without one.
    """

    __slots__ = (
        "_choices",
        "_cutter",
        "_quirks",
        "_started",
        "_stem",
        "_unusual",
        "answer_id",
        "done",
        "fault",
        "usage",
    )

    def __init__(self, quirks: Quirks, id_stem: str) -> None:
        self._quirks = quirks
        self._stem = id_stem
        self._cutter: Cutter | None = None  # made by the first bytes of a stream
        self._choices: dict[int, _Choice] = {}
        self._started = False
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
                if self.done:
                    break
                events = self._usual(data) if self._unusual < UNUSUAL_MAX else None
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
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The first frame says the role, the last ones why it ended: those are always unusual.
            # A host whose every frame is unusual is not asked twice for long.
            self._unusual += 1
            return None
        index = choice.index
        if index not in self._choices or not self._started:
            return None
        delta = choice.delta
        thought = delta.reasoning_content or delta.reasoning
        if delta.content:
            if thought:
                return [Thought(thought, index), Text(delta.content, index)]
            return [Text(delta.content, index)]
        return [Thought(thought, index)] if thought else []

    def close(self) -> list[list[Event]]:
        """Say that the stream's bytes have ended; without its terminal mark that is a fault."""
        if not self.done and self.fault is None:
            self.fault = Fault("broken", "the stream ended without [DONE]")
        return []

    def _frame(self, data: bytes, event: bytes) -> list[Event]:
        if data.startswith(b"[DONE]"):
            self.done = True
            return self._end()
        try:
            frame = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not data.strip():
                return []
            raise Fault("broken", f"unreadable stream frame: {error}") from None
        if type(frame) is not dict:
            return []  # a ping of null, a number: it cannot carry content
        if event == b"error" or frame.get("error"):
            raise fault_in_body(frame, self._quirks)
        return self._events(frame, "delta")

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, body: bytes) -> list[Event]:
        """Read a whole reply.

        Raises:
            Fault: the body is unreadable, empty, or an error object inside a 200.
        """
        try:
            usual = decode_usual_reply(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._whole(body)
        (end,) = usual.choices
        reason = STOP_REASONS.get(end.finish_reason)
        message = end.message
        if reason not in _PLAIN_ENDS or not message.content or end.index:
            return self._whole(body)
        self.answer_id = _text(usual.id)
        self.done = True
        events: list[Event] = [Start(self.answer_id, _text(usual.model))]
        thought = message.reasoning_content or message.reasoning
        if thought:
            events.append(Thought(thought))
        events.append(Text(message.content))
        if usual.system_fingerprint is not None:
            events.append(Opaque("frame", {"system_fingerprint": usual.system_fingerprint}))
        events.append(Stop(reason, 0, end.finish_reason))
        self.usage = read_usage(usual.usage)
        if self.usage is not None:
            events.append(self.usage)
        return events

    def _whole(self, body: bytes) -> list[Event]:
        """The general way for a whole reply."""
        try:
            frame = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Fault("broken", f"the answer is not JSON: {error}") from None
        if type(frame) is not dict:
            raise Fault("broken", "the answer is not a JSON object")
        if frame.get("error") or "choices" not in frame:
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
        if not self._started:
            self._started = True
            self.answer_id = _text(frame.get("id"))
            events.append(Start(self.answer_id, _text(frame.get("model"))))
        usage = frame.get("usage")
        if usage is not None:
            self.usage = read_usage(usage) or self.usage
        choices = frame.get("choices")
        if type(choices) is list:
            for choice in choices:
                if type(choice) is dict:
                    self._choice(choice, member, events)
        if not frame.keys() <= _FRAME_KNOWN:
            rest = _rest(frame, _FRAME_KNOWN)
            if rest:
                events.append(Opaque("frame", rest))
        return events

    def _choice(self, choice: dict[str, Any], member: str, events: list[Event]) -> None:
        index = choice.get("index", 0)
        if type(index) is not int:
            index = 0
        state = self._choices.get(index)
        if state is None:
            if not 0 <= index < CHOICES_MAX:
                raise Fault("broken", f"a choice has the index {index}")
            state = self._choices[index] = _Choice(index, self._stem)
        delta = choice.get(member)
        if type(delta) is dict and delta:
            self._delta(delta, member, index, state, events)
        finish = choice.get("finish_reason")
        if finish is not None and type(finish) is str and finish:
            state.stop = state.stop or finish
        if not choice.keys() <= _CHOICE_KNOWN:
            rest = _rest(choice, _CHOICE_KNOWN)
            if rest:
                events.append(Opaque("choice", rest, index))

    def _delta(
        self,
        delta: dict[str, Any],
        member: str,
        index: int,
        state: _Choice,
        events: list[Event],
    ) -> None:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if type(thought) is str and thought:
            state.said = True
            events.append(Thought(thought, index))
        content = delta.get("content")
        if type(content) is str and content:
            state.said = True
            events.append(Text(content, index))
        declined = delta.get("refusal")
        if type(declined) is str and declined:
            state.said = True
            events.append(Declined(declined, index))
        calls = delta.get("tool_calls")
        if type(calls) is list and calls:
            state.calls.feed(calls, events)
        if not delta.keys() <= _DELTA_KNOWN:
            rest = _rest(delta, _DELTA_KNOWN)
            if rest:
                place = "delta" if member == "delta" else "message"
                events.append(Opaque(place, rest, index))  # type: ignore[arg-type]

    def _end(self) -> list[Event]:
        """All that is said at the end: late tool names, ``{}``, the reasons, the usage.

        Raises:
            Fault: ``broken`` when nothing ended properly.
        """
        events: list[Event] = []
        if not self._choices:
            raise Fault("broken", "the stream ended without an answer")
        for index, state in self._choices.items():
            if state.stop is None:
                raise Fault("broken", "the answer ended without a finish_reason")
            reason = STOP_REASONS.get(state.stop, "stop")
            if reason == "error":
                raise Fault("broken", f"the provider ended the answer with {state.stop!r}")
            state.calls.close(events, cut=reason == "length")
            if len(state.calls) and reason == "stop":
                reason = "tool_calls"
            elif reason == "tool_calls" and not len(state.calls):
                reason = "stop"
            events.append(Stop(reason, index, state.stop))
        if self.usage is not None:
            events.append(self.usage)
        return events


def _rest(members: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Members that no event carries; ``null`` says nothing and is not kept."""
    return {k: v for k, v in members.items() if k not in known and v is not None}


def _text(value: Any) -> str | None:
    return value if type(value) is str and value else None
