"""One path of the admin API: the gate before its operations.

Knows that every operation declares one permission, and holds whoever comes to it before anything
of the request is read. Refuses to know what the operations do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from glimway.console.access import Identify, Permission
from glimway.console.answers import answer, refused
from glimway.console.parts import AdminParts, Reply, Visit
from glimway.engine.errors import ErrorEntry
from glimway.wire.refusal import Refusal

MOUNT: Final = "/admin/v1"


class Operation(NamedTuple):
    """What one method of one path does, and the permission it needs."""

    permission: Permission
    run: Callable[[Visit], Awaitable[Reply]]


class Resource:
    """An ASGI application for one path.

    Args:
        parts: of the admin API.
        identify: tells who asks.
        operations: by method.
    """

    def __init__(
        self, parts: AdminParts, identify: Identify, operations: Mapping[str, Operation]
    ) -> None:
        self.operations: Final = dict(operations)
        self._parts = parts
        self._identify = identify

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        parts = self._parts
        now_ms = parts.clock_ms()
        trace_id = parts.new_id(now_ms)
        try:
            reply = await self._serve(Request(scope, receive), now_ms)
            response = answer(reply.document, trace_id, reply.status)
        except Refusal as refusal:
            response = refused(refusal, trace_id)
            if response.status_code >= 500:
                remember(parts, refusal, trace_id, response)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _serve(self, request: Request, now_ms: int) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        operation = self.operations.get(method)
        if operation is None:
            allowed = ", ".join(sorted(self.operations))
            raise Refusal(
                "method_not_allowed",
                f"This path takes {allowed}, not {request.method}.",
                headers=((b"allow", allowed.encode()),),
            )
        principal = await self._identify(request.headers.raw)
        principal.require(operation.permission)
        return await operation.run(Visit(self._parts, request, principal, now_ms))


def remember(parts: AdminParts, refusal: Refusal, trace_id: str, response: Response) -> None:
    """Put a failure of our own on the list of errors."""
    parts.errors.add(
        ErrorEntry(
            at_ms=parts.clock_ms(),
            trace_id=trace_id,
            status=response.status_code,
            kind=refusal.kind,
            cause=refusal.detail or refusal.message,
            mount=MOUNT,
        )
    )
