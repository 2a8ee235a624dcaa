"""A name system of the test's own.

Knows what it was told each name leads to, and which numbers the real resolver would have read in a
name. Refuses to ask anybody.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence

from glimway.engine.provider.resolver import Address, Resolver


def addresses(*hosts: str) -> list[Address]:
    """Addresses from their texts."""
    found = []
    for host in hosts:
        six = ipaddress.ip_address(host).version == 6
        found.append(Address(socket.AF_INET6 if six else socket.AF_INET, host))
    return found


class Names:
    """What names lead to.

    Args:
        known: addresses by name; where several lists are given, each look-up takes the next one
            and the last one stays.
        other: what every other name leads to; nothing: it is not known.
    """

    def __init__(
        self, known: Mapping[str, Sequence[Sequence[str]]] | None = None, other: Sequence[str] = ()
    ) -> None:
        self._known = {name: list(lists) for name, lists in (known or {}).items()}
        self._other = other
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        """A look-up waits for it."""

    async def lookup(self, host: str) -> list[Address]:
        """As ``resolver.Lookup``."""
        self.asked.append(host)
        if self.gate is not None:
            await self.gate.wait()
        host.encode("idna")  # as the real one does, which refuses what it cannot spell
        number = _as_number(host)
        if number is not None:
            return addresses(number)
        lists = self._known.get(host)
        if lists is not None:
            return addresses(*(lists.pop(0) if len(lists) > 1 else lists[0]))
        if not self._other:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return addresses(*self._other)

    def resolver(self, ttl_s: float = 60.0) -> Resolver:
        """A resolver that asks here."""
        return Resolver(self.lookup, ttl_s=ttl_s)


def _as_number(host: str) -> str | None:
    """The address that the C library reads in a name (``0x7f.1``), with no question sent."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, ValueError):
        return None
    return str(found[0][4][0]).partition("%")[0]
