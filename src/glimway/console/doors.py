"""Which requests are the console's.

Knows the paths of the admin API. Refuses to answer anything itself: the rest goes to whoever stands
behind.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

ADMIN = "/admin"


class Doors:
    """An ASGI application in front of two others.

    Args:
        admin: the admin API.
        behind: everything else.
    """

    def __init__(self, admin: ASGIApp, behind: ASGIApp) -> None:
        self._admin = admin
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        path = scope["path"] if scope["type"] == "http" else ""
        ours = path == ADMIN or path.startswith(ADMIN + "/")
        await (self._admin if ours else self._behind)(scope, receive, send)
