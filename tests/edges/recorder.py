"""The door by itself: what it reads is noted, and answered with nothing but 200.

Knows how a connection of the server is made. Refuses to know any path: whoever looks at what was
read says what should have been.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Coroutine
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from glimway.engine.outbox import Outbox
from glimway.engine.wheel import Wheel
from glimway.surface.edge import Edge
from glimway.surface.exchange import Exchange
from glimway.surface.pressure import Pressure
from glimway.surface.protocol import ClientConnection
from glimway.surface.request import Request
from glimway.wire.refusal import Refusal

CONNECTIONS_MAX = 10_000
BODIES_BYTES_MAX = 1 << 30
BACKLOG = 1024
ANSWER = b"read"

_STATUS = {
    "invalid": 400,
    "too_large": 413,
    "unsupported": 415,
    "rate_limited": 429,
    "unavailable": 503,
}


class Recorder:
    """A server in the test's loop.

    Args:
        calls: paths that are refused when too much is going on.
    """

    def __init__(self, calls: frozenset[bytes] = frozenset()) -> None:
        self._calls = calls
        self.read: list[Request] = []
        """Every request that was let in."""
        self.refused: list[Refusal] = []
        """Every other."""
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._wheel = Wheel(loop)
        edge = Edge(
            wheel=self._wheel,
            outbox=Outbox(loop),
            serve=self._serve,
            refuse=self._refuse,
            pressure=Pressure(loop, time.thread_time, CONNECTIONS_MAX, BODIES_BYTES_MAX),
            calls=self._calls,
        )
        self.pressure = edge.pressure
        config, state = uvicorn.Config(self._nobody), ServerState()
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = listener.getsockname()[1]
        self._server = await loop.create_server(
            lambda: ClientConnection(edge, config, state, {}), sock=listener
        )

    async def stop(self) -> None:
        """Close everything."""
        self._server.close()
        self.pressure.close()
        self._wheel.close()

    def _serve(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        self.read.append(exchange.request)
        return self._answer(exchange)

    @staticmethod
    async def _answer(exchange: Exchange) -> None:
        exchange.respond(200, [], ANSWER)

    def _refuse(
        self, target: bytes, refusal: Refusal
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        self.refused.append(refusal)
        return _STATUS[refusal.kind], [], refusal.message.encode()

    @staticmethod
    async def _nobody(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("the door serves by itself")
