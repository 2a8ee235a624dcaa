"""Opening a connection to a provider.

Knows origins, TLS and how a failure to connect reads as a fault. Refuses to know what the
connection is for.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import lru_cache
from urllib.parse import urlsplit

import certifi
import msgspec

from glimway.engine.outbox import Outbox
from glimway.engine.provider.connection import Connection
from glimway.wire.refusal import Fault


class Origin(msgspec.Struct, frozen=True):
    """Where a provider listens. ``ca_file`` names an authority to trust besides the public ones."""

    scheme: str
    host: str
    port: int
    ca_file: str | None = None
    private: bool = False

    @property
    def authority(self) -> str:
        """The ``Host`` header's value."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"


def origin_of(url: str, *, ca_file: str | None = None, private: bool = False) -> tuple[Origin, str]:
    """Split a base URL into its origin and its path (without a trailing slash).

    Raises:
        ValueError: not an http or https URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http(s) URL: {url!r}")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    origin = Origin(parts.scheme, parts.hostname, port, ca_file, private)
    return origin, parts.path.rstrip("/")


@lru_cache(maxsize=64)
def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """A client context that checks names and chains against certifi's and ``ca_file``'s roots."""
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def dial(origin: Origin, outbox: Outbox) -> Connection:
    """Connect to ``origin``.

    Raises:
        Fault: ``unreachable``, saying what failed (name, connection, certificate).
    """
    loop = asyncio.get_running_loop()
    tls = tls_context(origin.ca_file) if origin.scheme == "https" else None
    try:
        _, connection = await loop.create_connection(
            lambda: Connection(outbox),
            origin.host,
            origin.port,
            ssl=tls,
            server_hostname=origin.host if tls is not None else None,
        )
    except ssl.SSLCertVerificationError as error:
        raise Fault("unreachable", f"TLS: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise Fault("unreachable", f"TLS: {error.reason or error}") from None
    except socket.gaierror as error:
        raise Fault("unreachable", f"name {origin.host!r}: {error.strerror}") from None
    except OSError as error:
        raise Fault("unreachable", f"connect: {error.strerror or error}") from None
    return connection
