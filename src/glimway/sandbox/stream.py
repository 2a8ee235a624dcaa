"""The bytes of a stream, right and wrong.

Knows the event-stream grammar and the scripts that break it or the JSON inside. Refuses to know
dialects (a frame is bytes with a kind) and sockets.

Sources: github.com/zai-org/GLM-5/issues/66 (cut JSON with the next event glued in),
openrouter.ai/docs/api-reference/streaming (comment lines).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from glimway.sandbox.habits import DAMAGE
from glimway.sandbox.reply import Frame, Reply
from glimway.sandbox.script import Script

HUGE_BYTES: Final = 10 * 1024 * 1024
COMMENT: Final = "OPENROUTER PROCESSING"
COMMENT_EVERY: Final = 4
NOISE: Final = b"INFO 01-19 08:30:00 [engine.py:42] request finished"


class Sent(msgspec.Struct):
    """Bytes to write: whole frames unless a script says otherwise.

    Args:
        data: the bytes.
        tokens: how much text they carry.
        frames: how many frames they are, for the scripts that count.
    """

    data: bytes
    tokens: int = 0
    frames: int = 1


def sent(reply: Reply) -> Iterator[Sent]:
    """The bytes of ``reply.frames``, one ``Sent`` for each write."""
    script = reply.script
    frames: Iterator[Frame] = reply.frames if reply.frames is not None else iter(())
    if script.has("no-done"):
        frames = (frame for frame in frames if frame.kind != "end")
    if script.has("error-frame") and reply.error is not None:
        frames = _failing(frames, max(1, script.number("error-frame") or 1), reply.error)
    if script.has("huge-line"):
        frames = _huge(frames)
    if damage := _damage(script):
        frames = (_damaged(frame, damage) for frame in frames)
    made = _glued(frames, script) if _GLUING & script.parts.keys() else map(_one, frames)
    made = _broken(made, script)
    made = _commented(made, COMMENT if script.has("comments") else reply.comment)
    if script.has("crlf"):
        made = (Sent(s.data.replace(b"\n", b"\r\n"), s.tokens, s.frames) for s in made)
    return made


def spoiled_body(body: bytes, script: Script) -> bytes:
    """A whole body as the scripts of this file want it."""
    if damage := _damage(script):
        body = body.replace(DAMAGE.encode(), damage)
    if script.has("malformed") or script.has("malformed-first"):
        return _cut(body)
    return body


def event(frame: Frame) -> bytes:
    """One frame as an event."""
    name = b"event: " + frame.event + b"\n" if frame.event else b""
    return name + b"data: " + frame.data + b"\n\n"


def _one(frame: Frame) -> Sent:
    return Sent(event(frame), frame.tokens)


def _failing(frames: Iterator[Frame], number: int, error: Frame) -> Iterator[Frame]:
    """An error instead of frame ``number``, and then only the end mark."""
    for at, frame in enumerate(frames, 1):
        if at < number and frame.kind != "end":
            yield frame
        elif frame.kind == "end":
            if at <= number:
                yield error
            yield frame
        elif at == number:
            yield error


def _huge(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Frame 2 with a member that is larger than any reader should take."""
    for at, frame in enumerate(frames, 1):
        if at == 2 and frame.data.startswith(b"{"):
            frame.data = b'{"padding":"' + b"x" * HUGE_BYTES + b'",' + frame.data[1:]
        yield frame


def _damage(script: Script) -> bytes:
    if script.has("bad-utf8"):
        return b"\xff"
    return b"\\ud83d" if script.has("half-surrogate") else b""


def _damaged(frame: Frame, damage: bytes) -> Frame:
    frame.data = frame.data.replace(DAMAGE.encode(), damage)
    return frame


_GLUING: Final = frozenset({"glued", "glued-cut", "split-frame"})


def _glued(frames: Iterator[Frame], script: Script) -> Iterator[Sent]:
    """Frames 2 and 3 (and 5 and 6) share an event, or frame 2 is spread over two."""
    for at, frame in enumerate(frames, 1):
        if at == 2 and script.has("split-frame"):
            middle = len(frame.data) // 2
            first, second = frame.data[:middle], frame.data[middle:]
            yield Sent(b"data: " + first + b"\n\ndata: " + second + b"\n\n", frame.tokens)
            continue
        following = next(frames, None) if at in _PAIRS else None
        if following is None or following.kind == "end":
            yield _one(frame)
            if following is not None:
                yield _one(following)
            continue
        both = frame.tokens + following.tokens
        if script.has("glued-cut") and at == 2:
            yield Sent(event(frame)[: -2 - len(frame.data) // 2] + event(following), both, 2)
        elif script.has("glued") and at == 2:
            yield Sent(event(frame).rstrip(b"\n") + event(following), both, 2)
        elif script.has("glued"):
            yield Sent(event(frame)[:-1] + event(following), both, 2)
        else:
            yield _one(frame)
            yield _one(following)


_PAIRS: Final = frozenset({2, 4})
"""Counted before pairs are joined: the second pair is frames 5 and 6."""


def _broken(made: Iterator[Sent], script: Script) -> Iterator[Sent]:
    malformed = 1 if script.has("malformed-first") else script.number("malformed")
    noise = script.number("noise")
    for number, piece in enumerate(made, 1):
        if number == noise:
            yield Sent(b"data: " + NOISE + b"\n\n", 0, 0)
        if number == malformed:
            piece.data = _cut(piece.data.rstrip(b"\n")) + b"\n\n"
        yield piece


def _cut(data: bytes) -> bytes:
    return data[: max(8, len(data) * 3 // 5)]


def _commented(made: Iterator[Sent], comment: str) -> Iterator[Sent]:
    if not comment:
        yield from made
        return
    line = f": {comment}\n\n".encode()
    for at, piece in enumerate(made):
        if at % COMMENT_EVERY == 0:
            yield Sent(line, 0, 0)
        yield piece
