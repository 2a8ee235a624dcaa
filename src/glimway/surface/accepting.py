"""Connections that wait to be let in.

Knows the listening sockets and how the loop lets connections in: uvloop takes one in each turn, and
a busy loop's turns are long. At 40 ms a turn 25 connections a second would be let in, and everyone
else, health checks too, would stand outside for seconds. So whenever the loop takes one, all others
that wait are taken with it. Refuses to know what a connection is for.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable

TURN_CONNECTIONS_MAX = 256
"""Let in together, at some 60 us each."""


class Accepting:
    """Lets connections in beside the loop.

    Args:
        make: makes the protocol of one connection.
    """

    def __init__(self, make: Callable[[], asyncio.Protocol]) -> None:
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._scheduled = False
        self._opening: set[asyncio.Task[object]] = set()

    def begin(self, listeners: Iterable[asyncio.Server]) -> None:
        """Watch these servers' sockets too."""
        for server in listeners:
            for one in server.sockets:
                # A descriptor of our own of the same queue; the loop's must not be read by others.
                self._listeners.append(socket.fromfd(one.fileno(), one.family, one.type))

    def more(self) -> None:
        """The loop has let one in: look whether others wait."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.take)

    def take(self) -> None:
        """Let in who waits."""
        self._scheduled = False
        for listener in self._listeners:
            for _ in range(TURN_CONNECTIONS_MAX):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    break  # nobody waits, or no descriptor is left: the loop says so itself
                self._open(connection)

    def end(self) -> None:
        """Let in who waits, and nobody after."""
        self.take()
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    async def settled(self) -> None:
        """Wait until all who were let in have their protocols: a few turns."""
        if self._opening:
            await asyncio.wait(self._opening)

    def _open(self, connection: socket.socket) -> None:
        opening = self._loop.create_task(self._loop.connect_accepted_socket(self._make, connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opened)

    def _opened(self, opening: asyncio.Task[object]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled():
            opening.exception()  # who has left meanwhile is nobody's loss
