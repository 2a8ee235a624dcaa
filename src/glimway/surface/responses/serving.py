"""Calls of the responses dialect, with all that they may ask of kept answers.

Knows which of them are plain, which go on from earlier answers and which run in the background.
Refuses to know how an answer is made: each becomes a journey.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import msgspec

from glimway.domain.keys import Key
from glimway.engine.client import Ask
from glimway.engine.errors import ErrorEntry
from glimway.engine.journey import travel
from glimway.surface.channel import Channel, accepted
from glimway.surface.exchange import Exchange
from glimway.surface.responses.background import Background
from glimway.surface.responses.continuing import may_refer, whole_request, written
from glimway.surface.responses.desk import Desk, KeepingMount
from glimway.surface.responses.session import Session
from glimway.surface.responses.showing import follow
from glimway.surface.sockets import Sockets
from glimway.wire.body import decode_object
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.responses.stored import retrieved
from glimway.wire.sse import encoded

Headers = list[tuple[bytes, bytes]]


class Calls:
    """Serves ``POST /v1/responses``.

    Args:
        desk: what all requests share.
        background: makes answers without a client.
        sockets: the WebSockets that there are.
    """

    def __init__(self, desk: Desk, background: Background, sockets: Sockets) -> None:
        self._sockets = sockets
        self._desk = desk
        self._background = background

    def serve(self, ask: Ask, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Serve one call; most want nothing that was said before."""
        if may_refer(ask.body):
            return self._refer(ask, exchange)
        mount = KeepingMount(self._desk, ask.body, ask.token)
        return travel(self._desk.house, msgspec.structs.replace(ask, mount=mount), exchange)

    async def upgrade(self, ask: Ask, exchange: Exchange) -> None:
        """Serve a request that wants to become a WebSocket."""
        desk, house, sockets = self._desk, self._desk.house, self._sockets
        try:
            house.keys.now.identify(ask.token, house.now_ms())
            answer = accepted(ask.headers)
            sockets.enter()
        except Refusal as error:
            self._refuse(ask, exchange, error)
            return
        try:
            exchange.ends_with_client = True
            trace_id = house.new_id(house.now_ms())
            channel = Channel(exchange, house.wheel, sockets)
            channel.open(b"%bx-request-id: %b\r\n\r\n" % (answer, trace_id.encode()))
            await Session(desk, channel, sockets, exchange, ask).run()
        finally:
            sockets.leave()

    async def resolved(self, ask: Ask) -> tuple[Ask, Key, bool]:
        """A request that says everything itself, whose it is, and whether it is for the background.

        Raises:
            Refusal: the key, the body, or what it refers to.
        """
        desk, house = self._desk, self._desk.house
        key = house.keys.now.identify(ask.token, house.now_ms())
        body = decode_object(ask.body, depth_max=house.depth_max)
        whole = await whole_request(body, desk.kept, key.project)
        data = ask.body if whole is body else written(whole)
        mount = KeepingMount(desk, ask.body, ask.token, resolved=True)
        ask = msgspec.structs.replace(ask, mount=mount, body=data)
        return ask, key, whole.get("background") is True

    async def _refer(self, ask: Ask, exchange: Exchange) -> None:
        """Serve a call that may want state."""
        try:
            told, key, background = await self.resolved(ask)
            if background:
                await self._begin(told, key, ask.body, exchange)
                return
        except (Refusal, Fault) as error:
            self._refuse(ask, exchange, error)
            return
        await travel(self._desk.house, told, exchange)

    async def _begin(self, ask: Ask, key: Key, body: bytes, exchange: Exchange) -> None:
        job = self._background.begin(ask, key, body)
        headers: Headers = [(b"x-request-id", job.whose.stem.encode())]
        if ask.origin is not None and key.allows(ask.origin):
            headers += ask.origin_headers
        if job.stream:
            await follow(job, exchange, headers, 0)
            return
        headers.append((b"content-type", b"application/json"))
        exchange.respond(200, headers, encoded(retrieved(job.response)))

    def _refuse(self, ask: Ask, exchange: Exchange, error: Refusal | Fault) -> None:
        """Say no before a journey began, and remember it for the operator."""
        house, mount = self._desk.house, ask.mount
        at_ms = house.now_ms()
        trace_id = house.new_id(at_ms)
        refused = mount.refuse(error, trace_id)
        headers = [(b"content-type", b"application/json"), *mount.named(trace_id)]
        headers += refused.headers
        if isinstance(error, Refusal):
            headers += error.headers
        exchange.respond(refused.status, headers, refused.body)
        house.errors.add(
            ErrorEntry(
                at_ms=at_ms,
                trace_id=trace_id,
                status=refused.status,
                kind=error.kind,
                cause=error.detail or str(error),
                mount=mount.name,
                model=None,
                key=None,
            )
        )
