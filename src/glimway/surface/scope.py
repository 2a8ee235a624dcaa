"""A request as an ASGI scope.

Knows ASGI's HTTP connection scope (https://asgi.readthedocs.io/en/latest/specs/www.html).
Refuses to know what is done with it.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from glimway.surface.request import Request

Address = tuple[str, int]

Ends = tuple[Address | None, Address | None]
"""The client's end of a socket and ours, where they are hosts and ports."""

_ASGI = {"version": "3.0", "spec_version": "2.4"}


def ends_of(transport: asyncio.Transport | None) -> Ends:
    """A socket's two ends."""
    if transport is None:
        return None, None
    client, server = [transport.get_extra_info(name) for name in ("peername", "sockname")]
    return _address(client), _address(server)


def _address(name: object) -> Address | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None


def scope_of(request: Request, ends: Ends) -> dict[str, Any]:
    """The scope of one request, that came over a socket with these ends."""
    target = request.target
    if not target.startswith(b"/"):
        # The absolute form: what follows the authority is the path (RFC 9112, 3.2.2).
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    raw_path, _, query = target.partition(b"?")
    path = raw_path.decode("latin-1")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": request.http_version,
        "method": request.method,
        "scheme": "http",
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": request.headers,
        "client": ends[0],
        "server": ends[1],
        "state": {},
        "extensions": {},
    }
