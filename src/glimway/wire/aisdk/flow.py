"""Events to the parts of an answer.

Knows the grammar of the SDK's stream: text and thinking in blocks that begin and end, each call
announced, filled, ended and then said whole, a source once. Refuses to write bytes: parts are
handed to ``say``, which streams them or folds them into a whole answer.
Source: ``LanguageModelV3StreamPart`` and ``LanguageModelV4StreamPart`` of ``@ai-sdk/provider``.

A call is said whole, and may be executed, as soon as its arguments are a complete object and
something else follows: nothing that could still come would leave them valid.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from glimway.wire.aisdk.style import Style
from glimway.wire.aisdk.turns import MARKS
from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Start,
    StopReason,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
)
from glimway.wire.talk import Json

TEXT = "text"
REASONING = "reasoning"

CUTS: frozenset[StopReason] = frozenset({"length", "context", "content_filter", "error"})
"""Ends after which a call without its whole arguments must not be executed."""

Say = Callable[[dict[str, Json]], None]

_encode = msgspec.json.Encoder().encode
_parse_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _ToolCall:
    """One tool call while it is told."""

    __slots__ = ("arguments", "done", "id", "name", "text")

    def __init__(self, opened: ToolOpen) -> None:
        self.id = opened.id
        self.name = opened.name
        self.text = opened.kind == "custom"
        self.arguments: list[str] = []
        self.done = False

    def complete(self) -> bool:
        """Whether the arguments are all there is."""
        if self.text or not self.arguments or not self.arguments[-1].rstrip().endswith("}"):
            return False
        try:
            _parse_object("".join(self.arguments))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True


class Flow:
    """The parts of one answer.

    Args:
        style: how it is written.
        say: takes each part.
    """

    __slots__ = (
        "_calls",
        "_citations",
        "_id",
        "_kind",
        "_maker",
        "_marks",
        "_numbers",
        "_say",
        "_sources",
        "_style",
        "declined",
    )

    def __init__(self, style: Style, say: Say) -> None:
        self._style = style
        self._say = say
        self._kind = ""
        self._id = ""
        self._numbers = {TEXT: 0, REASONING: 0}
        self._marks: dict[str, Json] = {}
        self._calls: dict[int, _ToolCall] = {}
        self._sources: dict[str, dict[str, Json]] = {}
        self._citations: list[Json] = []
        self._maker: str | None = None
        self.declined = False
        """The model refused in words, which are text here: the end must tell."""

    @property
    def open_text(self) -> str:
        """The id of the block of text that is open, or nothing."""
        return self._id if self._kind == TEXT else ""

    @property
    def open_thinking(self) -> str:
        """The id of the block of thinking that is open, or nothing."""
        return self._id if self._kind == REASONING else ""

    def take(self, events: list[Event]) -> None:
        """Say what the events tell. The dialect has one choice; others are not there."""
        for event in events:
            if isinstance(event, Start):
                self._maker = event.model or self._maker
            elif isinstance(event, Text | Declined):
                if event.text and event.choice == 0:
                    self._piece(TEXT, event.text)
                    self.declined = self.declined or isinstance(event, Declined)
            elif isinstance(event, Thought):
                if event.choice == 0:
                    self._thought(event)
            elif isinstance(event, ToolOpen):
                if event.choice == 0:
                    self._open_call(event)
            elif isinstance(event, ToolArgs):
                if event.choice == 0:
                    self._arguments(event)
            elif isinstance(event, Cited) and event.choice == 0:
                self._cited(event)
            # Why it ended and what it used wait for the end; what only another dialect
            # understands has no place here.

    def finish(self, reason: StopReason) -> None:
        """End everything that is open."""
        self._close()
        for call in self._calls.values():
            if not call.done:
                self._end_call(call, cut=reason in CUTS and not call.complete())

    # ---- blocks -----------------------------------------------------------------------------

    def _piece(self, kind: str, text: str) -> None:
        self._into(kind)
        self._say({"type": f"{kind}-delta", "id": self._id, "delta": text})

    def _into(self, kind: str) -> None:
        if self._kind == kind:
            return
        self._close()
        self._end_complete_calls()
        self._kind = kind
        self._id = f"{kind}-{self._numbers[kind]}"
        self._numbers[kind] += 1
        self._say({"type": f"{kind}-start", "id": self._id})

    def _close(self) -> None:
        kind, self._kind = self._kind, ""
        if not kind:
            return
        end: dict[str, Json] = {"type": f"{kind}-end", "id": self._id}
        if kind == REASONING and self._marks:
            end["providerMetadata"] = {MARKS: self._marks}
            self._marks = {}
        if kind == TEXT and self._citations:
            end["citations"] = self._citations
            self._citations = []
        self._say(end)

    def _thought(self, event: Thought) -> None:
        if event.text:
            self._piece(REASONING, event.text)
        marks = {
            name: value
            for name, value in (("signature", event.signature), ("sealed", event.sealed))
            if value is not None
        }
        if not marks:
            return
        # Thinking that only its maker can read is a block without a text.
        self._into(REASONING)
        self._marks = marks
        if self._maker is not None:
            self._marks["model"] = self._maker
        self._close()

    # ---- calls ------------------------------------------------------------------------------

    def _open_call(self, event: ToolOpen) -> None:
        self._close()
        self._end_complete_calls()
        call = self._calls[event.index] = _ToolCall(event)
        start: dict[str, Json] = {
            "type": "tool-input-start",
            "id": call.id,
            "toolName": call.name,
        }
        if call.text and self._style.version != "3":
            start["inputEncoding"] = "text"
        self._say(start)

    def _arguments(self, event: ToolArgs) -> None:
        call = self._calls.get(event.index)
        if call is None or call.done or not event.text:
            return  # after a complete object only blanks can come
        call.arguments.append(event.text)
        if not (call.text and self._style.version == "3"):
            self._say({"type": "tool-input-delta", "id": call.id, "delta": event.text})

    def _end_complete_calls(self) -> None:
        for call in self._calls.values():
            if not call.done and call.complete():
                self._end_call(call, cut=False)

    def _end_call(self, call: _ToolCall, *, cut: bool) -> None:
        call.done = True
        given = "".join(call.arguments)
        if call.text:
            # The SDK's tools of free text take a JSON string.
            given = _encode(given).decode()
            if self._style.version == "3":
                self._say({"type": "tool-input-delta", "id": call.id, "delta": given})
        elif not given.strip():
            given = "{}"
        self._say({"type": "tool-input-end", "id": call.id})
        if not cut:
            self._say(
                {
                    "type": "tool-call",
                    "toolCallId": call.id,
                    "toolName": call.name,
                    "input": given,
                }
            )

    # ---- sources ----------------------------------------------------------------------------

    def _cited(self, event: Cited) -> None:
        if not event.url:
            return
        source = self._sources.get(event.url)
        if source is None:
            stem = self._style.id.partition("_")[2] or self._style.id
            source = {
                "type": "source",
                "sourceType": "url",
                "id": f"src_{stem}_{len(self._sources)}",
                "url": event.url,
            }
            if event.title:
                source["title"] = event.title
            self._sources[event.url] = source
            self._say(source)
        if self._style.version == "3" or self._kind != TEXT:
            return
        citation: dict[str, Json] = {"source": source}
        if self._numbers[TEXT] == 1 and event.start is not None and event.end is not None:
            # Places count from the beginning of all text, which is this block's own.
            citation |= {"startIndex": event.start, "endIndex": event.end}
        self._citations.append(citation)
