"""Where a provider listens, and how the way there begins.

Knows the parts of a base URL and how requests name them, with and without a proxy. Refuses to know
what is sent there and to open anything.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from glimway.domain.proxy import Proxy
from glimway.domain.reach import is_host


class Origin(msgspec.Struct, frozen=True):
    """Where a provider listens.

    Args:
        scheme: ``http`` or ``https``.
        host: a name, or an address without brackets.
        port: always given.
        ca_file: an authority to trust besides those that all providers are checked with.
        private: the operator consents to a private or loopback address.
        proxy: what the way leads through, or None.
    """

    scheme: str
    host: str
    port: int
    ca_file: str | None = None
    private: bool = False
    proxy: Proxy | None = None

    @property
    def name(self) -> str:
        """What its certificate must name: the host without the root's dot and without an address's
        zone, which means something on this machine alone (RFC 9844)."""
        return self.host.removesuffix(".").partition("%")[0]

    @property
    def authority(self) -> str:
        """The ``Host`` header's value."""
        default = 443 if self.scheme == "https" else 80
        return self._host if self.port == default else f"{self._host}:{self.port}"

    @property
    def place(self) -> str:
        """``HOST:PORT``: whom a tunnel is asked for."""
        return f"{self._host}:{self.port}"

    @property
    def tunnelled(self) -> bool:
        """A proxy only passes bytes on, and sees none of the request."""
        return self.proxy is not None and self.scheme == "https"

    def target(self, path: str) -> str:
        """The request's target: the path, or the whole URL for a proxy that reads the request
        (RFC 9112, section 3.2.2)."""
        if self.proxy is None or self.tunnelled:
            return path
        return f"{self.scheme}://{self.authority}{path}"

    def proxy_headers(self) -> dict[str, str]:
        """What a request says to a proxy that reads it."""
        if self.proxy is None or self.tunnelled or not self.proxy.authorization:
            return {}
        return {"proxy-authorization": self.proxy.authorization}

    @property
    def _host(self) -> str:
        return f"[{self.name}]" if ":" in self.name else self.name


def origin_of(
    url: str, *, ca_file: str | None = None, private: bool = False, proxy: Proxy | None = None
) -> tuple[Origin, str]:
    """Split a base URL into its origin and its path (without a trailing slash).

    Raises:
        ValueError: not an http or https URL with a host that is plainly a name or an address, or
            it holds more than that and a path. A base URL means the same to everybody who reads
            it, or it is not used: parsers that differ are how a guard is walked around.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("a base URL holds a space or a letter that no URL has")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_host(parts.hostname):
        raise ValueError("a base URL is not an http(s) URL with a plain host")
    if "@" in parts.netloc or parts.query or parts.fragment or parts.port == 0:
        raise ValueError("a base URL holds more than a host, a port and a path")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    origin = Origin(parts.scheme, parts.hostname, port, ca_file, private, proxy)
    return origin, parts.path.rstrip("/")
