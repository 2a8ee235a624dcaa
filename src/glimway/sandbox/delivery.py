"""A reply on its way out: speed, and what goes wrong with the connection.

Knows HTTP/1.1 framing of answers and every script of the groups "pace" and "wire". Refuses to
know what a body says.

It writes through a ``Line``, which holds it back while the client does not read: the frames of a
stream are made one by one, so a slow reader never makes memory grow.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Final, Literal, Protocol

import msgspec

from glimway.sandbox.reply import Reply, Request
from glimway.sandbox.stream import Sent, sent, spoiled_body

Sleep = Callable[[float], Awaitable[object]]

SLOW_TOKENS_PER_S: Final = 10.0
FAST: Final = 0.0
LYING_BYTES: Final = 1_000
LYING_STREAM_BYTES: Final = 64 * 1024 * 1024
SHORT_STREAM_BYTES: Final = 256
YIELD_EVERY_FRAMES: Final = 16
"""A stream without delay lets the rest of the loop run this often."""

_GZIP_WINDOW: Final = 31
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus} | {529: "Overloaded"}


class Line(Protocol):
    """The connection, as a delivery sees it. All of it ends by cancellation when the client
    leaves."""

    async def write(self, data: bytes) -> None:
        """Write, after the client has read enough of what came before."""

    async def flush(self) -> None:
        """Wait until the kernel has all that was written."""

    async def hold(self) -> None:
        """Do nothing until the client leaves (or the longest silence has passed)."""

    def reset(self) -> None:
        """End the connection with RST."""


class Break(msgspec.Struct, frozen=True):
    """Where a reply breaks off, and how."""

    how: Literal["stall", "cut", "tear", "reset"]
    after: int


class Delivery:
    """One reply to one request.

    Args:
        reply: what to send.
        request: whom to.
        line: where to.
        sleep: waits so many seconds; speeds go through it.
        tokens_per_second: the speed where no script names one; 0 is no delay.
    """

    def __init__(
        self,
        reply: Reply,
        request: Request,
        line: Line,
        sleep: Sleep,
        tokens_per_second: float,
    ) -> None:
        self._reply = reply
        self._script = reply.script
        self._line = line
        self._sleep = sleep
        self._speed = _speed(reply, tokens_per_second)
        self._only_head = request.method == "HEAD"
        self._cuts = _CUTS.get("byte-by-byte" if self._script.has("byte-by-byte") else "")
        if self._script.has("split-utf8"):
            self._cuts = _CUTS["split-utf8"]
        lies = self._script.has("lying-length") or self._script.has("short-length")
        streamed = reply.frames is not None or self._cuts is not None
        self._chunked = streamed and request.chunks and not lies
        self._keep = request.keep and not self._script.has("lying-length")
        self._open_end = streamed and not self._chunked and not lies
        if self._open_end:  # an old client: only the end of the connection ends the body
            self._keep = False
        self._packer = zlib.compressobj(wbits=_GZIP_WINDOW) if self._script.has("gzip") else None

    async def run(self) -> bool:
        """Send it; True when the connection may carry another request."""
        if self._script.has("silent"):
            await self._line.hold()
            return False
        if self._script.has("reset-before-headers"):
            self._line.reset()
            return False
        if self._reply.frames is None:
            return await self._whole()
        return await self._stream()

    # ---- whole ------------------------------------------------------------------------------

    async def _whole(self) -> bool:
        body = spoiled_body(self._reply.body, self._script)
        if self._packer is not None:
            body = self._packer.compress(body) + self._packer.flush()
            self._packer = None
        wait_s = (self._script.number("ttft") or 0) / 1000
        wait_s += self._reply.tokens / self._speed if self._speed else 0
        if wait_s:
            await self._sleep(wait_s)
        await self._line.write(self._head(len(body)))
        if self._script.has("silent-after-headers"):
            await self._line.hold()
            return False
        broken = self._break()
        if broken is not None:
            # A whole body has no frames: the fault strikes in its middle, or before it.
            await self._body(body[: len(body) // 2] if broken.after else b"")
            return await self._fail(broken)
        if not self._only_head:
            await self._body(body)
            await self._end()
        return self._keep

    # ---- streamed ---------------------------------------------------------------------------

    async def _stream(self) -> bool:
        await self._line.write(self._head(None))
        if self._script.has("silent-after-headers"):
            await self._line.hold()
            return False
        if self._script.has("ttft"):
            await self._sleep((self._script.number("ttft") or 0) / 1000)
        broken = self._break()
        frames = 0
        for piece in sent(self._reply):
            if broken is not None and frames >= broken.after:
                if broken.how == "tear":
                    await self._body(piece.data[: len(piece.data) // 2], torn=len(piece.data))
                return await self._fail(broken)
            await self._pace(piece, frames)
            await self._body(piece.data)
            frames += piece.frames
        if broken is not None:
            return await self._fail(broken)
        await self._end()
        return self._keep

    async def _pace(self, piece: Sent, frames: int) -> None:
        if self._speed and piece.tokens:
            await self._sleep(piece.tokens / self._speed)
        elif frames % YIELD_EVERY_FRAMES == 0:
            await asyncio.sleep(0)

    # ---- both -------------------------------------------------------------------------------

    def _break(self) -> Break | None:
        found: list[Break] = []
        for how in ("stall", "cut", "tear", "reset"):
            after = self._script.number(how)
            if after is not None:
                found.append(Break(how, after))
        return min(found, key=lambda one: one.after, default=None)

    async def _fail(self, broken: Break) -> bool:
        await self._line.flush()
        if broken.how == "stall":
            await self._line.hold()
        elif broken.how == "reset":
            self._line.reset()
        return False

    def _head(self, length: int | None) -> bytes:
        reply, script = self._reply, self._script
        content_type = "text/plain" if script.has("wrong-type") else reply.content_type
        lines = [
            f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}",
            "server: glimway-sandbox",
            f"content-type: {content_type}",
        ]
        if script.parts:
            lines.append(f"x-sandbox-script: {script.spelled()}")
        if script.has("gzip"):
            lines.append("content-encoding: gzip")
        if reply.frames is not None:
            lines.append("cache-control: no-cache")
        lines += [f"{name}: {value}" for name, value in reply.headers]
        if self._chunked:
            lines.append("transfer-encoding: chunked")
        elif not self._open_end:
            lines.append(f"content-length: {self._length(length)}")
        lines.append(f"connection: {'keep-alive' if self._keep else 'close'}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")

    def _length(self, length: int | None) -> int:
        if self._script.has("lying-length"):
            return LYING_STREAM_BYTES if length is None else length + LYING_BYTES
        if self._script.has("short-length"):
            return SHORT_STREAM_BYTES if length is None else length // 2
        return length or 0

    async def _body(self, data: bytes, torn: int = 0) -> None:
        """Write a piece of the body.

        Args:
            data: the piece.
            torn: the size that its chunk announces, where that is more than comes.
        """
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
            torn = 0
        if self._cuts is None:
            await self._part(data, torn)
            return
        for part in self._cuts(data):
            await self._part(part, 0)
            await asyncio.sleep(0)

    async def _part(self, data: bytes, torn: int) -> None:
        if not data:
            return
        if self._chunked:
            tail = b"" if torn else b"\r\n"
            data = f"{torn or len(data):x}\r\n".encode() + data + tail
        await self._line.write(data)

    async def _end(self) -> None:
        if self._packer is not None:
            rest = self._packer.flush()
            self._packer = None
            await self._part(rest, 0)
        if self._chunked:
            await self._line.write(b"0\r\n\r\n")


def _speed(reply: Reply, tokens_per_second: float) -> float:
    script = reply.script
    if script.has("fast"):
        return FAST
    if script.has("slow"):
        return SLOW_TOKENS_PER_S
    wanted = script.number("tps")
    return tokens_per_second if wanted is None else float(wanted)


def _bytes(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        yield data[at : at + 1]


def _inside_characters(data: bytes) -> Iterator[bytes]:
    """Cut behind the first byte of every character that has several."""
    start = 0
    for at in range(1, len(data)):
        if data[at] & 0xC0 == 0x80 and data[at - 1] & 0xC0 == 0xC0:
            yield data[start:at]
            start = at
    yield data[start:]


_CUTS: Final[dict[str, Callable[[bytes], Iterator[bytes]]]] = {
    "byte-by-byte": _bytes,
    "split-utf8": _inside_characters,
}
