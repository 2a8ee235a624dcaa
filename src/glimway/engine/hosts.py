"""The providers as the engine reaches them.

Knows, for each configured provider, its pool, the head of its requests, its dialect and its
deadlines. Refuses to know which provider a request goes to.
"""

from __future__ import annotations

import msgspec

from glimway import __version__
from glimway.domain.catalog import Endpoint, Provider
from glimway.engine.deadlines import Deadlines
from glimway.engine.provider.connection import Pieces
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.origin import Origin, origin_of
from glimway.engine.provider.pool import BOUNDS_DEFAULT, Bounds, Pool
from glimway.engine.wheel import Wheel
from glimway.wire.dialect import ProviderSide
from glimway.wire.refusal import Fault

APART_BYTES_MIN = 16_384
"""From here on, copying a body behind its head costs more than handing both to the kernel."""

USER_AGENT = f"glimway/{__version__}".encode()


class Host(msgspec.Struct, frozen=True):
    """One provider, ready to be called."""

    id: str
    side: ProviderSide
    pool: Pool
    head: bytes
    deadlines: Deadlines

    def request(self, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Pieces:
        """Head and body of one call, in one piece or in two.

        Args:
            body: what is sent.
            headers: further ones of this call; their values hold no line breaks.
        """
        if headers:
            lines = b"".join([b"%b: %b\r\n" % header for header in headers])
            return (b"%b%bcontent-length: %d\r\n\r\n" % (self.head, lines, len(body)), body)
        if len(body) >= APART_BYTES_MIN:
            return (b"%bcontent-length: %d\r\n\r\n" % (self.head, len(body)), body)
        return (b"%bcontent-length: %d\r\n\r\n%b" % (self.head, len(body), body),)


class Hosts:
    """All providers. Pools are made at first use, so an unused provider costs nothing."""

    def __init__(
        self,
        wheel: Wheel,
        dialer: Dialer,
        sides: dict[str, ProviderSide],
        deadlines: Deadlines,
        bounds: Bounds = BOUNDS_DEFAULT,
    ) -> None:
        self._bounds = bounds
        self._dialer = dialer
        self.wheel = wheel
        """Rings the deadlines of all."""
        self._sides = sides
        self._deadlines = deadlines
        self._hosts: dict[str, Host] = {}

    def of(self, endpoint: Endpoint) -> Host:
        """The host behind an endpoint."""
        provider = endpoint.provider
        host = self._hosts.get(provider.id)
        if host is None:
            host = self._hosts[provider.id] = self._make(provider)
        return host

    def close(self) -> None:
        """Close all connections."""
        for host in self._hosts.values():
            host.pool.close()
        self._hosts.clear()

    def _make(self, provider: Provider) -> Host:
        side = self._sides.get(provider.dialect)
        if side is None or provider.base_url is None:
            raise Fault("unreachable", f"provider {provider.id!r} has no base URL or dialect")
        origin, path = origin_of(
            provider.base_url,
            ca_file=provider.ca_file,
            private=provider.private,
            proxy=provider.proxy,
        )
        return Host(
            id=provider.id,
            side=side,
            pool=Pool(origin, self.wheel, self._dialer, self._bounds),
            head=_head(provider, origin, path + provider.path),
            deadlines=provider.deadlines or self._deadlines,
        )


def _head(provider: Provider, origin: Origin, target: str) -> bytes:
    lines = [
        b"POST " + origin.target(target).encode() + b" HTTP/1.1",
        b"host: " + origin.authority.encode(),
        b"user-agent: " + USER_AGENT,
        b"accept: application/json, text/event-stream",
        b"accept-encoding: identity",
        b"content-type: application/json",
    ]
    headers = provider.headers() | origin.proxy_headers()
    lines += [name.encode() + b": " + value.encode() for name, value in headers.items()]
    return b"\r\n".join(lines) + b"\r\n"
