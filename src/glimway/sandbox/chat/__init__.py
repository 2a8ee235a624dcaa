"""The chat room: chat completions as every family of hosts speaks them.

Knows how to get from a request body to a reply, whole or streamed. Refuses to know sockets and
speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from glimway.sandbox import mind
from glimway.sandbox.chat.defects import spoil
from glimway.sandbox.chat.request import read
from glimway.sandbox.chat.write import Piece, Writer
from glimway.sandbox.faults import error_frame
from glimway.sandbox.reply import Frame, Reply, Visit
from glimway.sandbox.scripts import GRAMMAR
from glimway.wire.refusal import Refusal

DONE: Final = Frame("end", b"[DONE]")

_encode = msgspec.json.Encoder().encode


def answer(visit: Visit) -> Reply:
    """Answer one chat completion.

    Raises:
        Refusal: the request is wrong, or its script needs tools that it does not declare.
    """
    ask = read(visit)
    for stem in visit.script.parts:
        if GRAMMAR.row(stem).only == "tools" and not ask.tools:
            raise Refusal(
                "invalid",
                f"The script {stem} acts on tool calls, and the request declares no tools.",
                code="unknown_script",
                param="tools",
            )
    said = mind.answer(ask, visit.script, visit.memory)
    writer = Writer(ask, said, visit.family, visit.script)
    reply = Reply(script=visit.script, headers=writer.headers(), tokens=said.spent.output)
    if not ask.stream:
        reply.body = _encode(writer.whole())
        return reply
    reply.content_type = visit.family.stream_type
    reply.frames = _frames(spoil(writer.pieces(), visit.script, writer))
    reply.error = error_frame(visit.family)
    reply.comment = visit.family.comment
    return reply


def _frames(pieces: Iterator[Piece]) -> Iterator[Frame]:
    for piece in pieces:
        yield Frame(piece.kind, _encode(piece.frame), tokens=piece.tokens)
    yield DONE
