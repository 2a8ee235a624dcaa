"""A request as an ASGI scope.

Knows ASGI's HTTP connection scope (https://asgi.readthedocs.io/en/latest/specs/www.html).
Refuses to know what is done with it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from glimway.surface.incoming import Request

Address = tuple[str, int]

_ASGI = {"version": "3.0", "spec_version": "2.4"}


def address_of(name: object) -> Address | None:
    """One end of a socket; None where it is no host and port."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None


def scope_of(request: Request, client: Address | None, server: Address | None) -> dict[str, Any]:
    """The scope of one request.

    Args:
        request: as it was read.
        client: the far end of the socket, where it has an address.
        server: the near end.
    """
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
        "client": client,
        "server": server,
        "state": {},
        "extensions": {},
    }
