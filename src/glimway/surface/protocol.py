"""The server's side of one client connection.

Knows when a client's requests are answered, in what order, and when it leaves. Refuses to know
framing (``incoming`` reads requests, ``exchange`` writes answers), how long a client may take
(``patience``) and what a path means: each whole request goes to ``Edge.serve`` as an exchange.

It stands in for uvicorn's own protocol class: a disconnect reaches the data path as a plain call,
limits hold while bytes arrive, and a request costs no task before it is complete.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from glimway.surface.edge import Edge, bound_buffers
from glimway.surface.exchange import Exchange
from glimway.surface.incoming import PIPELINED_MAX, Incoming
from glimway.surface.patience import GENTLE_CLOSE_S, IDLE_CLOSE_S, Patience
from glimway.surface.pressure import BODY_BYTES_COUNTED_MIN, TURNED_AWAY_AT_ONCE_MAX
from glimway.surface.request import Request
from glimway.surface.scope import Ends, ends_of
from glimway.surface.shedding import Shedding
from glimway.wire.refusal import Refusal


class ClientConnection(asyncio.Protocol):
    """One connection. The first four arguments are uvicorn's, ``edge`` is ours."""

    __slots__ = (
        "_closing", "_current", "_edge", "_held_bytes", "_incoming", "_last", "_lost", "_no",
        "_patience", "_shedding", "_state", "_transport", "_turned_away", "_unsent", "_waiting",
        "loop", "paused",
    )  # fmt: skip

    def __init__(
        self,
        edge: Edge,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._edge = edge
        self._state = server_state
        self.loop = _loop or asyncio.get_running_loop()
        self.paused = False
        self._transport: asyncio.Transport | None = None
        self._incoming = Incoming(edge.bounds)
        self._patience = Patience(edge, self._late, self._abort)
        self._current: Exchange | None = None
        self._waiting: list[Exchange] = []  # at most PIPELINED_MAX
        self._no: Refusal | None = None  # said when all sound requests before it are answered
        self._closing = self._lost = self._turned_away = self._last = False
        self._held_bytes = 0  # of large bodies, as counted in the edge's pressure
        self._unsent: list[bytes] = []
        self._shedding: Shedding | None = None  # from the first call on that was too many

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = transport  # type: ignore[assignment]
        pressure = self._edge.pressure
        if (full := pressure.full()) is not None:
            self._turn_away(full)
            return
        pressure.connections += 1
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own classes
        bound_buffers(transport)
        self._patience.connected()

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self._closing or self._no is not None:
            return
        if self._shedding is not None and self._current is None and self._shedding.again(data):
            return
        incoming = self._incoming
        for request in incoming.feed(data):
            self._received(request)
        if incoming.wrong is not None:
            self._refuse(incoming.wrong)
            return
        if self._held_bytes or incoming.body_bytes > BODY_BYTES_COUNTED_MIN:
            self._weigh()
            if incoming.in_body and (heavy := self._edge.pressure.heavy()) is not None:
                self._refuse(heavy)
                return
        if self._current is None and not self._closing:
            if incoming.continue_wanted and incoming.in_body:
                incoming.continue_wanted = False
                self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._patience.more(incoming)

    def eof_received(self) -> bool:  # noqa: D102
        if self._current is not None:
            # Whoever closes while we answer has left; a close would wait for a reader.
            self._abort()
        return False

    def pause_writing(self) -> None:  # noqa: D102
        self.paused = True
        self._patience.full()
        if self._current is not None:
            self._current.pace(True)

    def resume_writing(self) -> None:  # noqa: D102
        self.paused = False
        self._patience.empty()
        if self._current is not None:
            self._current.pace(False)
        elif not self._closing:
            self._patience.answered(self._incoming)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        pressure = self._edge.pressure
        if self._turned_away:
            pressure.turned_away -= 1
        elif not self._lost:
            pressure.connections -= 1
        self._state.connections.discard(self)
        self._closing = self._lost = True
        self._patience.end()
        current, self._current = self._current, None
        if current is not None:
            current.lost()
        self._waiting.clear()
        self._incoming.close()
        pressure.bodies_bytes -= self._held_bytes
        self._held_bytes = 0

    def shutdown(self) -> None:
        """The server's end: what was asked, or is on its way for a moment, is answered."""
        self._last, self._shedding = True, None
        if self._current is not None:
            self._current.keep_alive = bool(self._waiting)
        elif not self._incoming.in_head and not self._incoming.in_body:
            self._patience.linger(IDLE_CLOSE_S, self._close)

    def write_later(self, data: bytes) -> None:
        """Write bytes at the end of the loop's turn, together with other connections'."""
        if not self._unsent:
            self._edge.outbox.put(self)
        self._unsent.append(data)

    def flush(self) -> None:
        """Write what waits; the outbox calls this."""
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            if not self._lost:
                self._transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))  # type: ignore[union-attr]

    def write(self, data: bytes) -> None:
        """Write bytes to the client at once."""
        if self._unsent:
            self.flush()
        if not self._lost:
            self._transport.write(data)  # type: ignore[union-attr]  # open, so it is there

    def ends(self) -> Ends:
        """The socket's, as far as they have addresses."""
        return ends_of(self._transport)

    def hand_over(self, taker: asyncio.Protocol) -> asyncio.Transport:
        """Let another protocol read what comes from now on; it tells this one of the rest."""
        self._transport.set_protocol(taker)  # type: ignore[union-attr]  # open, so it is there
        if self._waiting or self._no is not None:
            self._abort()  # something came before it could
        return self._transport  # type: ignore[return-value]

    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """Headers of every answer (``date``), kept fresh by uvicorn once a second."""
        return self._state.default_headers

    def answered(self, exchange: Exchange) -> None:
        """The exchange's answer is written: go on with the next request, or close."""
        if exchange is not self._current:
            return
        self._current = None
        if self._closing:
            return
        if self._held_bytes:
            self._weigh()
        if not exchange.keep_alive:
            (self._close if self._no is None else self._close_gently)()
        elif self._waiting:
            self._begin(self._waiting.pop(0))
        elif self._no is not None:
            self._say_no(self._no)
        elif not self.paused:
            self._patience.answered(self._incoming)

    def take_up(self, request: Request) -> Exchange:
        """Answer this next."""
        self._patience.answering()
        self._current = Exchange(self, request)
        return self._current

    def _received(self, request: Request) -> None:
        exchange = Exchange(self, request)
        if self._current is None:
            self._begin(exchange)
        elif self._crowded():
            self._refuse(Refusal("rate_limited", "Too much is pipelined on this connection."))
        elif self._no is None:
            # Reading goes on: it is how we learn that the client has left.
            self._waiting.append(exchange)

    def _crowded(self) -> bool:
        held = sum(len(one.body) for one in self._waiting)
        return len(self._waiting) >= PIPELINED_MAX or held > self._edge.bounds.body_bytes_max

    def _begin(self, exchange: Exchange) -> None:
        self._patience.answering()
        self._current = exchange
        if self._last and not self._waiting:
            exchange.keep_alive = False
        tasks = self._state.tasks
        calls, target = self._edge.calls, exchange.target
        called = target in calls or target.partition(b"?")[0] in calls
        if called and (refusal := self._edge.pressure.call(len(tasks))) is not None:
            self._shedding = self._shedding or Shedding(self, self._edge, self._incoming, tasks)
            self._shedding.refuse(exchange, refusal)
            return
        # Not by the loop: it would make up a name for each.
        task = asyncio.Task(self._edge.serve(exchange), loop=self.loop, name="request")
        exchange.task = task
        tasks.add(task)
        if not exchange.tells_end:
            task.add_done_callback(exchange.handled)

    def handled(self, exchange: Exchange) -> None:
        """The application is at its end: a client must not wait for what it never finished."""
        self._state.tasks.discard(exchange.task)
        if exchange.complete or exchange.gone:
            return
        if exchange.began:
            self._abort()
        else:
            exchange.keep_alive = False
            self._answer_refusal(exchange, Refusal("unavailable", "The server could not answer."))

    def _refuse(self, refusal: Refusal) -> None:
        """Say no and close, once the sound requests that came before are answered."""
        if self._closing or self._no is not None:
            return
        self._no = refusal
        if self._current is None:
            self._say_no(refusal)

    def _say_no(self, refusal: Refusal) -> None:
        request = Request("GET", self._incoming.target, "1.1", [], b"", keep_alive=False)
        self._answer_refusal(self.take_up(request), refusal)

    def _turn_away(self, refusal: Refusal) -> None:
        """Say no before anything was asked, quickly: one more connection is too many."""
        pressure = self._edge.pressure
        self._turned_away = True
        pressure.turned_away += 1
        self._abort() if pressure.turned_away > TURNED_AWAY_AT_ONCE_MAX else self._refuse(refusal)

    def _answer_refusal(self, exchange: Exchange, refusal: Refusal) -> None:
        exchange.respond(*self._edge.refuse(exchange.target, refusal))

    def _weigh(self) -> None:
        """Count the bytes of large bodies that are here now."""
        held = self._incoming.body_bytes + sum(len(one.body) for one in self._waiting)
        if self._current is not None:
            held += len(self._current.body)
        self._edge.pressure.bodies_bytes += held - self._held_bytes
        self._held_bytes = held

    def _late(self) -> None:
        if self._current is None:
            self._close()

    def _close(self) -> None:
        self.flush()
        self._closing = True
        if self._transport is not None:
            self._transport.close()
        # What is not sent yet goes out first, to a client that may never read it.
        self._patience.linger(self._edge.write_stall_s, self._abort)

    def _close_gently(self) -> None:
        """Close our half and swallow what still comes for a moment: unread bytes would be answered
        with a reset, which can overtake the refusal."""
        self.flush()
        self._closing = True
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()
        self._patience.linger(GENTLE_CLOSE_S, self._abort)

    def _abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
