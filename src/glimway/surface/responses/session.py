"""The WebSocket of the responses dialect: one request after the other on one connection.

Knows its messages: ``response.create`` comes in, the events of a stream go out, each a message.
The last answer stays known as long as the connection, also where nothing is kept. Refuses to know
frames, and how an answer is made.
Source: https://platform.openai.com/docs/guides/websocket-mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec

from glimway.domain.keys import Key
from glimway.engine.client import Ask, Client, Headers
from glimway.engine.house import House
from glimway.engine.journey import travel
from glimway.engine.peek import peek, seal_of
from glimway.surface.channel import Channel
from glimway.surface.exchange import Exchange
from glimway.surface.responses.continuing import whole_request, written
from glimway.surface.responses.desk import Desk, KeepingMount
from glimway.surface.sockets import Sockets
from glimway.wire import check
from glimway.wire.body import decode_object
from glimway.wire.events import Usage
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.responses.stored import continued, given_items
from glimway.wire.responses.style import style_of
from glimway.wire.responses.write import Writer
from glimway.wire.sse import encoded
from glimway.wire.websocket import GOING_AWAY, POLICY

CREATE = "response.create"

_decode = msgspec.json.Decoder().decode
_END = b"\n\n"
_DATA = b"\ndata: "


class Voice:
    """What stands in for a client's connection: it turns the frames of a stream into messages.

    Args:
        channel: where they go.
        exchange: whose client it is.
    """

    def __init__(self, channel: Channel, exchange: Exchange) -> None:
        self._channel = channel
        self._exchange = exchange

    @property
    def gone(self) -> bool:
        """The client has left."""
        return self._exchange.gone

    @property
    def paused(self) -> bool:
        """The client reads slower than we write."""
        return self._exchange.paused

    @property
    def written_bytes(self) -> int:
        """How much has been written."""
        return self._channel.written_bytes

    def respond(
        self, status: int, headers: Headers, body: bytes, lines: Iterable[bytes] = ()
    ) -> None:
        """Send an error: an answer is always a stream."""
        told = _decode(body)
        self._channel.send(encoded({"type": "error", "status": status, **told}))

    def begin(self, status: int, headers: Headers, lines: Iterable[bytes] = ()) -> None:
        """A stream begins; it has no head here."""

    def write(self, data: bytes) -> None:
        """Send frames."""
        for frame in data.split(_END):
            if frame.startswith(b":"):
                self._channel.ping()
            elif frame:
                self._channel.send(frame[frame.index(_DATA) + len(_DATA) :])

    def finish(self, data: bytes) -> None:
        """Send the last frames."""
        self.write(data)

    def cancel(self) -> None:
        """End the journey."""
        self._exchange.cancel()

    def on_pace(self, pace: Callable[[bool], None]) -> None:
        """Tell when the client slows down or recovers."""
        self._exchange.on_pace(pace)

    def over(self) -> None:
        """The journey has ended; whoever awaited it knows."""


class Remembered(msgspec.Struct, frozen=True):
    """The last answer of a connection: its id, all that was said up to it in JSON, and whether it
    is kept."""

    id: str
    items: bytes
    kept: bool


class Session:
    """Serves one WebSocket.

    Args:
        desk: what all requests share.
        channel: the WebSocket.
        sockets: all of the server.
        exchange: the request that became one.
        ask: that request.
    """

    def __init__(
        self, desk: Desk, channel: Channel, sockets: Sockets, exchange: Exchange, ask: Ask
    ) -> None:
        self._desk = desk
        self._sockets = sockets
        self._channel = channel
        self._exchange = exchange
        self._ask = ask
        self._last: Remembered | None = None

    async def run(self) -> None:
        """Serve messages until the client or the server ends."""
        channel, sockets = self._channel, self._sockets
        while (text := await channel.next()) is not None:
            sockets.work()
            try:
                sockets.judge()
                await self._serve(text)
            except (Refusal, Fault) as error:
                self._refuse(error)
                if error.kind == "unauthenticated":
                    channel.close(POLICY, "the key is valid no more")
            finally:
                sockets.rest()
        if channel.expired:
            self._refuse(_expired(sockets.life_s))
        channel.close(GOING_AWAY, "it is time" if channel.expired else "the server ends")

    async def _serve(self, text: bytes) -> None:
        house = self._desk.house
        body = _asked(decode_object(text, depth_max=house.depth_max))
        key = house.keys.now.identify(self._ask.token, house.now_ms())
        generates = body.pop("generate", True)
        whole, keeps = await self._whole(body, key)
        data = written(whole)
        self._channel.remember(len(data) + self._remembered_bytes)
        own = encoded(body)
        mount = KeepingMount(self._desk, own, self._ask.token, resolved=True, keep=keeps)
        ask = msgspec.structs.replace(
            self._ask, mount=mount, body=data, arrived_s=house.loop.time()
        )
        writer: Writer | None
        if generates is False:
            writer = self._warm(house, ask, key)
        else:
            voice = cast("Client", Voice(self._channel, self._exchange))
            await travel(house, ask, voice)
            writer = mount.answer
        self._remember(whole, writer)
        self._channel.remember(self._remembered_bytes)

    @property
    def _remembered_bytes(self) -> int:
        return len(self._last.items) if self._last is not None else 0

    def _remember(self, whole: dict[str, Any], writer: Writer | None) -> None:
        """Keep in mind what was said, for a request that goes on from it."""
        if writer is None or writer.response.get("status") not in ("completed", "incomplete"):
            return
        response = writer.kept()
        answer_id = str(response["id"])
        items = given_items(whole, answer_id.partition("_")[2])
        kept = response.get("store") is True
        said = encoded(items + list(response["output"]))
        self._last = Remembered(answer_id, said, kept)

    async def _whole(self, body: dict[str, Any], key: Key) -> tuple[dict[str, Any], bool]:
        """The request with all that it refers to, and whether its answer may be kept: one that
        goes on from an answer that is not kept would hang in the air."""
        last = self._last
        if last is not None and body.get("previous_response_id") == last.id:
            return continued(body, _decode(last.items)), last.kept
        return await whole_request(body, self._desk.kept, key.project), True

    def _warm(self, house: House, ask: Ask, key: Key) -> Writer:
        """Only remember what was said: nobody is asked, and nothing is charged."""
        call = peek(house, ask, key)
        at_ms = house.now_ms()
        answer_id = ask.mount.side.id_prefix + house.new_id(at_ms)
        style = style_of(call, answer_id, at_ms // 1000, seal=seal_of(house, ask, key))
        writer = Writer(msgspec.structs.replace(style, echo={**style.echo, "store": False}))
        voice = Voice(self._channel, self._exchange)
        voice.write(writer.frame([]))
        voice.write(writer.end([], Usage(), None))
        return writer

    def _refuse(self, error: Refusal | Fault) -> None:
        house = self._desk.house
        refused = self._desk.plain.refuse(error, house.new_id(house.now_ms()))
        Voice(self._channel, self._exchange).respond(refused.status, [], refused.body)


def _expired(life_s: float) -> Refusal:
    return Refusal(
        "invalid",
        f"A WebSocket is closed after {life_s / 60:g} minutes (the setting 'responses.socket_s'). "
        "Open a new one to go on.",
        code="websocket_connection_limit_reached",
    )


def _asked(message: dict[str, Any]) -> dict[str, Any]:
    """The request in a message; raises Refusal."""
    if message.get("type") != CREATE:
        check.wrong("type", message.get("type"), f'"{CREATE}"')
    inner = message.pop("response", None)
    body = {**message, **(check.mapping("response", inner) if inner is not None else {})}
    body.pop("type")
    if body.get("background") is True:
        check.wrong("background", value=True, accepted="left out on a WebSocket")
    body["stream"] = True
    return body
