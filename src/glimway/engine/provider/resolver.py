"""Names into addresses.

Knows the system's resolver, asks it once for everybody who waits, and remembers what it said for a
moment. Refuses to judge addresses and to connect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from glimway.domain.reach import address_of
from glimway.wire.refusal import Fault

TTL_S: Final = 5.0
"""How long an answer is used. The system's resolver does not tell the record's own time to live,
so it is short: long enough for the burst of connections that a busy moment opens, short enough to
follow a provider that moves."""

NAMES_MAX: Final = 1024
"""Names that are remembered; the oldest go first."""

ADDRESSES_MAX: Final = 16
"""Addresses of one name that are used."""


class Address(NamedTuple):
    """An address of a host. ``scope_id`` is a link-local address's interface."""

    family: int
    host: str
    scope_id: int = 0

    def at(self, port: int) -> tuple[Any, ...]:
        """What a socket connects to."""
        if self.family == socket.AF_INET6:
            return (self.host, port, 0, self.scope_id)
        return (self.host, port)

    def place(self, port: int) -> str:
        """``ADDRESS:PORT``, for people."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"


Lookup = Callable[[str], Awaitable[list[Address]]]
"""Asks for all addresses of a name; raises ``OSError`` or ``ValueError``."""


async def system_lookup(host: str) -> list[Address]:
    """Ask the system's resolver, in a thread."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    return [_address(family, at) for family, _, _, _, at in found]


class Resolver:
    """Looks names up.

    Args:
        lookup: who is asked.
        ttl_s: how long an answer is used.
    """

    def __init__(self, lookup: Lookup = system_lookup, *, ttl_s: float = TTL_S) -> None:
        self._lookup = lookup
        self._ttl_s = ttl_s
        self._known: dict[str, tuple[float, list[Address]]] = {}
        self._asked: dict[str, asyncio.Task[list[Address]]] = {}
        """By name: as many as hosts and proxies are configured."""

    async def addresses(self, host: str) -> list[Address]:
        """All addresses of a host, in the resolver's order, never none.

        Raises:
            Fault: ``unreachable``, saying what the resolver said.
        """
        literal = address_of(host)
        if literal is not None and "%" not in host:
            family = socket.AF_INET if literal.version == 4 else socket.AF_INET6
            return [Address(family, str(literal))]
        loop = asyncio.get_running_loop()
        until_s, known = self._known.get(host, (0.0, []))
        if known and loop.time() < until_s:
            return known
        # One question for all who wait: a resolver that hangs must not hold a thread for each.
        asked = self._asked.get(host)
        if asked is None:
            asked = self._asked[host] = loop.create_task(self._ask(host))
            asked.add_done_callback(lambda done: self._answered(host, done))
        return await asyncio.shield(asked)

    def forget(self, host: str) -> None:
        """Ask anew next time: the addresses did not work."""
        self._known.pop(host, None)

    async def _ask(self, host: str) -> list[Address]:
        try:
            found = await self._lookup(host)
        except socket.gaierror as error:
            raise Fault("unreachable", f"name {host!r}: {error.strerror or error}") from None
        except (OSError, ValueError) as error:  # UnicodeError is a ValueError
            raise Fault("unreachable", f"name {host!r}: {error}"[:200]) from None
        addresses = list(dict.fromkeys(found))[:ADDRESSES_MAX]
        if not addresses:
            raise Fault("unreachable", f"name {host!r}: has no address")
        if len(self._known) >= NAMES_MAX:
            del self._known[next(iter(self._known))]
        self._known.pop(host, None)
        now_s = asyncio.get_running_loop().time()
        self._known[host] = (now_s + self._ttl_s, addresses)
        return addresses

    def _answered(self, host: str, done: asyncio.Task[list[Address]]) -> None:
        del self._asked[host]
        if not done.cancelled():
            done.exception()  # whoever asked may have left: nobody else would look at it


def _address(family: int, at: tuple[Any, ...]) -> Address:
    host = str(at[0]).partition("%")[0]
    return Address(family, host, at[3] if family == socket.AF_INET6 else 0)
