"""The sandbox as a whole: a listener on loopback, and what it has seen.

Knows its connections, how many requests are in progress, and the last requests. Refuses to know
bytes and dialects.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Literal, Self

import msgspec

from glimway.sandbox import rooms
from glimway.sandbox.bounds import Bounds
from glimway.sandbox.connection import Connection
from glimway.sandbox.delivery import Delivery, Sleep
from glimway.sandbox.families.hosted import OPENAI
from glimway.sandbox.faults import STATUSES, error_reply
from glimway.sandbox.memory import Memory
from glimway.sandbox.reply import Reply, Request


class Seen(msgspec.Struct):
    """One request, as it arrived.

    Args:
        method, path, headers, body: of the request (names of headers in lower case; a body above
            ``Bounds.seen_body_bytes_max`` is not kept).
        script: what was done to it, in the grammar of scripts.
        status: of the answer; 0 until there is one.
        outcome: ``open``, ``done``, or ``left`` when the client closed before the end.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    script: str = ""
    status: int = 0
    outcome: Literal["open", "done", "left"] = "open"


class Sandbox:
    """A provider emulator with a socket of its own, on the running loop.

    Args:
        host: loopback, unless you know who reaches the port.
        port: 0 takes a free one; see ``port`` after ``start``.
        tokens_per_second: speed of answers whose script names none; 0 is no delay.
        sleep: waits so many seconds; a test may hand in its own, which may return at once.
        bounds: what it takes at most.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tokens_per_second: float = 0.0,
        sleep: Sleep = asyncio.sleep,
        bounds: Bounds = Bounds(),  # noqa: B008  # frozen
    ) -> None:
        self.bounds = bounds
        self.host = host
        self.port = port
        self.requests = 0
        """Requests so far."""
        self.active = 0
        """Requests in progress."""
        self.seen: deque[Seen] = deque(maxlen=bounds.seen_max)
        """The last requests, oldest first."""
        self._memory = Memory()
        self._speed = tokens_per_second
        self._sleep = sleep
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._quiet: asyncio.Event = asyncio.Event()
        self._quiet.set()
        self._came: asyncio.Event = asyncio.Event()
        self._empty: asyncio.Event = asyncio.Event()
        self._empty.set()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Connection(self), self.host, self.port, backlog=1024
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection, also those in the middle of an answer."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        connections = tuple(self._connections)
        for connection in connections:
            connection.abort()
        await self._empty.wait()
        tasks = [connection.task for connection in connections if connection.task is not None]
        if tasks:
            await asyncio.wait(tasks)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def url(self, family: str = "") -> str:
        """The base URL for a client: everything before ``/chat/completions``.

        Args:
            family: a host family; without one the model's name decides.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{'/' + family if family else ''}/v1"

    async def quiet(self) -> None:
        """Wait until no request is in progress: a client that left has been noticed."""
        await self._quiet.wait()

    async def asked(self, requests: int) -> None:
        """Wait until so many requests have come since the start."""
        while self.requests < requests:
            self._came.clear()
            await self._came.wait()

    # ---- what connections call --------------------------------------------------------------

    def enter(self, connection: Connection) -> bool:
        """Count a connection; False when there are too many."""
        if self._listener is None or len(self._connections) >= self.bounds.connections_max:
            return False
        self._connections.add(connection)
        self._empty.clear()
        return True

    def leave(self, connection: Connection) -> None:
        """The connection is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    async def serve(self, request: Request, line: Connection) -> bool:
        """Answer ``request`` on ``line``; True when it may carry another."""
        seen = self._note(request)
        self.active += 1
        self._quiet.clear()
        try:
            if self.active > self.bounds.requests_max:
                reply = rooms.busy()
            else:
                reply = rooms.answer(request, self._memory)
            seen.script, seen.status = reply.script.spelled(), reply.status
            keep = await self._deliver(reply, request, line)
            seen.outcome = "done"
            return keep
        finally:
            if seen.outcome == "open":
                seen.outcome = "left"
            self.active -= 1
            if not self.active:
                self._quiet.set()

    async def refuse(self, status: int, line: Connection) -> None:
        """Answer a request that could not be read."""
        trouble = STATUSES.get(status, STATUSES[400])
        reply = error_reply(OPENAI, trouble)
        reply.status = status
        await self._deliver(reply, Request("", "", {}, b"", keep=False), line)

    async def _deliver(self, reply: Reply, request: Request, line: Connection) -> bool:
        return await Delivery(reply, request, line, self._sleep, self._speed).run()

    def _note(self, request: Request) -> Seen:
        self.requests += 1
        self._came.set()
        kept = len(request.body) <= self.bounds.seen_body_bytes_max
        body = request.body if kept else b""
        seen = Seen(request.method, request.path, request.headers, body)
        self.seen.append(seen)
        return seen
