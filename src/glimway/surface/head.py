"""Whether a request's head can be trusted to mean one thing only.

Knows the rules of RFC 9112 and 9110 that the parser below leaves to its user: one ``Host``, no
transfer coding but ``chunked``, versions and targets, and names that a proxy in front could read
as another header's. Refuses to read bytes.
"""

from __future__ import annotations

import re

Headers = list[tuple[bytes, bytes]]

_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+;=%-]*(:[0-9]{0,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{0,5})?")
"""RFC 3986's host and port; a comma would be two hosts to someone."""

_IDENTITY = frozenset(
    {
        b"authorization",
        b"content-length",
        b"cookie",
        b"forwarded",
        b"host",
        b"transfer-encoding",
        b"x-api-key",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
        b"x-request-id",
    }
)
"""Headers that decide who asks and where a request ends. Some servers read ``x_real_ip`` as one of
these (CGI's rule), so the spelling with underscores is an attempt to be two things at once."""


def judge_head(version: str, target: bytes, headers: Headers) -> str | None:
    """Say what is wrong with a head; None when nothing is.

    Args:
        version: ``1.1`` as the request line has it.
        target: the request target as sent.
        headers: lower-case names.
    """
    if version not in ("1.0", "1.1"):
        return f"HTTP/{version} is not spoken here"
    wrong = _target(target)
    if wrong is not None:
        return wrong
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
            if _HOST.fullmatch(value) is None:
                return "the Host header is not a host and port"
        elif name == b"transfer-encoding":
            if version == "1.0":
                return "HTTP/1.0 has no transfer codings"
            if value.strip().lower() != b"chunked":
                return "the only transfer coding is chunked"
        elif b"_" in name and name.replace(b"_", b"-") in _IDENTITY:
            return "a header that says who asks is spelled with an underscore"
    if hosts > 1:
        return "there is more than one Host header"
    if not hosts and version == "1.1":
        return "the Host header is missing"
    return None


def _target(target: bytes) -> str | None:
    if b"#" in target:
        return "the target has a fragment"
    if target.startswith(b"/") or target == b"*":
        return None
    if target.lower().startswith((b"http://", b"https://")):
        return None  # the absolute form is for proxies, and must be understood all the same
    return "the target is not a path"
