"""How long a prompt is, for those who ask before they send it.

Knows the paths that count. Refuses to know how a tokenizer works, and to call a provider: the
answer is the model's own tokenizer's where its file is configured, and else an estimate that says
so in a header.
"""

from __future__ import annotations

from typing import Any

from glimway.engine.counting import Counted, Counting
from glimway.engine.house import House
from glimway.surface.api import Application, Headers, credentials
from glimway.surface.exchange import Exchange
from glimway.surface.methods import only
from glimway.surface.mounts import Mount, mount_of
from glimway.wire.body import decode_object
from glimway.wire.messages.counting import PATH, count_body, decode_count
from glimway.wire.refusal import Fault, Refusal

ESTIMATED = (b"x-glimway-estimated", b"input_tokens")
"""Marks a figure that no tokenizer has counted."""

_PATHS = frozenset(base + PATH for base in ("/v1", "/anthropic/v1"))


class CountingPaths:
    """Serves the paths that count; every other goes to the application behind.

    Args:
        house: the parts of the running server.
        counting: counts.
        behind: serves every other path.
    """

    def __init__(self, house: House, counting: Counting, behind: Application) -> None:
        self._house = house
        self._counting = counting
        self._behind = behind

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        path: str = scope["path"]
        if path not in _PATHS:
            await self._behind(scope, receive, send)
            return
        exchange: Exchange = scope["extensions"]["glimway"]
        mount = mount_of(path)
        trace_id = self._house.new_id(self._house.now_ms())
        headers: Headers = [(b"content-type", b"application/json"), *mount.named(trace_id)]
        try:
            only(scope["method"], "POST")
            tokens, estimated = await self._count(mount, exchange)
        except (Refusal, Fault) as error:
            refused = mount.refuse(error, trace_id)
            more = error.headers if isinstance(error, Refusal) else ()
            exchange.respond(refused.status, [*headers, *refused.headers, *more], refused.body)
            return
        if estimated:
            headers.append(ESTIMATED)
        exchange.respond(200, headers, count_body(tokens))

    async def _count(self, mount: Mount, exchange: Exchange) -> Counted:
        house, request = self._house, exchange.request
        token = credentials(request.headers, mount.key_header)[0]
        key = house.keys.now.identify(token, house.now_ms())
        body = exchange.body
        unseal = house.seals.unsealing(key.project, mount.side.name)
        asked = decode_object(body, depth_max=house.depth_max)
        call = decode_count(asked, request.headers, unseal)
        return await self._counting.count(call, len(body))
