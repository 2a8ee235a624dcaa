"""One HTTP/1.1 connection to a provider.

Knows how to send one request at a time and to hand the answer's head, body and end to a sink, for
chunked, length-framed and close-framed bodies. Refuses to know what is in a body, why a request
is sent, and when to try again.

The sink is called from ``data_received`` itself: no task wakes for a chunk of a stream.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import httptools

from glimway.engine.outbox import Outbox
from glimway.engine.provider.framing import (
    HEADER_BYTES_MAX,
    PATIENCE_S_MAX,
    Header,
    mode_of,
    too_large,
    unreadable,
)
from glimway.wire.refusal import Fault

__all__ = ["HEADER_BYTES_MAX", "LINGER_S", "Connection", "FreeHook", "Header", "Sink"]

LINGER_S = 1.0
"""How long the end of the HTTP message may trail behind the dialect's own terminal mark."""


class Sink(Protocol):
    """Whoever reads one answer. Exactly one of ``end`` and ``fail`` is called, last."""

    def head(self, status: int, headers: list[Header]) -> None:
        """The head has come; header names are lower case."""

    def body(self, data: bytes) -> None:
        """The next bytes of the body, never empty."""

    def end(self) -> None:
        """The answer is complete."""

    def fail(self, fault: Fault, *, answered: bool) -> None:
        """The answer will not be completed; ``answered`` when any byte of it had come."""


Pieces = tuple[bytes, ...]
"""The bytes of one request, one after the other."""


class Connection(asyncio.Protocol):
    """A connection; made by ``dial``, kept by ``pool``. Requests go out through ``outbox``."""

    __slots__ = (
        "_answered",
        "_body_mode",
        "_close_after",
        "_head_bytes",
        "_outbox",
        "_unsent",
        "_whole",
        "_headers",
        "_paused",
        "_parser",
        "_pieces",
        "_sink",
        "_stuffed",
        "closed",
        "exchanges",
        "good_until_s",
        "on_free",
        "patience_s",
        "transport",
    )

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._unsent: Pieces = ()
        self.transport: asyncio.Transport | None = None
        self.closed = False
        self.exchanges = 0
        self.good_until_s = 0.0
        """Loop time until which it may be used again; the pool's."""
        self.patience_s = PATIENCE_S_MAX
        """How long the server says that it keeps an idle connection."""
        self.on_free: FreeHook | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._sink: Sink | None = None
        self._headers: list[Header] = []
        self._pieces: list[bytes] = []
        self._head_bytes = 0
        self._answered = False
        self._body_mode = ""
        self._close_after = self._whole = False
        self._paused = self._stuffed = False

    # ---- what the pool and the attempt call ---------------------------------------------------

    def send(self, request: Pieces, sink: Sink) -> None:
        """Send one whole request; the answer goes to ``sink``."""
        assert self.transport is not None  # noqa: S101 - connection_made came first
        self._sink = sink
        self._headers = []
        self._pieces = []
        self._head_bytes = 0
        self._answered = False
        self._body_mode = ""
        self._close_after = self._whole = False
        self.exchanges += 1
        self._unsent = request
        self._outbox.put(self)

    def flush(self) -> None:
        """Send the request that waits; the outbox calls this."""
        request, self._unsent = self._unsent, ()
        if request and not self.closed and self.transport is not None:
            self.transport.writelines(request)

    def close(self) -> None:
        """Close now: what the provider still sends is not wanted."""
        self._sink = None
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    def linger(self) -> None:
        """What was wanted is here, only the end of the HTTP message is not: keep the socket, unless
        that takes longer than ``LINGER_S``."""
        exchange = self.exchanges
        asyncio.get_running_loop().call_later(LINGER_S, self._stop_lingering, exchange)

    def pause(self) -> None:
        """Stop reading: the client is slower than the provider."""
        if not self._paused and self.transport is not None and not self.closed:
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._paused and self.transport is not None and not self.closed:
            self._paused = False
            self.transport.resume_reading()

    # ---- what the loop calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.transport = transport  # type: ignore[assignment]
        # Nothing is written beside requests: a paused writer is a request that is not out yet.
        transport.set_write_buffer_limits(1, 0)  # type: ignore[attr-defined]
        # One parser reads all answers of a connection; making one costs as much as a request's
        # whole head.
        self._parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        if self._sink is None:
            # Bytes nobody asked for (a late 408, a goodbye): this connection cannot be trusted.
            self.close()
            return
        if self._unsent:
            # The same, between the pool and the request's leaving: it answers nothing of it.
            self._break(Fault("unreachable", "the kept connection spoke before it was asked"))
            return
        self._answered = True
        if not self._body_mode:
            self._head_bytes += len(data)
        assert self._parser is not None  # noqa: S101 - it goes with the connection
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._flush()
            if self._whole:  # the answer was; what follows it is not
                self._close_after = True
                self._complete()
            else:
                self._break(unreadable(error))
            return
        if not self._body_mode and self._head_bytes > HEADER_BYTES_MAX:
            self._break(too_large())
            return
        pieces = self._pieces
        if pieces and self._sink is not None:
            self._pieces = []
            self._sink.body(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if self._whole:
            self._complete()

    def eof_received(self) -> bool:  # noqa: D102
        if self._sink is not None and self._body_mode == "close":
            self._flush()
            self._complete()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self.closed = True
        self._parser = None  # breaks the cycle with the parser's bound callbacks
        if self._sink is not None:
            what = "before an answer" if not self._answered else "in the middle of the answer"
            reason = f": {exc}" if exc is not None else ""
            kind = "broken" if self._answered else "unreachable"
            self._break(Fault(kind, f"the provider closed the connection {what}{reason}"))  # type: ignore[arg-type]
        if self.on_free is not None:
            self.on_free(self, False)

    def pause_writing(self) -> None:  # noqa: D102
        self._stuffed = True

    def resume_writing(self) -> None:  # noqa: D102
        self._stuffed = False

    # ---- what the parser calls ----------------------------------------------------------------

    def on_message_begin(self) -> None:  # noqa: D102
        if self._whole:
            # A second answer to one request: whose it is nobody knows.
            self._close_after = True

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102
        if self._body_mode:
            # A trailer, which says nothing to us but must not grow without end.
            self._head_bytes += len(name) + len(value)
            if self._head_bytes > HEADER_BYTES_MAX:
                raise too_large()
            return
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:  # noqa: D102
        assert self._parser is not None  # noqa: S101
        status = self._parser.get_status_code()
        if self._whole:
            return
        if status < 200:
            self._headers = []  # 1xx: the answer proper is still to come
            return
        if self._head_bytes > HEADER_BYTES_MAX:  # a large read, of which the head may be little
            length = sum(len(name) + len(value) for name, value in self._headers)
            if length > HEADER_BYTES_MAX:
                raise too_large()
        self._head_bytes = 0  # from here on it counts trailers, which have the same bound
        mode, self.patience_s = mode_of(status, self._headers)
        self._body_mode = mode
        self._close_after = not self._parser.should_keep_alive() or mode == "close"
        if self._sink is not None:
            self._sink.head(status, self._headers)

    def on_body(self, data: bytes) -> None:  # noqa: D102
        if not self._whole:
            self._pieces.append(data)

    def on_message_complete(self) -> None:  # noqa: D102
        if self._body_mode:
            # Ended only when all bytes at hand are read: what follows would show that the
            # connection cannot be used again.
            self._whole = True

    # ---- ends ---------------------------------------------------------------------------------

    def _flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and self._sink is not None:
            self._sink.body(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def _complete(self) -> None:
        sink, self._sink = self._sink, None
        self.resume()
        keep = not (self._close_after or self.closed or self._stuffed)
        if not keep:
            self.closed = True
            if self.transport is not None and self._stuffed:
                # Answered before the request was out: nobody wants the rest of it, and a polite
                # close would wait until it is sent.
                self.transport.abort()
            elif self.transport is not None:
                self.transport.close()
        elif self.on_free is not None:
            self.on_free(self, True)
        if sink is not None:
            sink.end()

    def _stop_lingering(self, exchange: int) -> None:
        if self._sink is not None and self.exchanges == exchange:
            self.close()

    def _break(self, fault: Fault) -> None:
        sink, self._sink = self._sink, None
        self.closed = True
        if self.transport is not None:
            self.transport.abort()
        if sink is not None:
            sink.fail(fault, answered=self._answered)


class FreeHook(Protocol):
    """Told when a connection is free again (``alive``) or gone."""

    def __call__(self, connection: Connection, alive: bool) -> None: ...  # noqa: D102, FBT001
