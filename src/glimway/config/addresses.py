"""Addresses that the file names.

Knows which base URLs can be used, and which hosts lie on this machine or on a private network by
their name or number alone. Refuses to look a name up: the guard that sees what a name resolves to
stands where connections are made.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from glimway.domain.profile import PATHS
from glimway.wire.refusal import shown

Reach = Literal["loopback", "private", "public"]

PRIVATE_ENDINGS: Final = (".internal", ".intranet", ".lan", ".local", ".home.arpa", ".private")
"""Name endings that no public name has (RFC 6762 appendix G, RFC 8375, ICANN on .internal)."""

CALLED_PATHS: Final = (*PATHS.values(), "/completions")
"""What Glimway adds to a base URL by itself."""

_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


class Complaint(NamedTuple):
    """What is wrong with a URL, and what to write instead."""

    message: str
    mend: str


def reach_of(host: str) -> Reach:
    """Where a host lies, as far as its name or number tells.

    A name of one label (``vllm``) is private: such names only resolve inside a network.
    """
    name = host.lower().rstrip(".").strip("[]")
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(
            name.partition("%")[0]
        )
    except ValueError:
        if name == "localhost" or name.endswith(".localhost"):
            return "loopback"
        return "private" if "." not in name or name.endswith(PRIVATE_ENDINGS) else "public"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return "loopback"
    return "public" if address.is_global and not address.is_multicast else "private"


def base_url_complaint(url: str, *, private: bool) -> Complaint | None:
    """What is wrong with a provider's base URL, or None.

    Args:
        url: as written.
        private: the operator consents to a private or loopback address.
    """
    if not url.isprintable() or not url.isascii() or " " in url:
        return Complaint("holds a space or a letter that no URL has", "write it without")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return Complaint(f"{shown(_safe(url))} is not a URL", "write https://HOST/PATH")
    if parts.username is not None or parts.password is not None:
        mend = "take it out of the URL and use api_key; make a new password if others saw this one"
        return Complaint("holds a user name or a password", mend)
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return Complaint("holds a query or a fragment", "end the URL with its path")
    if parts.scheme not in ("http", "https") or not host:
        return Complaint(f"{shown(url)} is not an http or https URL", "write https://HOST/PATH")
    if port == 0 or not _is_host(host):
        return Complaint(
            f"{shown(url)} names no host that can be called", "write https://HOST/PATH"
        )
    return _path_complaint(parts) or _reach_complaint(parts.scheme, host, private=private)


def _path_complaint(parts: SplitResult) -> Complaint | None:
    path = parts.path.rstrip("/")
    for called in CALLED_PATHS:
        if path.endswith(called):
            shorter = f"{parts.scheme}://{parts.netloc}{path.removesuffix(called)}"
            mend = f'write everything before it: "{shorter}"'
            return Complaint(f"ends in {called}, which is added to it", mend)
    return None


def _reach_complaint(scheme: str, host: str, *, private: bool) -> Complaint | None:
    reach = reach_of(host)
    if reach != "public" and not private:
        where = "this machine" if reach == "loopback" else "a private network"
        mend = "add private = true to allow that, or name a public host"
        return Complaint(f"{shown(host)} is on {where}", mend)
    if scheme == "http" and not private:
        mend = "write https://, or add private = true if the host is on your own network"
        return Complaint("would send keys and prompts in the clear (http)", mend)
    if scheme == "http" and reach == "public" and _is_number(host):
        return Complaint(f"{shown(host)} is a public address without encryption", "write https://")
    return None


def _is_host(host: str) -> bool:
    if _is_number(host):
        return True
    # 127.1 and 0x7f000001 are numbers to the resolver only: what they mean is not plain to see
    name = host.rstrip(".")
    return bool(_NAME.fullmatch(name)) and not _NUMERIC.fullmatch(name)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _safe(url: str) -> str:
    """The URL without what may be a password."""
    return re.sub(r"//[^/]*@", "//…@", url)
