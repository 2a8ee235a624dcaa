"""Kept connections to one provider, last in first out.

Knows which connection to use next, how long an idle one may be trusted and how many may be open.
Refuses to know what is sent over them.

LIFO keeps few connections warm and lets the rest grow old; first-in-first-out reuse of sockets
that the server has already given up is a known fault of others
(https://github.com/maximhq/bifrost/issues/4496). Taking and giving back are O(1): a pool that
scans its connections for every request is quadratic under load (encode/httpcore#1035).
"""

from __future__ import annotations

import asyncio

from glimway.engine.outbox import Outbox
from glimway.engine.provider.connection import Connection
from glimway.engine.provider.dial import Origin, dial
from glimway.engine.wheel import Wheel
from glimway.wire.refusal import Fault

CONNECTIONS_MAX_DEFAULT = 10_000
"""Open connections to one provider, busy and idle."""

IDLE_MAX = 512
"""Idle connections kept; more are closed when they come back."""

IDLE_S_DEFAULT = 4.0
"""Below the 5 s after which common servers (uvicorn, vLLM, Node) drop an idle connection."""


class Pool:
    """Connections to one origin."""

    def __init__(
        self,
        origin: Origin,
        wheel: Wheel,
        outbox: Outbox,
        *,
        connections_max: int = CONNECTIONS_MAX_DEFAULT,
        idle_s: float = IDLE_S_DEFAULT,
    ) -> None:
        self._origin = origin
        self._wheel = wheel
        self._outbox = outbox
        self._connections_max = connections_max
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._dialing = 0
        self._sweeping = False

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._all)

    def take(self) -> Connection | None:
        """A kept connection that can be trusted, or None."""
        oldest_s = self._loop.time() - self._idle_s
        while self._idle:
            connection = self._idle.pop()
            if connection.closed:
                continue
            if connection.idle_since_s < oldest_s:
                connection.close()
                continue
            return connection
        return None

    async def dial(self) -> Connection:
        """A new connection.

        Raises:
            Fault: ``unreachable``, or ``overloaded`` when too many are open already.
        """
        if len(self._all) + self._dialing >= self._connections_max:
            raise Fault(
                "overloaded", f"{self._connections_max} connections to this provider are open"
            )
        self._dialing += 1
        try:
            connection = await dial(self._origin, self._outbox)
        finally:
            self._dialing -= 1
        connection.on_free = self._free
        self._all.add(connection)
        if connection.closed:
            self._all.discard(connection)
            raise Fault("unreachable", "the provider closed the connection at once")
        return connection

    def close(self) -> None:
        """Close every connection, busy ones too."""
        for connection in list(self._all):
            connection.close()
        self._idle.clear()

    def _free(self, connection: Connection, alive: bool) -> None:  # noqa: FBT001 - FreeHook
        if not alive or len(self._idle) >= IDLE_MAX:
            self._all.discard(connection)
            if alive:
                connection.close()
            return
        connection.idle_since_s = self._loop.time()
        self._idle.append(connection)
        if not self._sweeping:
            self._sweeping = True
            self._wheel.after(self._idle_s, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for too long; the oldest stand first."""
        oldest_s = self._loop.time() - self._idle_s
        kept = 0
        while kept < len(self._idle) and self._idle[kept].idle_since_s <= oldest_s:
            self._idle[kept].close()
            kept += 1
        del self._idle[:kept]
        self._sweeping = bool(self._idle)
        if self._idle:
            self._wheel.at(self._idle[0].idle_since_s + self._idle_s, self._sweep)
