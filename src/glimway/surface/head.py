"""Whether a request's head can be trusted to mean one thing only.

Knows the rules of RFC 9112 and 9110 that the parser below leaves to its user: one ``Host``, no
transfer coding but ``chunked``, methods, versions and targets, and names that a proxy in front
could read as another header's. Refuses to read bytes.
"""

from __future__ import annotations

import re

import msgspec

Headers = list[tuple[bytes, bytes]]

_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+;=%-]*(:[0-9]{0,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{0,5})?")
"""RFC 3986's host and port; a comma would be two hosts to someone."""

_AUTHORITY = re.compile(rb"https?://([^/?]+)", re.IGNORECASE)
"""The authority of a target in absolute form; it must not be empty (RFC 9110, 4.2.1)."""

_ONCE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"expect",
        b"host",
        b"idempotency-key",
        b"x-api-key",
    }
)
"""Headers that hold one value: which of two counts is nobody's to say (RFC 9110, 5.3)."""

_JUDGED = _ONCE | {b"transfer-encoding"}

_IDENTITY = _JUDGED | {
    b"cf-connecting-ip",
    b"connection",
    b"content-length",
    b"cookie",
    b"forwarded",
    b"proxy-authorization",
    b"te",
    b"trailer",
    b"true-client-ip",
    b"upgrade",
    b"x-client-ip",
    b"x-forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-proto",
    b"x-forwarded-user",
    b"x-original-url",
    b"x-real-ip",
    b"x-request-id",
    b"x-rewrite-url",
}
"""Headers that decide who asks, for what, and where a request ends. Some servers read ``x_real_ip``
as one of these (CGI's rule), so the spelling with underscores is an attempt to be two things."""


_UNDERSCORE = ord("_")
"""``bytes in bytes`` would raise and forget an exception for every header."""


class Start(msgspec.Struct, frozen=True):
    """A request line.

    Args:
        method: as sent.
        target: as sent.
        version: ``1.1``.
    """

    method: bytes
    target: bytes
    version: str

    @property
    def line(self) -> bytes:
        """Its one spelling."""
        return b"%b %b HTTP/%b\r\n" % (self.method, self.target, self.version.encode())


def judge_start(start: Start) -> str | None:
    """Say what is wrong with a request line; None when nothing is."""
    if start.version not in ("1.0", "1.1"):
        return f"HTTP/{start.version} is not spoken here"
    target = start.target
    if start.method == b"CONNECT":
        return "this is not a proxy"
    if b"#" in target:
        return "the target has a fragment"
    if target.startswith(b"/") or (target == b"*" and start.method == b"OPTIONS"):
        return None
    # The absolute form is for proxies, and must be understood all the same (RFC 9112, 3.2.2).
    found = _AUTHORITY.match(target)
    if found is None:
        return "the target is not a path"
    if _HOST.fullmatch(found[1]) is None:
        return "the target's authority is not a host and port"
    return None


def judge_headers(version: str, headers: Headers) -> str | None:
    """Say what is wrong with the lines of a head; None when nothing is.

    Args:
        version: of HTTP, ``1.1``.
        headers: lower-case names.
    """
    seen: set[bytes] = set()
    for name, value in headers:
        if name in _JUDGED:
            if name in seen:
                return f"there is more than one {name.decode()} header"
            seen.add(name)
            wrong = _value(name, value, version)
            if wrong is not None:
                return wrong
        elif _UNDERSCORE in name and name.replace(b"_", b"-") in _IDENTITY:
            return "a header that says who asks is spelled with an underscore"
    if b"host" not in seen and version == "1.1":
        return "the Host header is missing"
    return None


def judge_trailer(name: bytes) -> str | None:
    """Say what is wrong with a line after the body; its value is never used (RFC 9110, 6.5.1)."""
    if name.lower().replace(b"_", b"-") in _IDENTITY:
        return "a trailer cannot say who asks or where the request ends"
    return None


def _value(name: bytes, value: bytes, version: str) -> str | None:
    if name == b"host":
        return None if _HOST.fullmatch(value) else "the Host header is not a host and port"
    if name == b"transfer-encoding":
        if version == "1.0":
            return "HTTP/1.0 has no transfer codings"
        return None if value.lower() == b"chunked" else "the only transfer coding is chunked"
    if name == b"expect" and value.lower() != b"100-continue":
        return "the only expectation is 100-continue"
    return None
