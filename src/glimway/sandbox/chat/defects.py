"""Chat frames spoiled one by one, as a script says.

Knows each defect as a change of a stream of frames. Refuses to know how frames are made and what
becomes of their bytes.

Sources: github.com/zai-org/GLM-5/issues/91 (null frame), deepinfra.com's streaming example
(``</s>``), docs.z.ai (role in every delta, no ``finish_reason`` until the end).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from glimway.sandbox.chat.write import Piece, Writer
from glimway.sandbox.script import Script

Json = Any

Pieces = Iterator[Piece]

EOS: Final = "</s>"
LATE: Final = " (late text)"


def spoil(pieces: Pieces, script: Script, writer: Writer) -> Pieces:
    """Put every defect that ``script`` names over the stream of frames."""
    for stem, defect in DEFECTS.items():
        if script.has(stem):
            pieces = defect(pieces, writer)
    return pieces


def _null_chunk(pieces: Pieces, writer: Writer) -> Pieces:
    for at, piece in enumerate(pieces):
        yield piece
        if at == 1:
            yield Piece("content", {"id": "", "choices": None, "usage": None})


def _eos(pieces: Pieces, writer: Writer) -> Pieces:
    for piece in pieces:
        if piece.kind == "finish":
            yield writer.text_piece(EOS, piece.frame["choices"][0]["index"])
        yield piece


def _role_every(pieces: Pieces, writer: Writer) -> Pieces:
    for piece in pieces:
        for choice in piece.frame["choices"] or ():
            choice["delta"] = {**choice["delta"], "role": "assistant"}
        yield piece


def _no_finish_null(pieces: Pieces, writer: Writer) -> Pieces:
    for piece in pieces:
        for choice in piece.frame["choices"] or ():
            if choice.get("finish_reason", 0) is None:
                del choice["finish_reason"]
        yield piece


def _usage_early(pieces: Pieces, writer: Writer) -> Pieces:
    for at, piece in enumerate(pieces):
        if piece.kind == "usage":
            continue
        piece.frame.pop("usage", None)
        if at == 0:
            piece.frame["usage"] = writer.usage
        yield piece


def _usage_twice(pieces: Pieces, writer: Writer) -> Pieces:
    last: Piece | None = None
    for piece in pieces:
        if piece.kind == "usage":
            continue
        if piece.kind == "finish":
            piece.frame["usage"] = writer.usage
            last = piece
        yield piece
    if last is not None:
        yield Piece("usage", {**last.frame, "choices": []})


def _dup_finish(pieces: Pieces, writer: Writer) -> Pieces:
    for piece in pieces:
        yield piece
        if piece.kind == "finish":
            yield piece


def _late_text(pieces: Pieces, writer: Writer) -> Pieces:
    for piece in pieces:
        yield piece
        if piece.kind == "finish":
            yield writer.text_piece(LATE, piece.frame["choices"][0]["index"])


DEFECTS: Final[dict[str, Callable[[Pieces, Writer], Pieces]]] = {
    "null-chunk": _null_chunk,
    "eos": _eos,
    "usage-early": _usage_early,
    "usage-twice": _usage_twice,
    "dup-finish": _dup_finish,
    "late-text": _late_text,
    "role-every": _role_every,
    "no-finish-null": _no_finish_null,
}
"""Stem -> what it makes of a stream of frames; the last two see what the others added."""
