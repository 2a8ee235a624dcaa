"""Pools over real sockets, and one exchange on a connection of theirs.

Knows how the parts of the provider client are put together. Refuses to know what is tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import pytest
import uvloop

from engine.sinks import Noted
from glimway.engine.outbox import Outbox
from glimway.engine.provider.connection import Connection
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.origin import Origin, origin_of
from glimway.engine.provider.pool import Bounds, Pool
from glimway.engine.provider.resolver import Resolver
from glimway.engine.provider.tls import Trust
from glimway.engine.wheel import Wheel

REQUEST = b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"
POLL_S = 0.002

EARLY_S = 0.005
"""How much earlier than asked a loop's timer may ring: its clock counts whole milliseconds."""

T = TypeVar("T")


class Run(Protocol):
    """Runs a test's coroutine in a new loop."""

    def __call__(self, main: Coroutine[Any, Any, T], /) -> T:
        """What it returns."""


LOOPS = pytest.mark.parametrize("run", [uvloop.run, asyncio.run], ids=["uvloop", "asyncio"])
"""The program runs on uvloop; what holds by accident of one loop is no rule."""


def new_dialer(resolver: Resolver | None = None, trust: Trust | None = None) -> Dialer:
    """A dialer in the running loop."""
    outbox = Outbox(asyncio.get_running_loop())
    return Dialer(outbox, trust or Trust(), resolver or Resolver())


def new_pool(origin: Origin, dialer: Dialer | None = None, **bounds: Any) -> Pool:
    """A pool in the running loop; ``bounds`` as ``Bounds`` takes them."""
    wheel = Wheel(asyncio.get_running_loop())
    return Pool(origin, wheel, dialer or new_dialer(), Bounds(**bounds))


def pool_of(url: str, **bounds: Any) -> Pool:
    """A pool for a server on this machine."""
    origin, _ = origin_of(url, private=True)
    return new_pool(origin, **bounds)


@asynccontextmanager
async def closing(pool: Pool) -> AsyncIterator[Pool]:
    """A pool whose connections are closed when it is left."""
    try:
        yield pool
    finally:
        pool.close()
        await eventually(lambda: not pool.open)


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds of which nobody tells."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - a connection tells its pool, not a test
            await asyncio.sleep(POLL_S)


async def exchange(connection: Connection, request: bytes = REQUEST) -> Noted:
    """One request and its answer."""
    noted = Noted()
    connection.send((request,), noted)
    await eventually(lambda: noted.over)
    return noted
