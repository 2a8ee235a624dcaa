"""A forward proxy, as its URL says.

Knows which proxies can be used, how they are written, and how their user and password travel.
Refuses to know which requests go through one, and never shows the password.
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec

from glimway.domain.reach import is_host

PORT_DEFAULT: Final = 80
"""What ``http`` means everywhere else too."""

FORM: Final = "http://HOST:PORT"

UNSUPPORTED: Final = ("https", "socks", "socks4", "socks4a", "socks5", "socks5h")


class Proxy(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """An HTTP proxy.

    Args:
        host: a name, or an address without brackets.
        port: where it listens.
        authorization: value of ``Proxy-Authorization``, or empty; no ``repr`` shows it.
    """

    host: str
    port: int
    authorization: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.place!r})"

    @property
    def place(self) -> str:
        """``HOST:PORT``, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_proxy(text: str) -> Proxy:
    """Read a proxy's URL; without a scheme it is ``http``, as everywhere.

    Raises:
        ValueError: it cannot be used; the words show nothing of the URL but its scheme.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds a space or a letter that no URL has")
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme in UNSUPPORTED:
        raise ValueError(f"is a {parts.scheme} proxy; only http proxies can be used")
    if parts.scheme != "http" or not host or port == 0 or not is_host(host):
        raise ValueError("is not the URL of an http proxy")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("has a path, which no proxy has")
    return Proxy(host, PORT_DEFAULT if port is None else port, _basic(parts.netloc))


def _basic(netloc: str) -> str:
    """The authorization of ``user:password`` before the last ``@`` (RFC 7617)."""
    said, at, _ = netloc.rpartition("@")
    if not at:
        return ""
    user, _, password = said.partition(":")
    plain = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + base64.b64encode(plain).decode("ascii")
