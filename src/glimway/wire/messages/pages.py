"""Where the blocks of an answer are written: into a stream, or into one array.

Knows how a block's beginning, pieces and end look in both. Refuses to know which block comes when
(``flow``).
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from glimway.wire.sse import encoded
from glimway.wire.talk import Json

_decode = msgspec.json.Decoder().decode

RAW = "_raw"
"""Holds the arguments of a call that are no object, in an answer that was cut."""

DELTAS = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}
"""Member with a piece -> the type of its delta."""

_MEMBERS = {kind: member for member, kind in DELTAS.items()}

Block = dict[str, Json]


def event(value: Block) -> bytes:
    """One event of a stream: its type is in its name and in its data."""
    return b"event: %b\ndata: %b\n\n" % (str(value["type"]).encode(), encoded(value))


class Page(Protocol):
    """Takes blocks, one after the other."""

    def begin(self, block: Block) -> None:
        """A block begins, in its empty form."""

    def piece(self, member: str, text: str) -> None:
        """The open block grows by text, thinking or a piece of a call's input."""

    def delta(self, value: Block) -> None:
        """The open block grows by anything else."""

    def end(self) -> None:
        """The open block ends."""

    def say(self, value: Block) -> None:
        """An event that is about no block."""


class Stream:
    """Blocks as events; ``take`` gives what was written since the last time."""

    __slots__ = ("_heads", "_out", "blocks")

    def __init__(self) -> None:
        self.blocks = 0
        """How many have begun."""
        self._out: list[bytes] = []
        self._heads: dict[str, bytes] = {}  # of the open block: what stands before a piece

    def begin(self, block: Block) -> None:
        """A block begins."""
        self._heads.clear()
        index, self.blocks = self.blocks, self.blocks + 1
        self.say({"type": "content_block_start", "index": index, "content_block": block})

    def piece(self, member: str, text: str) -> None:
        """The open block grows by text, thinking or a piece of a call's input."""
        self._out.append(self.written(member, text))

    def written(self, member: str, text: str) -> bytes:
        """The event of a piece."""
        head = self._heads.get(member)
        if head is None:
            head = self._heads[member] = (
                b"event: content_block_delta\n"
                b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":'
                % (self.blocks - 1, DELTAS[member].encode(), member.encode())
            )
        return head + encoded(text) + b"}}\n\n"

    def delta(self, value: Block) -> None:
        """The open block grows by anything else."""
        self.say({"type": "content_block_delta", "index": self.blocks - 1, "delta": value})

    def end(self) -> None:
        """The open block ends."""
        self.say({"type": "content_block_stop", "index": self.blocks - 1})

    def say(self, value: Block) -> None:
        """An event."""
        self._out.append(event(value))

    def take(self) -> bytes:
        """All that was written since the last time."""
        written = b"".join(self._out)
        self._out.clear()
        return written


class Array:
    """Blocks as the ``content`` of a whole message."""

    __slots__ = ("_pieces", "blocks", "content")

    def __init__(self) -> None:
        self.content: list[Block] = []
        self.blocks = 0
        """How many have begun."""
        self._pieces: dict[str, list[str]] = {}

    def begin(self, block: Block) -> None:
        """A block begins."""
        self.blocks += 1
        self._pieces = {}
        self.content.append(dict(block))

    def piece(self, member: str, text: str) -> None:
        """The open block grows by text, thinking or a piece of a call's input."""
        self._pieces.setdefault(member, []).append(text)

    def delta(self, value: Block) -> None:
        """The open block grows by anything else: a delta of a kind that nobody knows sets what it
        holds (https://docs.anthropic.com/en/docs/build-with-claude/compaction)."""
        block, kind = self.content[-1], value.get("type")
        if kind == "citations_delta":
            block.setdefault("citations", []).append(value.get("citation"))
        elif kind == "signature_delta":
            block["signature"] = value.get("signature")
        elif kind in _MEMBERS:
            self.piece(_MEMBERS[kind], str(value.get(_MEMBERS[kind]) or ""))
        else:
            block.update({name: member for name, member in value.items() if name != "type"})

    def end(self) -> None:
        """The open block ends."""
        block = self.content[-1]
        for member, pieces in self._pieces.items():
            text = "".join(pieces)
            if member == "partial_json":
                block["input"] = _object(text)
            else:
                before = block.get(member)
                block[member] = (before if type(before) is str else "") + text
        self._pieces = {}

    def say(self, value: Block) -> None:
        """An event about no block has no place in a whole message."""


def _object(text: str) -> Json:
    if not text.strip():
        return {}
    try:
        value = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {RAW: text}
    return value if type(value) is dict else {RAW: text}
