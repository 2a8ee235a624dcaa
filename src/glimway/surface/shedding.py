"""Calls of one connection that an overloaded server refuses.

Knows the last head that this connection was refused with: a client that asks again mostly sends the
same bytes, which need not be read anew. Refuses to know whether a call is too many (``pressure``)
and when it is told so (``curtness``).
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Protocol

from glimway.surface.edge import Edge
from glimway.surface.exchange import Exchange, Line
from glimway.surface.incoming import Incoming
from glimway.surface.request import Request
from glimway.wire.refusal import Refusal

REMEMBERED_BYTES_MAX = 16_384
"""Larger requests are read anew each time."""

_HEAD_END = b"\r\n\r\n"


class Refusing(Line, Protocol):
    """The connection, as far as its refused calls need it."""

    def take_up(self, request: Request) -> Exchange:
        """Answer this next."""


class Shedding:
    """The refused calls of one connection, one at a time.

    Args:
        line: the connection.
        edge: what it shares with others.
        incoming: reads its requests.
        under_way: requests of all connections that are being answered.
    """

    __slots__ = (
        "_edge",
        "_exchange",
        "_head",
        "_incoming",
        "_line",
        "_refusal",
        "_request",
        "_seen",
        "_size",
        "_under_way",
    )

    def __init__(self, line: Refusing, edge: Edge, incoming: Incoming, under_way: Sized) -> None:
        self._line = line
        self._edge = edge
        self._incoming = incoming
        self._under_way = under_way
        self._seen = b""
        """What is being read, when it may be one whole request."""
        self._head = b""
        """Of the last refused call; a body of so many bytes followed. Empty: none is known."""
        self._size = 0
        self._request: Request | None = None
        self._exchange: Exchange | None = None
        """Waits to be refused."""
        self._refusal: Refusal | None = None

    def again(self, data: bytes) -> bool:
        """Whether these bytes are the same call once more, and are dealt with: what has been judged
        sound, and to end where it ends, is so again. Nothing is being answered meanwhile."""
        self._seen = b""
        if self._incoming.in_head or self._incoming.in_body:
            return False
        head, request = self._head, self._request
        if request is None or len(data) != len(head) + self._size or not data.startswith(head):
            if len(data) <= REMEMBERED_BYTES_MAX:
                self._seen = data
            return False
        refusal = self._edge.pressure.call(len(self._under_way))
        if refusal is None:
            return False
        self._wait(self._line.take_up(request), refusal)
        return True

    def refuse(self, exchange: Exchange, refusal: Refusal) -> None:
        """Refuse a call that was read."""
        self._remember(exchange.request)
        self._wait(exchange, refusal)

    def say(self) -> None:
        """Refuse it now."""
        exchange, refusal = self._exchange, self._refusal
        self._exchange = None
        if exchange is None or refusal is None or exchange.gone:
            return
        request = exchange.request
        if request.http_version == "1.1" and request.method == "POST":
            answer = self._edge.pressure.curtness.ready(
                (exchange.target, exchange.keep_alive), lambda: self._answer(exchange, refusal)
            )
            exchange.respond_ready(answer)
        else:
            exchange.respond(*self._edge.refuse(exchange.target, refusal))

    def _wait(self, exchange: Exchange, refusal: Refusal) -> None:
        self._exchange, self._refusal = exchange, refusal
        self._edge.pressure.curtness.refuse(self)

    def _remember(self, request: Request) -> None:
        """Keep the head, if what has just been read is this one request and nothing else."""
        seen, self._seen = self._seen, b""
        size = len(request.body)
        if seen and seen.find(_HEAD_END) + len(_HEAD_END) + size == len(seen):
            self._head, self._size = seen[: len(seen) - size], size
            self._request = Request(
                request.method, request.target, request.http_version, [], b"", request.keep_alive
            )

    def _answer(self, exchange: Exchange, refusal: Refusal) -> bytes:
        status, headers, body = self._edge.refuse(exchange.target, refusal)
        return exchange.whole(status, headers, body, ())
