"""A server that does as it likes, over real sockets and in the test's own loop.

Knows how to listen and to hand each connection to a function of the test. Refuses to know HTTP: a
liar must be free to send anything, to read nothing and to leave at any byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

END = b"\r\n\r\n"
SMALL_BYTES = 4096
"""The kernel's buffer of a connection whose peer must notice that nobody reads."""


class Peer:
    """One connection, from the liar's side."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted
        self._loop = asyncio.get_running_loop()
        self.left = False
        """It was seen that the other side closed."""

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await self._loop.sock_sendall(self._socket, data)

    async def head(self) -> bytes:
        """Read up to the end of a request's head, and as little as possible beyond it."""
        data = b""
        while END not in data:
            more = await self.some()
            if not more:
                return data
            data += more
        return data

    async def some(self) -> bytes:
        """What has come, empty when the other side has left."""
        try:
            data = await self._loop.sock_recv(self._socket, 1024)
        except OSError:
            data = b""
        self.left = self.left or not data
        return data

    async def until_left(self) -> None:
        """Read until the other side has left."""
        while await self.some():
            pass

    def end(self) -> None:
        """Say that nothing more comes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self, *, reset: bool = False) -> None:
        """Close; the kernel sends a reset for bytes that were never read, or if told to."""
        if reset:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()


Act = Callable[[Peer], Awaitable[None]]


class Liar:
    """What a test sees of it.

    ``faults`` holds what went wrong inside the acts; ``port`` is where it listens.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.peers: list[Peer] = []
        self.faults: list[BaseException] = []


@asynccontextmanager
async def liar(act: Act, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Liar]:
    """Listen; each connection is handed to ``act`` and closed after it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BYTES)
        listener.bind((host, port))
        listener.listen(128)
        listener.setblocking(False)
        found = Liar(listener.getsockname()[1])
        task = asyncio.create_task(_serve(listener, act, found))
        try:
            yield found
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    if found.faults:
        raise found.faults[0]


async def _serve(listener: socket.socket, act: Act, found: Liar) -> None:
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []
    try:
        while True:
            accepted, _ = await loop.sock_accept(listener)
            accepted.setblocking(False)
            peer = Peer(accepted)
            found.peers.append(peer)
            tasks.append(asyncio.create_task(_act(act, peer)))
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        found.faults += [
            one
            for one in ended
            if isinstance(one, BaseException) and not isinstance(one, asyncio.CancelledError)
        ]


async def _act(act: Act, peer: Peer) -> None:
    try:
        await act(peer)
    finally:
        peer.close()
