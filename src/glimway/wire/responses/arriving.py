"""The items of a provider's answer while they arrive.

Knows how hosts announce an item or fail to, send its pieces as deltas, as one ``done``, or both,
and makes each piece one event. Refuses to know frames and the response around the items.

Shapes seen in the wild: deltas for an item that was never announced
(github.com/BerriAI/litellm/issues/41185), arguments only in ``done``
(github.com/BerriAI/litellm/issues/27144), the same text in deltas and in ``done``
(github.com/BerriAI/litellm/issues/41109), an id that changes between an item's events
(github.com/BerriAI/litellm/issues/30071).
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Opaque,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
)
from glimway.wire.refusal import Fault
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.thoughts import BETWEEN_PARTS
from glimway.wire.responses.tools import joined

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

KINDS = frozenset({"message", "reasoning", "function_call", "custom_tool_call"})
"""Kinds of item that neutral events can carry."""

_SHELL = frozenset({"id", "type", "status", "role", "content", "summary", "encrypted_content"})
_SHELL_CALL = _SHELL | {"call_id", "name", "namespace", "arguments", "input"}


class Piece:
    """One text that grows: what has come of it so far."""

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.size = 0

    def add(self, text: str) -> None:
        """It has grown."""
        self._pieces.append(text)
        self.size += len(text)

    def missing(self, whole: Any) -> str:
        """What of the whole text has not come yet; empty where the two do not fit together."""
        if type(whole) is not str or len(whole) <= self.size:
            return ""
        if not self.size:
            return whole
        said = str(self)
        return whole[self.size :] if whole.startswith(said) else ""

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""


class Item:
    """One item.

    Args:
        kind: of ``KINDS``, or any other.
        spare_id: the id of a call that comes without one.
    """

    __slots__ = (
        "_cited",
        "_parts",
        "_spare_id",
        "_text",
        "call_index",
        "done",
        "kind",
        "name",
    )

    def __init__(self, kind: str, spare_id: str) -> None:
        self.kind = kind
        self.done = False
        self.name = ""
        self.call_index = -1
        """Of a call: its place among the calls; negative until its name is known."""
        self._spare_id = spare_id
        self._parts: dict[tuple[str, int], Piece] = {}
        self._cited: dict[int, int] = {}
        self._text = Piece()  # arguments

    @property
    def custom(self) -> bool:
        """A free-text tool's call."""
        return self.kind == "custom_tool_call"

    # ---- messages ---------------------------------------------------------------------------

    def text(self, at: int, delta: str, events: list[Event]) -> None:
        """A piece of the text part ``at``."""
        self._part("text", at).add(delta)
        events.append(Text(delta))

    def declined(self, at: int, delta: str, events: list[Event]) -> None:
        """A piece of the refusal part ``at``."""
        self._part("refusal", at).add(delta)
        events.append(Declined(delta))

    def content(self, at: int, part: Any, events: list[Event]) -> None:
        """A whole part of a message: what of it has not come yet."""
        if type(part) is not dict:
            return
        kind = part.get("type")
        if kind == "refusal":
            rest = self._part("refusal", at).missing(part.get("refusal"))
            if rest:
                self.declined(at, rest, events)
        elif kind in ("output_text", "text", None):
            rest = self._part("text", at).missing(part.get("text"))
            if part.get("logprobs") and not self._part("text", at).size:
                events.append(Opaque("delta", {"logprobs": part["logprobs"]}, dialect=DIALECT))
            if rest:
                self.text(at, rest, events)
            notes = part.get("annotations")
            if type(notes) is list:
                for note in notes[self._cited.get(at, 0) :]:
                    self.cited(at, note, events)
        elif kind == "reasoning_text":
            self.thought("content", at, self._part("content", at).missing(part.get("text")), events)

    def cited(self, at: int, note: Any, events: list[Event]) -> None:
        """An annotation of the text part ``at``."""
        if type(note) is not dict:
            return
        self._cited[at] = self._cited.get(at, 0) + 1
        span = (note.get("start_index"), note.get("end_index"))
        start, end = (n if type(n) is int else None for n in span)
        url, title = (v if type(v := note.get(name)) is str else None for name in ("url", "title"))
        events.append(Cited(url, title, start, end, value=note, dialect=DIALECT))

    # ---- thinking ---------------------------------------------------------------------------

    def thought(self, place: str, at: int, delta: str, events: list[Event]) -> None:
        """A piece of the thought's part ``at``; ``place`` is ``summary`` or ``content``."""
        if not delta:
            return
        summary = place == "summary"
        part = self._part(place, at)
        if not part.size and any(key[0] == place and p.size for key, p in self._parts.items()):
            # Parts are paragraphs to a reader; the mark tells a writer of this dialect the place.
            events.append(Opaque("delta", {"part": place}, dialect=DIALECT))
            events.append(Thought(BETWEEN_PARTS, summary=summary))
        part.add(delta)
        events.append(Thought(delta, summary=summary))

    def whole_thought(self, place: str, at: int, text: Any, events: list[Event]) -> None:
        """A whole part of the thought: what of it has not come yet."""
        self.thought(place, at, self._part(place, at).missing(text), events)

    def _reasoning(self, item: dict[str, Any], events: list[Event]) -> None:
        said = {place: _texts(item.get(place)) for place in ("summary", "content")}
        for at, text in enumerate(said["summary"]):
            self.whole_thought("summary", at, text, events)
        streamed = any(key[0] == "content" and p.size for key, p in self._parts.items())
        if streamed or said["content"] != said["summary"]:
            # Some hosts show the same text in both places.
            for at, text in enumerate(said["content"]):
                self.whole_thought("content", at, text, events)
        sealed = item.get("encrypted_content")
        if type(sealed) is str and sealed:
            events.append(Thought("", sealed=sealed))

    # ---- calls ------------------------------------------------------------------------------

    def named(self, item: dict[str, Any], calls: int, events: list[Event]) -> bool:
        """Learn a call's name and id; True when that opened the call as number ``calls``."""
        name = item.get("name")
        if self.call_index >= 0 or type(name) is not str or not name:
            return False
        space = item.get("namespace")
        self.name = joined(space, name) if type(space) is str and space else name
        call_id = item.get("call_id")
        if type(call_id) is not str or not call_id:
            call_id = self._spare_id
        self.call_index = calls
        kind = "custom" if self.custom else "function"
        events.append(ToolOpen(calls, call_id, self.name, kind=kind))
        if self._text.size:
            events.append(ToolArgs(calls, str(self._text)))
        return True

    def arguments(self, delta: str, events: list[Event]) -> None:
        """A piece of a call's arguments or input; kept until the name is known."""
        self._text.add(delta)
        if delta and self.call_index >= 0:
            events.append(ToolArgs(self.call_index, delta))

    def whole_arguments(self, text: Any, events: list[Event]) -> None:
        """All arguments: what of them has not come yet."""
        if type(text) is dict or type(text) is list:
            text = _encode(text).decode()
        rest = self._text.missing(text)
        if rest:
            self.arguments(rest, events)

    # ---- the end ----------------------------------------------------------------------------

    def finish(self, item: dict[str, Any], events: list[Event]) -> None:
        """The whole item has come."""
        if self.done:
            return
        self.done = True
        if self.kind == "message":
            parts = item.get("content")
            for at, part in enumerate(parts if type(parts) is list else ()):
                self.content(at, part, events)
        elif self.kind == "reasoning":
            self._reasoning(item, events)
        elif self.kind in KINDS:
            self.whole_arguments(item.get("input" if self.custom else "arguments"), events)
            self._called(item, events)

    def _called(self, item: dict[str, Any], events: list[Event]) -> None:
        """A call has come whole: say so where its arguments do not tell."""
        if self.call_index < 0 or item.get("status") == "incomplete":
            return
        if self.custom:
            events.append(Opaque("delta", {"call": self.call_index}, dialect=DIALECT))
        elif not str(self._text).strip():
            self.arguments("{}", events)

    def close(self, events: list[Event], *, cut: bool) -> None:
        """The answer is complete: ``{}`` for no arguments, and a check of the others.

        Raises:
            Fault: ``broken``: a call without a name, or arguments that are not JSON.
        """
        if self.kind not in ("function_call", "custom_tool_call"):
            return
        if self.call_index < 0:
            if cut or not self._text.size:
                return  # nothing was called
            raise Fault("broken", "a tool call came without a name")
        if self.custom:
            return
        text = str(self._text)
        if not text.strip():
            events.append(ToolArgs(self.call_index, "{}"))
        elif not cut:
            try:
                _decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                raise Fault(
                    "broken", f"the arguments of tool call {self.name!r} are not JSON"
                ) from None

    def _part(self, place: str, at: int) -> Piece:
        part = self._parts.get((place, at))
        if part is None:
            part = self._parts[place, at] = Piece()
        return part


def more_of(item: dict[str, Any]) -> dict[str, Any]:
    """An item's members that no event carries (``phase``, ``caller``)."""
    known = _SHELL_CALL if str(item.get("type")).endswith("_call") else _SHELL
    return {k: v for k, v in item.items() if k not in known and v is not None}


def _texts(parts: Any) -> list[str]:
    if type(parts) is not list:
        return []
    return [
        part["text"] if type(part) is dict and type(part.get("text")) is str else ""
        for part in parts
    ]
