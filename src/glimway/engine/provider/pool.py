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

import msgspec

from glimway.engine.provider.connection import Connection
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.origin import Origin
from glimway.engine.wheel import Wheel
from glimway.wire.refusal import Fault


class Bounds(msgspec.Struct, frozen=True):
    """How much of a provider is kept.

    Args:
        connections_max: open connections, busy and idle.
        idle_max: idle connections; more are closed when they come back.
        idle_s: how long an idle connection is trusted, unless its server says less. Below the 5 s
            after which common servers (uvicorn, vLLM, Node) drop one.
    """

    connections_max: int = 10_000
    idle_max: int = 512
    idle_s: float = 4.0


BOUNDS_DEFAULT = Bounds()


class Pool:
    """Connections to one origin.

    Args:
        origin: where to.
        wheel: rings when idle connections have grown old.
        dialer: opens new ones.
        bounds: how many, and how long.
    """

    def __init__(
        self, origin: Origin, wheel: Wheel, dialer: Dialer, bounds: Bounds = BOUNDS_DEFAULT
    ) -> None:
        self._origin = origin
        self._wheel = wheel
        self._dialer = dialer
        self._bounds = bounds
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
        now_s = self._loop.time()
        while self._idle:
            connection = self._idle.pop()
            if connection.closed:
                continue
            if connection.good_until_s < now_s:
                connection.close()
                continue
            return connection
        return None

    async def dial(self, within_s: float | None = None) -> Connection:
        """A new connection.

        Args:
            within_s: its deadline, name and handshake included; None: the caller has its own.

        Raises:
            Fault: ``unreachable``, ``timeout``, or ``overloaded`` when too many are open already.
        """
        most = self._bounds.connections_max
        if len(self._all) + self._dialing >= most:
            raise Fault("overloaded", f"{most} connections to this provider are open")
        self._dialing += 1
        try:
            connection = await self._dialer.dial(self._origin, within_s)
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
        if not alive or len(self._idle) >= self._bounds.idle_max:
            self._all.discard(connection)
            if alive:
                connection.close()
            return
        idle_s = self._bounds.idle_s
        if connection.patience_s < idle_s:
            idle_s = connection.patience_s
        connection.good_until_s = self._loop.time() + idle_s
        self._idle.append(connection)
        if not self._sweeping:
            self._sweeping = True
            self._wheel.after(idle_s, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for too long; the oldest stand first."""
        now_s = self._loop.time()
        kept = 0
        while kept < len(self._idle) and self._idle[kept].good_until_s <= now_s:
            self._idle[kept].close()
            kept += 1
        del self._idle[:kept]
        self._sweeping = bool(self._idle)
        if self._idle:
            self._wheel.at(self._idle[0].good_until_s, self._sweep)
