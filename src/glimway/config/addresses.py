"""Addresses that the file names.

Knows which base URLs can be used, and what to write instead of the others. Refuses to look a name
up: the guard that sees what a name resolves to stands where connections are made.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from glimway.domain.profile import PATHS
from glimway.domain.reach import address_of, is_host, reach_of
from glimway.wire.refusal import shown

__all__ = ["CALLED_PATHS", "Complaint", "base_url_complaint", "reach_of"]

CALLED_PATHS: Final = (*PATHS.values(), "/completions")
"""What Glimway adds to a base URL by itself."""


class Complaint(NamedTuple):
    """What is wrong with a URL, and what to write instead."""

    message: str
    mend: str


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
    if port == 0 or not is_host(host):
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
    if scheme == "http" and reach == "public" and address_of(host) is not None:
        return Complaint(f"{shown(host)} is a public address without encryption", "write https://")
    return None


def _safe(url: str) -> str:
    """The URL without what may be a password."""
    return re.sub(r"//[^/]*@", "//…@", url)
