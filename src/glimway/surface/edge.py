"""What all client connections of one server share.

Knows the bounds and the patience of the door, and the two rings that serve every connection.
Refuses to know any one connection (``protocol`` keeps those).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, cast

import msgspec

from glimway.engine.outbox import Outbox
from glimway.engine.wheel import Wheel
from glimway.surface.bounds import Bounds
from glimway.surface.pressure import Pressure

WRITE_BUFFER_BYTES_HIGH = 64 * 1024
"""Above this much unsent data the provider is not read any further."""

SEND_BUFFER_BYTES = 256 * 1024
"""Of the kernel's for each client. It would take megabytes for one that does not read; 256 KiB in
flight are 1 MB/s to the other side of the world."""


class Edge(msgspec.Struct, frozen=True):
    """What every connection of one server shares.

    Args:
        wheel: rings the timeouts.
        outbox: takes whole answers to the end of the loop's turn.
        serve: answers one exchange.
        refuse: how a path's mount says no before any handler runs: (target, refusal) ->
            (status, headers, body).
        pressure: how much is going on, and whether one more may come in.
        calls: paths whose requests are turned away when too much is; all others are always
            answered.
        bounds: how large a request may be.
        header_timeout_s: a started head must be complete by then.
        body_idle_s: a body that has begun must go on within.
        keep_alive_s: an idle connection is closed after.
        write_stall_s: a client that takes no byte for so long is let go.
    """

    wheel: Wheel
    outbox: Outbox
    serve: Callable[[Any], Coroutine[Any, Any, None]]
    refuse: Any
    pressure: Pressure
    calls: frozenset[bytes]
    bounds: Bounds = Bounds()
    header_timeout_s: float = 10.0
    body_idle_s: float = 30.0
    keep_alive_s: float = 75.0
    write_stall_s: float = 120.0


def bound_buffers(transport: asyncio.BaseTransport) -> None:
    """Let a client that does not read hold only so much, here and in the kernel."""
    cast("asyncio.Transport", transport).set_write_buffer_limits(high=WRITE_BUFFER_BYTES_HIGH)
    own = transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
