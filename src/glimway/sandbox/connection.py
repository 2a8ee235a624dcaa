"""The sandbox's side of one client connection.

Knows HTTP/1.1 framing of requests (through httptools), the bounds that hold while they arrive,
back-pressure, and how to end a connection politely or with RST. Refuses to know paths, scripts
and bodies.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import Any, Final, Protocol, cast

import httptools

from glimway.sandbox.bounds import Bounds
from glimway.sandbox.reply import Request

WRITE_SLICE_BYTES: Final = 64 * 1024
LINGER_S: Final = 2.0
"""After a refused request the rest of its body is read and dropped this long, so that the client
sees the answer and not a reset."""

_UPGRADING: Final = frozenset({"connection", "expect", "http2-settings", "upgrade"})
_LINGER_NONE: Final = struct.pack("ii", 1, 0)


class Site(Protocol):
    """What a connection needs of the sandbox it belongs to."""

    bounds: Bounds

    def enter(self, connection: Connection) -> bool:
        """Count a connection; False when there are too many."""

    def leave(self, connection: Connection) -> None:
        """The connection is gone."""

    async def serve(self, request: Request, line: Connection) -> bool:
        """Answer ``request`` on ``line``; True when it may carry another."""

    async def refuse(self, status: int, line: Connection) -> None:
        """Answer a request that could not be read."""


class Connection(asyncio.Protocol):
    """One connection; it is also the ``Line`` that deliveries write to."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        # One place more than requests may wait in: for the refusal of the one too many.
        self._waiting: deque[Request | int] = deque(maxlen=site.bounds.pipelined_max + 1)
        self.task: asyncio.Task[None] | None = None
        """The answer in progress."""
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None  # set while the client does not read
        self._deaf = False  # what still arrives is dropped
        self._in_head = True
        self._head_bytes = 0
        self._begin()

    # ---- what the loop calls ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another ancestry
        if not self._site.enter(self):
            self.abort()
            return
        self._transport.set_write_buffer_limits(high=self._site.bounds.write_buffer_bytes)
        self._idle()

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self._deaf:
            return
        if self._in_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400)
        if self._in_head and self._head_bytes > self._site.bounds.head_bytes_max:
            self._refuse(431)

    def pause_writing(self) -> None:  # noqa: D102
        if self._room is None:
            self._room = self._loop.create_future()

    def resume_writing(self) -> None:  # noqa: D102
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._deaf = True
        self._site.leave(self)
        self._disarm()
        self._waiting.clear()
        if self.task is not None:
            self.task.cancel()
        self.resume_writing()
        self._transport = None
        self._parser = None  # breaks the cycle with the parser's bound callbacks

    # ---- what the parser calls --------------------------------------------------------------

    def on_message_begin(self) -> None:  # noqa: D102
        self._begin()

    def on_url(self, url: bytes) -> None:  # noqa: D102
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102
        self._line_bytes += len(name) + len(value) + 4
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:  # noqa: D102
        self._in_head = False
        self._head_bytes = 0
        if len(self._url) + self._line_bytes > self._site.bounds.head_bytes_max:
            self._refuse(431)
        expect = self._headers.get("expect", "").lower()
        if expect == "100-continue" and not self.task and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:  # noqa: D102
        self._body_bytes += len(data)
        if self._body_bytes > self._site.bounds.body_bytes_max:
            self._body.clear()
            self._refuse(413)
        elif not self._deaf:
            self._body.append(data)

    def on_message_complete(self) -> None:  # noqa: D102
        self._in_head = True
        if self._deaf or self._parser.should_upgrade():
            return
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=self._url.partition(b"?")[0].decode("latin-1"),
            headers=self._headers,
            body=b"".join(self._body),
            keep=self._parser.should_keep_alive(),
            chunks=self._parser.get_http_version() != "1.0",
        )
        self._body.clear()
        if len(self._waiting) >= self._site.bounds.pipelined_max:
            self._refuse(429)
            return
        self._waiting.append(request)
        self._next()

    # ---- the line of a delivery -------------------------------------------------------------

    async def write(self, data: bytes) -> None:
        """Write, after the client has read enough of what came before."""
        for at in range(0, len(data), WRITE_SLICE_BYTES):
            if self._room is not None:
                await self._room
            if self._transport is None:
                return
            self._transport.write(data[at : at + WRITE_SLICE_BYTES])

    async def flush(self) -> None:
        """Wait until the kernel has all that was written."""
        if self._transport is not None and self._transport.get_write_buffer_size():
            # With a limit of 0 the loop says "paused" until nothing is left.
            self._transport.set_write_buffer_limits(high=0)
            if self._room is not None:
                await self._room

    async def hold(self) -> None:
        """Do nothing until the client leaves, at most ``hold_s_max``."""
        await asyncio.sleep(self._site.bounds.hold_s_max)

    def reset(self) -> None:
        """End the connection with RST: no linger, and what is unsent is dropped."""
        if self._transport is not None:
            sock = self._transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
            self._transport.abort()

    def abort(self) -> None:
        """End the connection at once."""
        self._deaf = True
        if self._transport is not None:
            self._transport.abort()

    # ---- one request after the other --------------------------------------------------------

    def _begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._line_bytes = 0

    def _without_upgrade(self, rest: bytes) -> None:
        """Read the request again as if it had asked for no upgrade.

        Java's client offers HTTP/2 on every first request, and the parser drops such a request's
        body: a server that takes no upgrade has to read on in HTTP/1.1 (RFC 9110, 7.8).
        """
        method = self._parser.get_method()
        if method == b"CONNECT":  # a tunnel is an upgrade by its method alone
            self._refuse(400)
            return
        lines = [method + b" " + self._url + b" HTTP/1.1"]
        for name, value in self._headers.items():
            if name not in _UPGRADING:
                lines.append(f"{name}: {value}".encode("latin-1"))
        self._parser = httptools.HttpRequestParser(self)
        self._head_bytes = 0
        self.data_received(b"\r\n".join([*lines, b"", rest]))

    def _refuse(self, status: int) -> None:
        if self._deaf:
            return
        self._deaf = True
        self._waiting.append(status)
        self._next()

    def _next(self) -> None:
        if self.task is None and self._waiting:
            self._disarm()
            self.task = self._loop.create_task(self._answer(self._waiting.popleft()))
            self.task.add_done_callback(self._done)

    async def _answer(self, item: Request | int) -> None:
        if isinstance(item, int):
            await self._site.refuse(item, self)
            self._part()
        elif await self._site.serve(item, self):
            return
        elif self._transport is not None:
            self._transport.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        self.task = None
        if self._transport is None or self._transport.is_closing():
            return
        if not task.cancelled() and task.exception() is not None:
            context = {"message": "the sandbox failed to answer", "exception": task.exception()}
            self._loop.call_exception_handler(context)
            self._transport.abort()
        elif self._waiting:
            self._next()
        elif self._deaf:
            self._timer = self._timer or self._loop.call_later(LINGER_S, self._transport.close)
        else:
            self._idle()

    def _part(self) -> None:
        """Say goodbye in a way that a client still sending can hear."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()
            self._timer = self._loop.call_later(LINGER_S, self._transport.close)

    def _idle(self) -> None:
        self._disarm()
        if self._transport is not None:
            wait_s = self._site.bounds.keep_alive_s
            self._timer = self._loop.call_later(wait_s, self._transport.close)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
