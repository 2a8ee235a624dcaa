"""The providers as the engine reaches them.

Knows, for each configured provider, the pool of its origin, the head of its requests, its dialect
and its deadlines. Refuses to know which provider a request goes to.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from glimway import __version__
from glimway.domain.catalog import Endpoint, Provider
from glimway.domain.cooldown import RESTS, Rest
from glimway.domain.provider import Sealed
from glimway.domain.rotation import Rotation
from glimway.engine.deadlines import Deadlines
from glimway.engine.provider.connection import Pieces
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.origin import Origin, origin_of
from glimway.engine.provider.pool import BOUNDS_DEFAULT, Bounds, Pool
from glimway.engine.wheel import Wheel
from glimway.wire.dialect import ProviderSide
from glimway.wire.refusal import Fault, FaultKind
from glimway.wire.talk import Call

APART_BYTES_MIN = 16_384
"""From here on, copying a body behind its head costs more than handing both to the kernel."""

USER_AGENT = f"glimway/{__version__}".encode()


class Host(msgspec.Struct, frozen=True):
    """One provider, ready to be called."""

    id: str
    side: ProviderSide
    pool: Pool
    heads: tuple[bytes, ...]
    """One for each key."""
    deadlines: Deadlines
    rotation: Rotation | None = None
    """None: there is no key to change to."""

    def request(
        self, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = (), key: int = 0
    ) -> Pieces:
        """Head and body of one call, in one piece or in two.

        Args:
            body: what is sent.
            headers: further ones of this call; their values hold no line breaks.
            key: the place of the key it is sent with.
        """
        head = self.heads[key]
        if headers:
            lines = b"".join([b"%b: %b\r\n" % header for header in headers])
            return (b"%b%bcontent-length: %d\r\n\r\n" % (head, lines, len(body)), body)
        if len(body) >= APART_BYTES_MIN:
            return (b"%bcontent-length: %d\r\n\r\n" % (head, len(body)), body)
        return (b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body),)


class Hosts:
    """All providers. Pools are made at first use, so an unused provider costs nothing."""

    def __init__(
        self,
        wheel: Wheel,
        dialer: Dialer,
        sides: dict[str, ProviderSide],
        deadlines: Deadlines,
        bounds: Bounds = BOUNDS_DEFAULT,
        *,
        rests: Mapping[FaultKind, Rest] = RESTS,
    ) -> None:
        self._rests = rests
        self._bounds = bounds
        self._dialer = dialer
        self.wheel = wheel
        """Rings the deadlines of all."""
        self._sides = sides
        self._deadlines = deadlines
        self._hosts: dict[str, Host] = {}
        self._pools: dict[Origin, Pool] = {}
        """Providers at one origin share its connections: which key or path a request names is in
        the request. Fewer connections stay warm, and a TLS handshake is made once for all."""

    def of(self, endpoint: Endpoint) -> Host:
        """The host behind an endpoint."""
        provider = endpoint.provider
        host = self._hosts.get(provider.id)
        if host is None:
            host = self._hosts[provider.id] = self._make(provider)
        return host

    def changes(self, endpoint: Endpoint, call: Call) -> tuple[str, ...]:
        """What is changed or left out where the request is written for an endpoint.

        Raises:
            Refusal: ``unsupported``: it cannot be written.
        """
        side = self._sides.get(endpoint.provider.dialect)
        if side is None:
            return ()
        return side.encode(call, endpoint.quirks, endpoint.upstream_model).adjusted

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
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
        keys = provider.keys or (None,)
        return Host(
            id=provider.id,
            side=side,
            pool=self._pool(origin),
            heads=tuple([_head(provider, origin, path + provider.path, key) for key in keys]),
            deadlines=provider.deadlines or self._deadlines,
            rotation=Rotation(len(keys), self._rests) if len(keys) > 1 else None,
        )

    def _pool(self, origin: Origin) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(origin, self.wheel, self._dialer, self._bounds)
        return pool


def _head(provider: Provider, origin: Origin, target: str, key: Sealed | None) -> bytes:
    lines = [
        b"POST " + origin.target(target).encode() + b" HTTP/1.1",
        b"host: " + origin.authority.encode(),
        b"user-agent: " + USER_AGENT,
        b"accept: application/json, text/event-stream",
        b"accept-encoding: identity",
        b"content-type: application/json",
    ]
    headers = provider.headers(key) | origin.proxy_headers()
    lines += [name.encode() + b": " + value.encode() for name, value in headers.items()]
    return b"\r\n".join(lines) + b"\r\n"
