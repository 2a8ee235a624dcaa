"""One request and its answer on a client's connection.

Knows how an answer is framed on the wire and offers it in two ways: to the data path as a
``Client`` (synchronous writes, no task per write), to any other ASGI application as ``receive``
and ``send``. Refuses to know paths and what is said.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from glimway.surface.head import Headers
from glimway.surface.request import Request
from glimway.surface.scope import Ends, scope_of


class Line(Protocol):
    """The connection an exchange belongs to."""

    loop: asyncio.AbstractEventLoop
    paused: bool

    def ends(self) -> Ends:
        """The socket's, as far as they have addresses."""

    def write(self, data: bytes) -> None:
        """Write bytes to the client at once."""

    def write_later(self, data: bytes) -> None:
        """Write bytes to the client at the end of the loop's turn."""

    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Headers of every answer."""

    def hand_over(self, taker: asyncio.Protocol) -> asyncio.Transport:
        """Let another protocol read what comes from now on."""

    def answered(self, exchange: Exchange) -> None:
        """The exchange's answer is written."""

    def handled(self, exchange: Exchange) -> None:
        """The application is at its end."""


STATUS_LINES = {
    status: f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}\r\n".encode()
    for status in range(100, 600)
}

NO_BODY = frozenset({204, 304})

_log = logging.getLogger("glimway")


class Exchange:
    """One request and its answer.

    Args:
        connection: whose socket it is.
        request: what was asked.
    """

    __slots__ = (
        "_asgi_head", "_began", "_chunked", "_connection", "_gone_waiter", "_on_pace",
        "_resume_waiter", "_scope", "body", "complete", "ends_with_client", "gone", "keep_alive",
        "paused", "read", "request", "target", "task", "tells_end", "written_bytes",
    )  # fmt: skip

    def __init__(self, connection: Line, request: Request) -> None:
        self._connection = connection
        self._scope: dict[str, Any] | None = None
        self.request = request
        self.body = request.body
        self.target = request.target
        self.keep_alive = request.keep_alive
        self.gone = False
        self.paused = connection.paused
        self.complete = False
        self.written_bytes = 0
        self.read = False
        self.task: asyncio.Task[None] | None = None
        self._began = False
        self._chunked = False
        self._asgi_head: tuple[int, Headers] | None = None
        self.ends_with_client = False
        """The task is cancelled when the client leaves."""
        self.tells_end = False
        """The task calls ``over`` as its last step, so that no callback need wait for its end."""
        self._on_pace: Callable[[bool], None] | None = None
        self._gone_waiter: asyncio.Future[None] | None = None
        self._resume_waiter: asyncio.Future[None] | None = None

    @property
    def began(self) -> bool:
        """The head of the answer is out."""
        return self._began

    # ---- the data path ---------------------------------------------------------------------

    def respond(
        self, status: int, headers: Headers, body: bytes, lines: Iterable[bytes] = ()
    ) -> None:
        """Send a whole answer; ``lines`` are header lines that are ready to be sent."""
        if self.gone or self._began:
            return
        self.respond_ready(self.whole(status, headers, body, lines))

    def whole(self, status: int, headers: Headers, body: bytes, lines: Iterable[bytes]) -> bytes:
        """The bytes of a whole answer, for ``respond_ready``."""
        head = self._head(status, headers, lines)
        if status not in NO_BODY:
            head.append(b"content-length: %d\r\n" % len(body))
        head.append(b"\r\n")
        if self.request.method != "HEAD" and status not in NO_BODY:
            head.append(body)
        return b"".join(head)

    def respond_ready(self, answer: bytes) -> None:
        """Send a whole answer that is ready to be sent, head and all."""
        self._began = True
        self.written_bytes += len(answer)
        self._connection.write_later(answer)
        self._end(b"")

    def begin(self, status: int, headers: Headers, lines: Iterable[bytes] = ()) -> None:
        """Send the head of a stream; ``lines`` are header lines that are ready to be sent."""
        if self.gone or self._began:
            return
        self._began = True
        head = self._head(status, headers, lines)
        if self.request.http_version == "1.0":
            self.keep_alive = False  # HTTP/1.0 knows no chunks: the end is the close
        else:
            self._chunked = True
            head.append(b"transfer-encoding: chunked\r\n")
        head.append(b"\r\n")
        self._write(b"".join(head))

    def write(self, data: bytes) -> None:
        """Send a piece of the stream."""
        if self.gone or self.complete or not data:
            return
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self.written_bytes += len(data)
        self._connection.write(data)

    def finish(self, data: bytes = b"") -> None:
        """Send the last piece and end the stream properly."""
        if self.gone or self.complete:
            return
        if self._chunked:
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else b"0\r\n\r\n"
        self._end(data)

    def cancel(self) -> None:
        """Cancel the task that makes the answer."""
        if self.task is not None and not self.complete:
            self._cancel(self.task)

    def on_pace(self, pace: Callable[[bool], None]) -> None:
        """Call ``pace(paused)`` when the client slows down or recovers."""
        self._on_pace = pace

    def hand_over(self, taker: asyncio.Protocol) -> tuple[asyncio.Protocol, asyncio.Transport]:
        """Let another protocol speak on this connection.

        Returns:
            The old protocol, which is still to learn of the client's pace and end, and the
            transport.
        """
        self._began = True
        return cast("asyncio.Protocol", self._connection), self._connection.hand_over(taker)

    # ---- any other application -------------------------------------------------------------

    @property
    def scope(self) -> dict[str, Any]:
        """The ASGI scope, with this exchange in its extensions; made for whoever asks."""
        if self._scope is None:
            self._scope = scope_of(self.request, self._connection.ends())
            self._scope["extensions"]["glimway"] = self
        return self._scope

    async def receive(self) -> dict[str, Any]:
        """ASGI ``receive``: the whole body at once, then the disconnect."""
        if not self.read:
            self.read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self.gone and not self.complete:
            if self._gone_waiter is None:
                self._gone_waiter = self._connection.loop.create_future()
            await self._gone_waiter
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """ASGI ``send``."""
        kind = message["type"]
        if kind == "http.response.start":
            self._asgi_head = (message["status"], list(message.get("headers", ())))
            return
        if kind != "http.response.body" or self._asgi_head is None:
            return
        data = message.get("body", b"")
        more = message.get("more_body", False)
        status, headers = self._asgi_head
        if not self._began and not more:
            keep = [pair for pair in headers if pair[0].lower() != b"content-length"]
            self.respond(status, keep, data)
            return
        if not self._began:
            self.begin(status, [pair for pair in headers if pair[0].lower() != b"content-length"])
        if more:
            self.write(data)
        else:
            self.finish(data)
        if self.paused and not self.gone:
            self._resume_waiter = self._connection.loop.create_future()
            await self._resume_waiter

    def over(self) -> None:
        """The journey has ended."""
        if self.tells_end:
            self._let_go()

    def handled(self, task: asyncio.Task[None]) -> None:
        """The task's callback: the application has returned."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a request failed inside", exc_info=error)
        self._let_go()

    # ---- what the connection tells ---------------------------------------------------------

    def lost(self) -> None:
        """The client has left."""
        self.gone = True
        self._forget_scope()
        self._wake(self._gone_waiter)
        self._wake(self._resume_waiter)
        if self.ends_with_client and self.task is not None and not self.complete:
            self._cancel(self.task)

    def pace(self, paused: bool) -> None:  # noqa: FBT001 - mirrors the transport's two states
        """The socket's buffer is over its high mark, or below its low mark again."""
        self.paused = paused
        if not paused:
            self._wake(self._resume_waiter)
        if self._on_pace is not None and not self.complete:
            self._on_pace(paused)

    # ---- inside ----------------------------------------------------------------------------

    def _head(self, status: int, headers: Headers, lines: Iterable[bytes]) -> list[bytes]:
        head = [STATUS_LINES[status], *lines]
        for name, value in [*self._connection.default_headers(), *headers]:
            head += (name, b": ", value, b"\r\n")
        if not self.keep_alive:
            head.append(b"connection: close\r\n")
        elif self.request.http_version == "1.0":
            head.append(b"connection: keep-alive\r\n")
        return head

    def _let_go(self) -> None:
        if self.task is not None:
            self._connection.handled(self)
            self.task = None
            self._on_pace = None

    def _cancel(self, task: asyncio.Task[None]) -> None:
        if self.tells_end:
            # A task that is cancelled before its first step takes no last one.
            task.add_done_callback(self.handled)
        task.cancel()

    def _forget_scope(self) -> None:
        # It holds this exchange (extensions), and the two would keep each other alive.
        if self._scope is not None:
            self._scope["extensions"].clear()

    def _write(self, data: bytes) -> None:
        self.written_bytes += len(data)
        self._connection.write(data)

    def _end(self, data: bytes) -> None:
        self.complete = True
        self._forget_scope()
        if data:
            self._write(data)
        self._wake(self._gone_waiter)
        self._connection.answered(self)

    @staticmethod
    def _wake(waiter: asyncio.Future[None] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
