"""The admin API: which path leads where, and who may go there.

Knows every path, method and permission, in one table. Refuses to do any of the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from glimway.console import errors, health, keys, projects, requests, routes
from glimway.console.access import AdminKey, Identify
from glimway.console.answers import refused
from glimway.console.parts import AdminParts
from glimway.console.resource import MOUNT, Operation, Resource, remember
from glimway.wire.refusal import Refusal, shown

TABLE: Final[Mapping[str, Mapping[str, Operation]]] = {
    "/keys": {
        "GET": Operation("keys.read", keys.index),
        "POST": Operation("keys.write", keys.create),
    },
    "/keys/{id}": {
        "GET": Operation("keys.read", keys.show),
        "DELETE": Operation("keys.write", keys.revoke),
    },
    "/keys/{id}/revoke": {"POST": Operation("keys.write", keys.revoke)},
    "/keys/{id}/rotate": {"POST": Operation("keys.write", keys.rotate)},
    "/projects": {
        "GET": Operation("projects.read", projects.index),
        "POST": Operation("projects.write", projects.create),
    },
    "/projects/{id}": {
        "GET": Operation("projects.read", projects.show),
        "PATCH": Operation("projects.write", projects.update),
    },
    "/requests": {"GET": Operation("requests.read", requests.index)},
    "/requests/{id}": {"GET": Operation("requests.read", requests.show)},
    "/errors": {"GET": Operation("errors.read", errors.index)},
    "/routes": {"POST": Operation("routes.read", routes.plan)},
    "/health": {"GET": Operation("health.read", health.show)},
}
"""Below ``/admin/v1``."""


def admin_app(parts: AdminParts, identify: Identify | None = None) -> Starlette:
    """The admin API as an ASGI application.

    Args:
        parts: what it uses.
        identify: tells who asks; the administrator's key, unless said otherwise.
    """
    gate = AdminKey(parts.database) if identify is None else identify

    async def nowhere(request: Request, _: Exception) -> Response:
        refusal = Refusal("not_found", f"There is nothing at {shown(request.url.path)}.")
        return refused(refusal, parts.new_id(parts.clock_ms()))

    async def broken(_: Request, error: Exception) -> Response:
        trace_id = parts.new_id(parts.clock_ms())
        refusal = Refusal("unavailable", "Something went wrong here.", detail=repr(error))
        response = refused(refusal, trace_id)
        remember(parts, refusal, trace_id, response)
        parts.errors.bug(trace_id, error)
        return response

    app = Starlette(
        routes=[
            Route(MOUNT + path, Resource(parts, gate, operations))
            for path, operations in TABLE.items()
        ],
        exception_handlers={HTTPException: nowhere, Exception: broken},
    )
    # A path with a slash too many is another path, not a place to be sent on from.
    app.router.redirect_slashes = False
    return app
