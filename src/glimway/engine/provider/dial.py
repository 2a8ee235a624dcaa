"""Opening a connection to a provider.

Knows the steps in their order: look the host up, check where it leads, connect to just that
address, ask a proxy for a tunnel where there is one, shake hands. Refuses to know what the
connection is for.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from glimway.domain.proxy import Proxy
from glimway.engine.outbox import Outbox
from glimway.engine.provider.connection import Connection
from glimway.engine.provider.guard import allowed, check_name
from glimway.engine.provider.origin import Origin
from glimway.engine.provider.race import connect_first, in_order
from glimway.engine.provider.resolver import Address, Resolver
from glimway.engine.provider.secured import Secured
from glimway.engine.provider.tls import Trust, tls_fault
from glimway.engine.provider.tunnel import open_tunnel
from glimway.wire.refusal import Fault

FAMILY_S: Final = 600.0
"""How long the family of addresses that answered last is tried first (RFC 6555, section 4.2): a
network whose IPv6 leads nowhere costs its delay once, not with each connection."""

HOSTS_MAX: Final = 1024
"""Hosts whose family is remembered; the oldest go first."""


class Dialer:
    """Opens connections; one for all providers, since names and authorities are shared.

    Args:
        outbox: through which the connections send.
        trust: the authorities.
        resolver: looks names up.
    """

    def __init__(self, outbox: Outbox, trust: Trust, resolver: Resolver) -> None:
        self._outbox = outbox
        self._trust = trust
        self._resolver = resolver
        self._families: dict[str, tuple[float, int]] = {}

    async def dial(self, origin: Origin, within_s: float | None = None) -> Connection:
        """Connect to ``origin``.

        Args:
            origin: where to.
            within_s: the deadline of the whole; None: the caller has one of its own.

        Raises:
            Fault: ``unreachable``, saying what failed (name, address, proxy, certificate), or
                ``timeout``, saying what was waited for.
        """
        step = Step()
        try:
            async with asyncio.timeout(within_s):
                made = await self._connected(origin, step)
                return await self._shaken(made, origin, step)
        except TimeoutError:
            words = f"no connection within {within_s:.3g} s: {step.now} took too long"
            raise Fault("timeout", words) from None

    async def _connected(self, origin: Origin, step: Step) -> socket.socket:
        """A socket whose other end is the provider, or a proxy that reads the request."""
        proxy = origin.proxy
        if proxy is None:
            step.now = f"looking up {origin.host!r}"
            found = await self._resolver.addresses(origin.host)
            return await self._any(origin.host, allowed(found, origin), origin.port, step)
        check_name(origin)
        made = await self._to_proxy(proxy, step)
        if origin.tunnelled:
            step.now = f"asking proxy {proxy.place} for a tunnel"
            try:
                await open_tunnel(made, origin, proxy)
            except BaseException:
                made.close()
                raise
        return made

    async def _to_proxy(self, proxy: Proxy, step: Step) -> socket.socket:
        """The operator named the proxy, so it may be anywhere."""
        step.now = f"looking up proxy {proxy.host!r}"
        try:
            found = await self._resolver.addresses(proxy.host)
            return await self._any(proxy.host, found, proxy.port, step)
        except Fault as fault:
            raise Fault(fault.kind, f"proxy {proxy.place}: {fault.detail}") from None

    async def _any(
        self, host: str, addresses: list[Address], port: int, step: Step
    ) -> socket.socket:
        """A socket connected to one of these addresses and to no other."""
        step.now = "connecting to " + ", ".join(one.place(port) for one in addresses)
        now_s = asyncio.get_running_loop().time()
        until_s, family = self._families.get(host, (0.0, 0))
        first = family if now_s < until_s else socket.AF_INET6
        try:
            made = await connect_first(in_order(addresses, first), port)
        except Fault:
            self._resolver.forget(host)
            raise
        if len(addresses) > 1 and (now_s >= until_s or made.family != family):
            if len(self._families) >= HOSTS_MAX:
                del self._families[next(iter(self._families))]
            self._families[host] = (now_s + FAMILY_S, made.family)
        return made

    async def _shaken(self, made: socket.socket, origin: Origin, step: Step) -> Connection:
        """A connection over a socket, after the handshake where there is one."""
        loop = asyncio.get_running_loop()
        try:
            if origin.scheme != "https":
                return (await loop.create_connection(self._new, sock=made))[1]
            step.now = f"the TLS handshake with {origin.name}"
            context = await self._trust.context(origin.ca_file)
            speaker = self._new()
            _, secured = await loop.create_connection(
                lambda: Secured(speaker, context, origin.name), sock=made
            )
            await secured.shake()
        except OSError as error:
            made.close()
            raise tls_fault(error, origin.name) from None
        except BaseException:
            made.close()
            raise
        return speaker

    def _new(self) -> Connection:
        return Connection(self._outbox)


class Step:
    """What a dial waits for, so that a deadline can say it."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = "the beginning"
