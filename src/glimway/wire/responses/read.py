"""A provider's Responses reply to events, whole or streamed.

Knows the stream's frames and the response around its items (``answer`` reads those). What neutral
events cannot carry (hosted tools, members of items and of the response) becomes opaque events, so
that a client of this dialect loses nothing. Refuses to know sockets, clients and money.
Source: https://platform.openai.com/docs/api-reference/responses-streaming and
https://www.openresponses.org/specification.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.events import Event, Opaque, Start, Stop, StopReason, Usage
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.responses.answer import Answer
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.errors import failed
from glimway.wire.responses.shapes import USUAL, decode_usual_text
from glimway.wire.responses.told import kept
from glimway.wire.responses.usage import read_usage
from glimway.wire.sse import Cutter

_decode = msgspec.json.Decoder().decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

UNUSUAL_MAX = 16
"""After so many pieces of text that were not usual, a stream is read the general way only."""

_USUAL = USUAL.encode()

_BEGINNINGS = frozenset({"response.created", "response.in_progress", "response.queued"})

_ENDS = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
}
"""Terminal event -> the status it means where the response says none."""

_STATUSES = frozenset({*_ENDS.values(), "in_progress", "queued"})

_ECHOED = frozenset(
    """
    background completed_at conversation created_at error frequency_penalty id incomplete_details
    instructions max_output_tokens max_tool_calls metadata model object output output_text
    parallel_tool_calls presence_penalty previous_response_id prompt prompt_cache_key reasoning
    safety_identifier status store temperature text tool_choice tools top_logprobs top_p truncation
    usage user
    """.split()
)
"""Members of a response that repeat the request or that events carry."""


class Reader:
    """Reads one reply.

    Args:
        quirks: how this host spells things.
        id_stem: makes ids for tool calls that come without one.
    """

    __slots__ = (
        "_answer",
        "_cutter",
        "_quirks",
        "_started",
        "_unusual",
        "answer_id",
        "done",
        "fault",
        "usage",
    )

    cut_short = False

    def __init__(self, quirks: Quirks, id_stem: str) -> None:
        self._quirks = quirks
        self._cutter = Cutter()
        self._answer = Answer(id_stem)
        self._started = False
        self._unusual = 0
        self.done = False
        """The answer's terminal event was seen."""
        self.usage: Usage | None = None
        self.answer_id: str | None = None
        self.fault: Fault | None = None
        """Set when the stream failed; frames that were complete before are returned first."""

    # ---- a stream ---------------------------------------------------------------------------

    def feed(self, chunk: bytes) -> list[list[Event]]:
        """Take the next bytes of a stream; one list of events for each frame they complete.

        A failure (unreadable frame, error event, failed response) is left in ``fault``.
        """
        frames: list[list[Event]] = []
        try:
            for name, data in self._cutter.feed(chunk):
                if self.done:
                    break
                usual = name == _USUAL and self._unusual < UNUSUAL_MAX
                events = self._usual(data) if usual else None
                if events is None:
                    self._frame(name, data, frames)
                elif events:
                    frames.append(events)
        except Fault as fault:
            self.fault = fault
        return frames

    def _usual(self, data: bytes) -> list[Event] | None:
        """A frame of nothing but a piece of text; None when it is any other."""
        try:
            piece = decode_usual_text(data)
        except _UNREADABLE:
            # A host whose every frame is unusual is not asked twice for long.
            self._unusual += 1
            return None
        return self._answer.piece(piece)

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
                self._frame(b"", tail, frames)
            except Fault as fault:
                return fault
        if self.done:
            return None
        return Fault("broken", "the stream ended without response.completed")

    def _frame(self, name: bytes, data: bytes, frames: list[list[Event]]) -> None:
        if data.startswith(b"[DONE]"):
            return  # an extension: the response itself says how it ended
        try:
            frame = _decode(data)
        except _UNREADABLE:
            raise Fault("broken", "a frame of the stream is not JSON") from None
        if type(frame) is not dict:
            return  # a ping of null, a number: it cannot carry content
        kind = frame.get("type")
        if type(kind) is not str or not kind:
            kind = frame["type"] = name.decode("utf-8", "replace")
        events: list[Event] = []
        response = frame.get("response")
        if kind in _BEGINNINGS:
            self._start(response, events)
        elif kind in _ENDS:
            self._start(response, events)
            self._end(response if type(response) is dict else {}, _ENDS[kind], events)
        elif kind == "error" or name == b"error" or _is_error(kind, frame):
            raise failed(frame, self._quirks)
        elif not self._answer.take(kind, frame, events) and kind.startswith("response."):
            # Any other kind is a host's sign of life.
            events.append(Opaque("event", kept(frame), dialect=DIALECT))
        if events:
            frames.append(events)

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, body: bytes) -> list[Event]:
        """Read a whole reply.

        Raises:
            Fault: the body is unreadable, unfinished, or an error.
        """
        try:
            response = _decode(body)
        except _UNREADABLE as error:
            raise Fault("broken", f"the answer is not JSON: {error}") from None
        if type(response) is not dict:
            raise Fault("broken", "the answer is not a JSON object")
        if response.get("error") or "output" not in response:
            raise failed(response, self._quirks)
        events: list[Event] = []
        self._start(response, events)
        self._end(response, "completed", events)
        return events

    # ---- the response -----------------------------------------------------------------------

    def _start(self, response: Any, events: list[Event]) -> None:
        if self._started or type(response) is not dict:
            return
        self._started = True
        self.answer_id = _word(response.get("id"))
        events.append(Start(self.answer_id, _word(response.get("model"))))

    def _end(self, response: dict[str, Any], status: str, events: list[Event]) -> None:
        """The response is complete: items that only it has, why it ended, the usage."""
        said = response.get("status")
        if type(said) is str and said in _STATUSES:
            status = said
        if status == "failed" or response.get("error"):
            raise failed(response, self._quirks)
        if status not in ("completed", "incomplete"):
            raise Fault("broken", f"the response ended with the status {status!r}")
        output = response.get("output")
        for index, item in enumerate(output if type(output) is list else ()):
            if type(item) is dict:
                self._answer.whole(index, item, events)
        details = response.get("incomplete_details")
        word = details.get("reason") if type(details) is dict else None
        reason = self._reason(status, word)
        self._answer.close(events, cut=status == "incomplete")
        rest = {k: v for k, v in response.items() if k not in _ECHOED and v is not None}
        if rest:
            events.append(Opaque("frame", rest, dialect=DIALECT))
        self.done = True
        self.usage = read_usage(response.get("usage"))
        events.append(Stop(reason, raw=word if type(word) is str else status))
        if self.usage is not None:
            events.append(self.usage)

    def _reason(self, status: str, word: Any) -> StopReason:
        if status == "incomplete":
            theirs = self._quirks.finish_reasons.get(str(word))
            # Whatever else cut it, the answer is shorter than it would have been.
            return theirs or ("content_filter" if word == "content_filter" else "length")
        if self._answer.calls:
            return "tool_calls"
        return "refusal" if self._answer.declined else "stop"


def _is_error(kind: str, frame: dict[str, Any]) -> bool:
    """An error object where an event was due; events of the dialect may hold errors of tools."""
    return bool(frame.get("error")) and not kind.startswith("response.")


def _word(value: Any) -> str | None:
    return value if type(value) is str and value else None
