"""The server's side of one client connection.

Knows when a client's requests are answered, in what order, how long it may take, and when it
leaves. Refuses to know framing (``incoming`` reads requests, ``exchange`` writes answers) and what
a path means: each whole request goes to ``Edge.serve`` as an exchange.

It stands in for uvicorn's own protocol class: a disconnect reaches the data path as a plain call,
limits hold while bytes arrive, and a request costs no task before it is complete.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from glimway.engine.wheel import Alarm
from glimway.surface.edge import Edge
from glimway.surface.exchange import Exchange
from glimway.surface.incoming import Incoming, Request
from glimway.surface.scope import Address
from glimway.wire.refusal import Refusal

WRITE_BUFFER_BYTES_HIGH = 64 * 1024
"""Above this much unsent data the provider is not read any further."""

PIPELINED_MAX = 32
"""Requests that may wait behind the one in progress; no known client pipelines more than a few."""

GENTLE_CLOSE_S = 1.0
"""How long a refused client may go on sending before it is cut."""

_log = logging.getLogger("glimway")


class ClientConnection(asyncio.Protocol):
    """One connection. The first four arguments are uvicorn's, ``edge`` is ours."""

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
        self._current: Exchange | None = None
        self._waiting: deque[Exchange] = deque(maxlen=PIPELINED_MAX)
        self._alarm: Alarm | None = None
        self._stall: Alarm | None = None
        """Lives from a full buffer to an empty one, whatever else is timed meanwhile."""
        self._closing = self._lost = self._distrusted = self._head_timed = False
        self._unsent: list[bytes] = []
        self.client: Address | None = None
        self.server: Address | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self._transport = transport  # type: ignore[assignment]
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn names its own classes
        assert self._transport is not None  # noqa: S101
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_HIGH)
        peer = transport.get_extra_info("peername")
        own = transport.get_extra_info("sockname")
        self.client = (str(peer[0]), int(peer[1])) if isinstance(peer, tuple) else None
        self.server = (str(own[0]), int(own[1])) if isinstance(own, tuple) else None
        self._arm(self._edge.header_timeout_s)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self._closing:
            return
        incoming = self._incoming
        try:
            for request in incoming.feed(data):
                self._received(request)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        if self._current is None and not self._closing:
            if incoming.in_body:
                if incoming.continue_wanted:
                    incoming.continue_wanted = False
                    self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self._arm(self._edge.body_idle_s)
            elif incoming.in_head and not self._head_timed:
                # Set once for a head: more bytes do not buy more time.
                self._head_timed = True
                self._arm(self._edge.header_timeout_s)

    def eof_received(self) -> bool:  # noqa: D102
        if self._current is not None:
            # Whoever closes while we answer has left. Closing would first wait for a reader that
            # may never read again.
            self._abort()
        return False

    def pause_writing(self) -> None:  # noqa: D102
        self.paused = True
        self._disarm()
        self._stall = self._edge.wheel.after(self._edge.write_stall_s, self._abort)
        if self._current is not None:
            self._current.pace(True)

    def resume_writing(self) -> None:  # noqa: D102
        self.paused = False
        self._end_stall()
        if self._current is not None:
            self._current.pace(False)
        elif not self._closing:
            self._arm(self._edge.keep_alive_s)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._state.connections.discard(self)
        self._closing = self._lost = True
        self._disarm()
        self._end_stall()
        current, self._current = self._current, None
        if current is not None:
            current.lost()
        self._waiting.clear()
        self._incoming.close()

    def shutdown(self) -> None:
        """Uvicorn's drain: an idle connection closes now, a busy one after its answer."""
        if self._current is None:
            self._close()
        else:
            self._current.keep_alive = False
            self._waiting.clear()

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
        if not exchange.keep_alive:
            if self._distrusted:
                self._close_gently()
            else:
                self._close()
            return
        if not self.paused:
            self._arm(self._edge.keep_alive_s)
        if self._waiting:
            self._begin(self._waiting.popleft())

    def _received(self, request: Request) -> None:
        exchange = Exchange(self, request)
        if self._current is None:
            self._begin(exchange)
        elif self._crowded():
            self._refuse(Refusal("rate_limited", "Too much is pipelined on this connection."))
        else:
            # Reading goes on: it is how we learn that the client has left.
            self._waiting.append(exchange)

    def _crowded(self) -> bool:
        waiting_bytes = sum(len(one.body) for one in self._waiting)
        return (
            len(self._waiting) >= PIPELINED_MAX or waiting_bytes > self._edge.bounds.body_bytes_max
        )

    def _begin(self, exchange: Exchange) -> None:
        self._head_timed = False
        self._disarm()
        self._current = exchange
        self._state.total_requests += 1
        task = self.loop.create_task(self._edge.serve(exchange))
        exchange.task = task
        self._state.tasks.add(task)
        task.add_done_callback(exchange.handled)

    def handled(self, exchange: Exchange) -> None:
        """The application has returned: a client must not wait for what it never finished."""
        task = exchange.task
        assert task is not None  # noqa: S101 - it called back
        self._state.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a request failed inside", exc_info=error)
        if exchange.complete or exchange.gone:
            return
        if exchange.began:
            self._abort()
        else:
            exchange.keep_alive = False
            self._answer_refusal(exchange, Refusal("unavailable", "The server could not answer."))

    def _refuse(self, refusal: Refusal) -> None:
        """Say no before any handler runs, and close: what follows cannot be trusted."""
        if self._closing:
            return
        if self._current is not None:
            # The answer in progress belongs to an earlier, sound request; it is cut with the rest.
            self._abort()
            return
        self._distrusted = True
        request = Request("GET", self._incoming.target, "1.1", [], b"", keep_alive=False)
        self._current = Exchange(self, request)
        self._answer_refusal(self._current, refusal)

    def _answer_refusal(self, exchange: Exchange, refusal: Refusal) -> None:
        status, headers, body = self._edge.refuse(exchange.target, refusal)
        exchange.respond(status, headers, body)

    def _arm(self, delay_s: float, then: Callable[[], None] | None = None) -> None:
        self._disarm()
        self._alarm = self._edge.wheel.after(delay_s, then or self._late)

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _end_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _late(self) -> None:
        if self._current is None:
            self._close()

    def _close(self) -> None:
        self.flush()
        self._closing = True
        self._disarm()
        if self._transport is not None:
            self._transport.close()

    def _close_gently(self) -> None:
        """Close our half and swallow what still comes for a moment: closing at once would make the
        kernel answer unread bytes with a reset, and that can overtake the refusal."""
        self.flush()
        self._closing = True
        if self._transport is not None and self._transport.can_write_eof():
            self._transport.write_eof()
        self._disarm()
        self._alarm = self._edge.wheel.after(GENTLE_CLOSE_S, self._abort)

    def _abort(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
