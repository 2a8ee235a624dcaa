"""A crowd of clients in one event loop, each with one request in progress.

Knows enough HTTP/1.1 to tell a whole answer from a part of one. Refuses to know what is asked: a
drill hands out numbered requests and judges what came back.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast
from urllib.parse import urlsplit

from drills.books import name
from kit.answers import DONE
from kit.recorded import head_end, is_chunked

CHAT = "/v1/chat/completions"


@dataclass
class Sent:
    """One request of the crowd and what its client has seen; times are monotonic seconds."""

    number: int
    stream: bool
    status: int | None = None
    answer: bytes = b""
    """What came of the body, without the framing of chunks."""
    whole: bool = False
    """A whole body, or a stream with its terminal mark."""
    left_s: float | None = None
    """When the client left before that."""
    sent_s: float = field(default_factory=time.monotonic)
    first_s: float | None = None
    """When the first bytes of the answer came."""

    @property
    def cost_usd(self) -> Decimal:
        """What the whole answer says it costs."""
        data = self.answer
        if self.stream:
            *_, last, done, nothing = data.split(b"\n\n")
            assert (done, nothing) == (b"data: [DONE]", b""), data
            data = last.removeprefix(b"data: ")
        cost = json.loads(data, parse_float=Decimal)["usage"]["cost"]
        return Decimal(cost)


@dataclass(frozen=True)
class Ask:
    """One request to be sent."""

    number: int
    stream: bool
    body: bytes
    key: str

    def raw(self, authority: str) -> bytes:
        """Head and body."""
        lines = [
            f"POST {CHAT} HTTP/1.1",
            f"host: {authority}",
            f"authorization: Bearer {self.key}",
            f"x-request-id: {name(self.number)}",
            "content-type: application/json",
            f"content-length: {len(self.body)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Crowd:
    """Clients of one gateway.

    Args:
        url: the gateway's.
        next: the next request of any client; None ends that client.
    """

    url: str
    next: Callable[[], Ask | None]
    sent: list[Sent] = field(default_factory=list)
    """In the order in which they were sent."""
    answered: int = 0
    """Answers that came to their end, refusals included."""
    wholes: int = 0
    """Of those, the good ones."""

    async def join(self) -> Caller:
        """Connect one more client, which sends at once.

        Raises:
            OSError: nobody listens.
        """
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        own = socket.socket()
        own.setblocking(False)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(own, (parts.hostname, parts.port))
        except OSError:
            own.close()
            raise
        caller = Caller(self, own, parts.netloc)
        transport, _ = await loop.create_connection(lambda: caller, sock=own)
        if transport.is_closing():
            # It was over before uvloop took hold of the socket, which is the transport's to close.
            own.detach()
        return caller


class Caller(asyncio.Protocol):
    """One client."""

    def __init__(self, crowd: Crowd, own: socket.socket, authority: str) -> None:
        self.gone = asyncio.Event()
        """Its socket is closed."""
        self.sent: Sent | None = None
        """The request in progress, or the last one."""
        self._crowd = crowd
        self._socket = own
        self._authority = authority
        self._inbox = bytearray()

    def leave(self, reset: bool) -> None:
        """Close politely (FIN) or break the connection (RST)."""
        if self.gone.is_set():
            return
        if self.sent is not None and not self.sent.whole:
            self.sent.left_s = time.monotonic()
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    # --- told by the loop -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is whole."""
        if self.sent is not None and self.sent.first_s is None:
            self.sent.first_s = time.monotonic()
        self._inbox += data
        if self._look():
            self._crowd.answered += 1
            head = bytes(self._inbox[: head_end(self._inbox)]).lower()
            self._inbox.clear()
            if b"\r\nconnection: close\r\n" in head:
                self._transport.close()
            else:
                self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self.gone.set()

    # --- inside -----------------------------------------------------------------------------------

    def _send(self) -> None:
        ask = self._crowd.next()
        if ask is None:
            self._transport.close()
            return
        self.sent = Sent(ask.number, ask.stream)
        self._crowd.sent.append(self.sent)
        self._transport.write(ask.raw(self._authority))

    def _look(self) -> bool:
        """Take what has come into the record; True at the answer's end."""
        sent, start = self.sent, head_end(self._inbox)
        assert sent is not None
        if start is None:
            return False
        head, rest = bytes(self._inbox[:start]), bytes(self._inbox[start:])
        sent.status = int(head.split(b" ", 2)[1])
        if is_chunked(head):
            sent.answer, ended = _unchunked(rest)
        else:
            sent.answer, ended = rest, len(rest) == _length(head)
        # A stream is whole with its terminal mark, though the last chunk may still be on its way.
        done = sent.answer.endswith(DONE) if sent.stream else ended
        if done and sent.status == 200 and not sent.whole:
            sent.whole = True
            self._crowd.wholes += 1
        return ended


def _length(head: bytes) -> int:
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(found[0].partition(b":")[2])


def _unchunked(data: bytes) -> tuple[bytes, bool]:
    """The body that chunks carry so far, and whether its end has come."""
    pieces: list[bytes] = []
    at = 0
    while (line_end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line_end], 16)
        at = line_end + 2
        if size == 0:
            return b"".join(pieces), data.startswith(b"\r\n", at)
        pieces.append(data[at : at + size])
        at += size + 2
    return b"".join(pieces), False
