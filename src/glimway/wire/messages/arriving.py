"""The content blocks of a provider's answer, as they come.

Knows that a block begins, grows and ends, that hosts mix blocks up, and that a call's input must
be an object when all is said. Refuses to know the frames around them.

A client of this dialect gets the blocks as they were: where one begins and ends, members and whole
blocks that no neutral event carries come as opaque events. To others they would say nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.events import Cited, Event, Opaque, Text, Thought, ToolArgs, ToolOpen
from glimway.wire.messages.blocks import DIALECT
from glimway.wire.messages.mending import REPLACEMENT, parted
from glimway.wire.messages.shapes import TextDelta, ThinkingDelta, UsualGrowth
from glimway.wire.refusal import Fault

BLOCKS_MAX = 4096
"""Blocks of one answer."""

BEGINS = "content_block_start"
GROWS = "content_block_delta"
ENDS = "content_block_stop"

CALL = "call"
"""Key in an opaque end of a block: the neutral index of the call that it was."""

_PIECES = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Type of a delta -> its member with the piece."""

_OWN = {
    "text": frozenset({"type", "text", "citations"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "tool_use": frozenset({"type", "id", "name", "input"}),
}
"""Members of a block that events carry."""

_encode = msgspec.json.Encoder().encode
_parse_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class _Block:
    """One block. ``call`` is the neutral index of a call, ``given`` its input as first told."""

    __slots__ = ("call", "cited", "given", "half", "kind", "pieces", "start")

    def __init__(self, kind: str, start: int) -> None:
        self.kind = kind
        self.start = start
        self.call = -1
        self.given: Any = None
        self.pieces: list[str] = []
        self.cited: list[Cited] = []
        self.half = ""


class Arriving:
    """The blocks of one answer.

    Args:
        stem: makes ids for calls that come without one.
        ours: the client speaks this dialect.
    """

    __slots__ = ("_blocks", "_characters", "_empty", "_ours", "_stem", "calls", "invalid", "torn")

    def __init__(self, stem: str, *, ours: bool) -> None:
        self._stem = stem
        self._ours = ours
        self._blocks: dict[int, _Block] = {}  # those that have not ended
        self._empty: _Block | None = None  # a call that ended without input
        self._characters = 0
        self.calls = 0
        """How many calls there are."""
        self.invalid = False
        """The input of a call is no object."""
        self.torn = False
        """Some frame held half a character."""

    # ---- beginning --------------------------------------------------------------------------

    def begin(self, index: int, value: dict[str, Any], events: list[Event]) -> None:
        """A block begins, perhaps with content.

        Raises:
            Fault: ``broken`` when there are too many, or a call has no name.
        """
        self._fill(events)
        if index in self._blocks:
            self.end(index, events)
        kind = value.get("type")
        block = self._new(index, str(kind))
        if kind == "text":
            self._show(value, block.kind, events)
            self._piece(block, "text", value.get("text"), events)
            for citation in _listed(value.get("citations")):
                self._cite(block, citation, events)
        elif kind == "thinking":
            self._show(value, block.kind, events)
            self._piece(block, "thinking", value.get("thinking"), events)
            self._sign(value.get("signature"), events)
        elif kind == "redacted_thinking":
            data = value.get("data")
            events.append(Thought("", sealed=data if type(data) is str else ""))
        elif kind == "tool_use":
            self._open(block, value, events)
        elif self._ours and type(kind) is str and kind:
            events.append(Opaque("block", value, dialect=DIALECT))

    def _new(self, index: int, kind: str) -> _Block:
        if index >= BLOCKS_MAX or index < 0:
            raise Fault("broken", f"a content block has the index {index}")
        block = self._blocks[index] = _Block(kind, self._characters)
        return block

    def _show(self, value: dict[str, Any], kind: str, events: list[Event]) -> None:
        if self._ours:
            more = {k: v for k, v in value.items() if k not in _OWN[kind] and v is not None}
            events.append(Opaque("block", {"type": kind, **more}, dialect=DIALECT))

    def _open(self, block: _Block, value: dict[str, Any], events: list[Event]) -> None:
        name = value.get("name")
        if type(name) is not str or not name:
            raise Fault("broken", "a tool call has no name")
        block.call, self.calls = self.calls, self.calls + 1
        block.given = value.get("input")
        call_id = value.get("id")
        if type(call_id) is not str or not call_id:
            call_id = f"toolu_{self._stem}{block.call}"
        if self._ours and not value.keys() <= _OWN["tool_use"]:
            self._show(value, "tool_use", events)
        events.append(ToolOpen(block.call, call_id, name))

    # ---- growing ----------------------------------------------------------------------------

    def grow(self, index: int, delta: dict[str, Any], events: list[Event]) -> None:
        """A block grows. Which kind a delta is counts more than the block it is said to be of:
        hosts send thinking into a block of text
        (https://github.com/BerriAI/litellm/issues/32357)."""
        block = self._blocks.get(index)
        if block is None:
            block = self._new(index, "")
        kind = delta.get("type")
        member = _PIECES.get(kind) if type(kind) is str else None
        if member is not None and not (member == "partial_json" and block.call < 0):
            self._piece(block, member, delta.get(member), events)
            if len(delta) > 2:
                more = {k: v for k, v in delta.items() if k != member and v is not None}
                if len(more) > 1:
                    self._pass({**more, member: ""}, events)
        elif kind == "signature_delta":
            self._sign(delta.get("signature"), events)
        elif kind == "citations_delta":
            self._cite(block, delta.get("citation"), events)
        elif type(kind) is str and kind and (member is None or type(delta.get(member)) is str):
            self._pass(delta, events)

    def grown(self, growth: UsualGrowth) -> list[Event] | None:
        """A block grows by what hosts usually send; None: ``grow`` must see it."""
        block, delta = self._blocks.get(growth.index), growth.delta
        if block is None or self.torn:
            return None
        piece = delta.piece
        if not piece:
            return []
        if type(delta) is TextDelta:
            self._characters += len(piece)
            return [Text(piece)]
        if type(delta) is ThinkingDelta:
            return [Thought(piece)]
        if block.call < 0:
            return None
        block.pieces.append(piece)
        return [ToolArgs(block.call, piece)]

    def _pass(self, delta: dict[str, Any], events: list[Event]) -> None:
        if self._ours:
            events.append(Opaque("event", {"type": GROWS, "delta": delta}, dialect=DIALECT))

    def _piece(self, block: _Block, member: str, text: Any, events: list[Event]) -> None:
        if type(text) is not str or not text:
            return
        if self.torn:
            text, block.half = parted(block.half + text)
            if not text:
                return
        if member == "text":
            self._characters += len(text)
            events.append(Text(text))
        elif member == "thinking":
            events.append(Thought(text))
        else:
            block.pieces.append(text)
            events.append(ToolArgs(block.call, text))

    def _sign(self, signature: Any, events: list[Event]) -> None:
        if type(signature) is str and signature:
            events.append(Thought("", signature=signature))

    def _cite(self, block: _Block, citation: Any, events: list[Event]) -> None:
        if type(citation) is not dict or type(citation.get("type")) is not str:
            return
        url = citation.get("url") or citation.get("source")
        title = citation.get("title")
        cited = Cited(
            url if type(url) is str else None,
            title if type(title) is str else None,
            value=citation,
            dialect=DIALECT,
        )
        if self._ours:
            events.append(cited)
        else:
            # Others cite by a place in the whole text: here it is the block, once it is known.
            block.cited.append(cited)

    # ---- ending -----------------------------------------------------------------------------

    def end(self, index: int, events: list[Event]) -> None:
        """A block ends."""
        block = self._blocks.pop(index, None)
        if block is None:
            return
        if block.half:
            self._half(block, events)
        for cited in block.cited:
            cited.start, cited.end = block.start, self._characters
            if cited.url is not None:
                events.append(cited)
        if block.call >= 0:
            if not block.pieces:
                # Whether it takes nothing, or was cut before its input, is known later.
                self._fill(events)
                self._empty = block
                return
            self.invalid = self.invalid or not _is_object("".join(block.pieces))
        self._mark(block, events)

    def _half(self, block: _Block, events: list[Event]) -> None:
        block.half = ""
        if block.call >= 0:
            block.pieces.append(REPLACEMENT)
            events.append(ToolArgs(block.call, REPLACEMENT))
        elif block.kind == "thinking":
            events.append(Thought(REPLACEMENT))
        else:
            self._characters += 1
            events.append(Text(REPLACEMENT))

    def _mark(self, block: _Block, events: list[Event]) -> None:
        if self._ours:
            value: dict[str, Any] = {"type": ENDS}
            if block.call >= 0:
                value[CALL] = block.call
            events.append(Opaque("event", value, dialect=DIALECT))

    def _fill(self, events: list[Event]) -> None:
        """Give a call that ended without input what it was first told to have, or nothing."""
        block, self._empty = self._empty, None
        if block is not None:
            given = block.given if type(block.given) is dict else {}
            events.append(ToolArgs(block.call, _encode(given).decode()))
            self._mark(block, events)

    def close(self, events: list[Event], *, cut: bool) -> None:
        """The answer is complete.

        Args:
            events: receives what was held back.
            cut: it ended before the model was done.

        Raises:
            Fault: ``broken``: the input of a call is no object, and the answer was not cut.
        """
        for index in list(self._blocks):
            self.end(index, events)
        if self._empty is not None and cut and not self._empty.given:
            block, self._empty = self._empty, None
            self._mark(block, events)
        self._fill(events)
        if self.invalid and not cut:
            raise Fault("broken", "the arguments of a tool call are no JSON object")


def _listed(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _is_object(text: str) -> bool:
    try:
        _parse_object(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
