"""The public API.

Knows which path leads where. Refuses to know what a request says: data paths go to the journey,
everything else to the application behind (``console``), which ``app`` hands in.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from glimway.engine.client import Ask
from glimway.engine.house import House
from glimway.engine.journey import travel
from glimway.surface.channel import is_offered
from glimway.surface.cors import answer_headers, preflight_headers
from glimway.surface.exchange import Exchange
from glimway.surface.mounts import MOUNTS, Mount, mount_of
from glimway.wire.refusal import Refusal

CLIENT_REQUEST_ID_CHARS_MAX = 128

Headers = list[tuple[bytes, bytes]]


class Application(Protocol):
    """An ASGI application."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]: ...  # noqa: D102


class Stateful(Protocol):
    """Serves calls whose answers may be kept."""

    def serve(self, ask: Ask, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Serve one call."""

    def upgrade(self, ask: Ask, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Serve a request that wants to become a WebSocket."""


class PublicApi:
    """Routes every request.

    Args:
        house: the parts of the running server.
        behind: serves every path that is no call.
        stateful: serves calls of mounts that keep answers; None: nothing is kept.
    """

    def __init__(self, house: House, behind: Application, stateful: Stateful | None = None) -> None:
        self._house = house
        self._stateful = stateful
        self._behind = behind
        self._calls = {mount.path: mount for mount in MOUNTS}
        self._targets = {mount.path.encode(): mount for mount in MOUNTS}
        """Calls as they are usually spelled, which need no scope."""

    def serve(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Serve one request. No coroutine of its own: each one in a chain is run through at every
        step of the request."""
        mount = self._targets.get(exchange.target)
        request = exchange.request
        if mount is None:
            scope = exchange.scope
            mount = self._calls.get(scope["path"])
            if mount is None:
                return self._behind(scope, exchange.receive, exchange.send)
        headers = request.headers
        if request.method != "POST":
            return self._not_a_call(exchange, mount, request.method, headers)
        token, client_request_id, origin = credentials(headers, mount.key_header)
        ask = Ask(
            mount,
            exchange.body,
            token,
            self._house.loop.time(),
            client_request_id,
            origin,
            () if origin is None else answer_headers(origin),
            headers,
        )
        exchange.ends_with_client = True
        if mount.keeps and self._stateful is not None:
            return self._stateful.serve(ask, exchange)
        exchange.tells_end = True
        return travel(self._house, ask, exchange)

    async def _not_a_call(
        self, exchange: Exchange, mount: Mount, method: str, given: Headers
    ) -> None:
        """A preflight, a WebSocket, or a mistake."""
        token, client_request_id, origin = credentials(given, None)
        stateful = self._stateful if mount.keeps and method == "GET" else None
        if stateful is not None and is_offered(given):
            now_s = self._house.loop.time()
            ask = Ask(mount, b"", token, now_s, client_request_id, headers=given)
            await stateful.upgrade(ask, exchange)
            return
        if method == "OPTIONS" and origin is not None and self._house.keys.now.allows(origin):
            exchange.respond(204, preflight_headers(origin, given), b"")
            return
        trace_id = self._house.new_id(self._house.now_ms())
        if method == "OPTIONS" and origin is None:
            exchange.respond(204, [_ALLOW, *mount.named(trace_id)], b"")
            return
        refused = mount.refuse(
            Refusal("method_not_allowed", f"This path takes POST, not {method}."), trace_id
        )
        headers: Headers = [
            (b"content-type", b"application/json"),
            _ALLOW,
            *mount.named(trace_id),
        ]
        exchange.respond(refused.status, headers, refused.body)


_ALLOW = (b"allow", b"POST, OPTIONS")


_TELLING = frozenset({b"authorization", b"origin", b"x-request-id"})


def credentials(
    headers: Headers, key_header: bytes | None
) -> tuple[str | None, str | None, str | None]:
    """The key, the client's own request id, and the browser origin that calls.

    Args:
        headers: of the request, names in lower case.
        key_header: a header whose key wins over the bearer token.
    """
    token = own = client_request_id = origin = None
    for name, value in headers:
        if name not in _TELLING:
            if name == key_header:
                own = value.strip().decode("latin-1")
        elif name == b"authorization":
            scheme, _, rest = value.partition(b" ")
            token = (rest if scheme.lower() == b"bearer" else value).strip().decode("latin-1")
        elif name == b"x-request-id":
            client_request_id = value.decode("latin-1")[:CLIENT_REQUEST_ID_CHARS_MAX]
        else:
            origin = value.decode("latin-1")
    return own or token, client_request_id, origin


def refuse_early(house: House) -> Any:
    """How the server's protocol says no before any route is known, in the path's mount's words."""

    def refuse(target: bytes, refusal: Refusal) -> tuple[int, Headers, bytes]:
        path = target.partition(b"?")[0].decode("latin-1")
        trace_id = house.new_id(house.now_ms())
        mount = mount_of(path)
        refused = mount.refuse(refusal, trace_id)
        headers: Headers = [
            (b"content-type", b"application/json"),
            *mount.named(trace_id),
            *refused.headers,
            *refusal.headers,
        ]
        return refused.status, headers, refused.body

    return refuse
