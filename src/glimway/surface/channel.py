"""A WebSocket on a client's connection.

Knows the handshake, pings, closing and how much may wait unread. Refuses to know what messages
say. The connection stays entered where it was: its old protocol still learns when the client
leaves or slows down.
Source: RFC 6455.
"""

from __future__ import annotations

import asyncio
from typing import Final

from glimway.engine.wheel import Alarm, Wheel
from glimway.surface.exchange import Exchange
from glimway.surface.head import Headers
from glimway.surface.pressure import BODY_BYTES_COUNTED_MIN
from glimway.surface.sockets import Sockets
from glimway.wire.refusal import Refusal
from glimway.wire.websocket import (
    MESSAGE_BYTES_MAX,
    NORMAL,
    POLICY,
    TRY_LATER,
    UNSUPPORTED,
    Message,
    MessageReader,
    accept_key,
    close_frame,
    ping_frame,
    pong_frame,
    text_frame,
)

WAITING_MESSAGES_MAX: Final = 32
"""Messages that wait while one is served."""
LOOK_S: Final = 1.0
"""How often it is looked whether the server ends."""
PING_AFTER_LOOKS: Final = 20
"""Silence of so many looks is asked into; of twice as many it is an end."""
LARGE_BYTES: Final = BODY_BYTES_COUNTED_MIN
"""Who has sent less is not closed where all together hold too much."""
CLOSE_WAIT_S: Final = 2.0
"""How long the other side may take to close after it was told to."""

_VERSION: Final = b"13"


def is_offered(headers: Headers) -> bool:
    """Whether a request wants to become a WebSocket."""
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in headers)


def accepted(headers: Headers) -> bytes:
    """The answer to a handshake.

    Raises:
        Refusal: ``invalid``: it is none of this version.
    """
    given = dict(headers)
    if given.get(b"sec-websocket-version") != _VERSION:
        raise Refusal("invalid", "Send the header 'Sec-WebSocket-Version: 13'.")
    accept = accept_key(given.get(b"sec-websocket-key", b""))
    if accept is None:
        raise Refusal("invalid", "Send 16 random bytes in Base64 as 'Sec-WebSocket-Key'.")
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: %b\r\n" % accept
    )


class Channel(asyncio.Protocol):
    """One WebSocket.

    Args:
        exchange: the request that became one.
        wheel: rings when it is time to look.
        sockets: all of the server; it was entered there.
        bytes_max: of one message, and of all that wait.
    """

    def __init__(
        self,
        exchange: Exchange,
        wheel: Wheel,
        sockets: Sockets,
        bytes_max: int = MESSAGE_BYTES_MAX,
    ) -> None:
        self.written_bytes = 0
        self.expired = False
        """No more messages are taken: it has lived long enough."""
        self.ending = False
        """No more messages are taken: the server ends."""
        self._exchange = exchange
        self._wheel = wheel
        self._sockets = sockets
        self._bytes_max = bytes_max
        self._reader = MessageReader(bytes_max)
        self._waiting: list[bytes] = []  # at most WAITING_MESSAGES_MAX
        self._waiting_bytes = 0
        self._remembered_bytes = 0
        self._counted_bytes = 0
        """Of all these, as the door knows them."""
        self._ends_s = wheel.loop.time() + sockets.life_s
        self._waiter: asyncio.Future[None] | None = None
        self._closed = self._lost = False
        self._busy = False
        """A message is being answered."""
        self._silent_looks = 0
        self._alarm: Alarm | None = None
        self._line: asyncio.Protocol
        self._transport: asyncio.Transport

    def open(self, answer: bytes) -> None:
        """Take the connection over; ``answer`` is the end of the handshake."""
        self._line, self._transport = self._exchange.hand_over(self)
        self._transport.write(answer)
        self._alarm = self._wheel.after(LOOK_S, self._look)

    async def next(self) -> bytes | None:
        """The next text; None: there will be no more."""
        self._busy = False
        while not self._waiting or self.expired:
            if self._closed or self.ending or self.expired:
                return None
            self._waiter = self._wheel.loop.create_future()
            await self._waiter
        text = self._waiting.pop(0)
        self._waiting_bytes -= len(text)
        self._busy = True
        return text

    def remember(self, size_bytes: int) -> None:
        """Say how much is held for this connection beside the messages that wait."""
        self._remembered_bytes = size_bytes
        self._weigh()

    def send(self, text: bytes) -> None:
        """Send a text."""
        self._write(text_frame(text))

    def ping(self) -> None:
        """Say that we are still there."""
        self._write(ping_frame())

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close, once; the client gets a moment to do the same. What is being answered is not
        wanted any more."""
        if self._closed:
            return
        if self._busy:
            self._exchange.gone = True  # nothing of it reaches the client any more
            self._exchange.cancel()
        self._write(close_frame(code, reason))
        self._closed = True
        self._quiet()
        self._exchange.complete = True
        self._alarm = self._wheel.after(CLOSE_WAIT_S, self._transport.abort)
        self._wake()

    # ---- what the transport tells ------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._silent_looks = 0
        for message in self._reader.feed(data):
            self._take(message)
        wrong = self._reader.wrong
        if wrong is not None:
            self.close(wrong.code, wrong.reason)
        elif self._weigh() and self._reader.held_bytes + self._waiting_bytes > LARGE_BYTES:
            self.close(TRY_LATER, "the server holds too many large requests")

    def eof_received(self) -> bool:
        """The client says no more, and so has left."""
        self._transport.abort()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._closed = True
        self._quiet()
        self._sockets.weigh(-self._counted_bytes)
        self._lost = True
        self._wake()
        self._line.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes less than we have."""
        self._line.pause_writing()

    def resume_writing(self) -> None:
        """The client has taken it."""
        self._line.resume_writing()

    # ---- inside ------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        if message.kind == "ping":
            self._write(pong_frame(message.data))
        elif message.kind == "close":
            self.close(message.code)
            self._transport.close()
        elif message.kind == "binary":
            self.close(UNSUPPORTED, "texts only")
        elif message.kind == "text" and not self._closed:
            size_bytes = self._waiting_bytes + len(message.data)
            many = len(self._waiting) >= WAITING_MESSAGES_MAX
            if many or (self._waiting and size_bytes > self._bytes_max):
                self.close(POLICY, "too many messages wait")
                return
            self._waiting.append(message.data)
            self._waiting_bytes = size_bytes
            self._wake()

    def _write(self, data: bytes) -> None:
        if not self._closed:
            self.written_bytes += len(data)
            self._transport.write(data)

    def _look(self) -> None:
        if not self._exchange.keep_alive:
            self.ending = True  # the server ends
            self._wake()
        elif self._wheel.loop.time() >= self._ends_s:
            self.expired = True
            self._wake()
        self._silent_looks += 1
        if self._silent_looks > 2 * PING_AFTER_LOOKS:
            self._transport.abort()
            return
        if self._silent_looks == PING_AFTER_LOOKS:
            self.ping()
        self._alarm = self._wheel.after(LOOK_S, self._look)

    def _weigh(self) -> bool:
        """Tell the door what is held here; whether all hold too much."""
        if self._lost:
            return False
        held = self._reader.held_bytes + self._waiting_bytes + self._remembered_bytes
        more, self._counted_bytes = held - self._counted_bytes, held
        return self._sockets.weigh(more)

    def _quiet(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
