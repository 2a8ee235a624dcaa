"""A client's bytes to whole requests.

Knows HTTP/1.1 framing of requests (through httptools; ``head`` judges what that lets pass) and the
limits that hold while bytes arrive. Refuses to know sockets, timers and what a path means:
``feed(bytes) -> requests``.
"""

from __future__ import annotations

from typing import Any

import httptools

from glimway.surface.bounds import Bounds, encoded_body, not_http
from glimway.surface.head import Headers, Start, judge_headers, judge_start, judge_trailer
from glimway.surface.recurring import Recurring
from glimway.surface.request import Request
from glimway.wire.refusal import Refusal

PIPELINED_MAX = 32
"""Requests that one read may bring, and that may wait behind the one in progress; no known client
pipelines more than a few."""

PIECE_BYTES_MIN = 4096
"""Smaller pieces of a body are put together as they come: many of them in a list would take several
times their bytes. Larger ones are copied once, when the body is whole."""

FRAMING_BYTES_FREE = 65536
"""What chunk sizes, their extensions and trailers may take beside the body, whatever its size."""

FRAMING_PER_BODY_MAX = 2
"""What they may take more for each byte of the body: chunks of one byte cost far more to read."""

_OF_BODY = frozenset({b"content-encoding", b"content-length", b"expect"})


class Incoming:
    """Reads the requests of one connection."""

    __slots__ = (
        "_body",
        "_bounds",
        "_data",
        "_framing_bytes",
        "_head_bytes",
        "_headers",
        "_line",
        "_parser",
        "_pieces",
        "_recurring",
        "_requests",
        "_start",
        "body_bytes",
        "continue_wanted",
        "in_body",
        "in_head",
        "target",
        "wrong",
    )

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._requests: list[Request] = []
        self._recurring = Recurring(bounds.body_bytes_max, bounds.header_bytes_max)
        self._data = b""
        """What is being read."""
        self._pieces: list[bytes] = []
        """What was read before of a head that is not complete."""
        self._start: Start | None = None
        """The last request line that was good, and its bytes: the next one is mostly the same."""
        self._line = b""
        self._headers: Headers = []
        self._head_bytes = 0
        self._body: list[bytes | bytearray] = []
        self.body_bytes = 0
        """Of a body that is not complete."""
        self._framing_bytes = 0
        """Read since the head, less the body itself."""
        self.wrong: Refusal | None = None
        """What came is not HTTP, or larger than it may be; nothing more is read."""
        self.in_head = False
        """A head has begun and is not complete."""
        self.in_body = False
        """A head is complete and its body is not."""
        self.continue_wanted = False
        """The client waits for ``100 Continue`` before it sends the body."""
        self.target = b""

    def feed(self, data: bytes) -> list[Request]:
        """Take the next bytes; the requests they complete.

        ``wrong`` is set when something that follows those cannot be trusted; nothing is read any
        more then. It is the same however the bytes are cut.
        """
        if self.wrong is not None:
            return []
        assert self._parser is not None  # noqa: S101 - nothing is fed after close()
        in_body, body_bytes = self.in_body, self.body_bytes
        between = not in_body and not self.in_head
        if between and (request := self._recurring.again(data)) is not None:
            self.target = request.target
            return [request]
        while data:
            self._data = data
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._without_upgrade(data[upgrade.args[0] :])
                continue
            except httptools.HttpParserError as error:
                self._blame(error)
            break
        requests = self._requests
        if requests:
            self._requests = []
            self._note(data if between and len(requests) == 1 else b"", requests[-1])
        if self.in_head:
            self._keep_head(data, only=not requests)
        elif self.in_body and in_body and not requests:
            self._count_framing(len(data) - (self.body_bytes - body_bytes))
        self._data = b""
        return requests

    def close(self) -> None:
        """Read no more; breaks the cycle with the parser's bound callbacks."""
        self._parser = None

    # ---- what the parser calls ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begin()
        self.in_head = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line, or one trailer."""
        if self.in_body:
            wrong = judge_trailer(name)
            if wrong is not None:
                self._stop(not_http(wrong))
            return
        self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self.in_head = False
        self.in_body = True
        if self._head_bytes + len(self._data) > self._bounds.header_bytes_max:
            self._check_size()
        again = self._start is not None and self._data.startswith(self._line)
        if not again or self._pieces or self._requests:
            self._read_start()
        start = self._start
        assert start is not None  # noqa: S101 - it has just been read
        self._pieces.clear()
        self._head_bytes = 0
        if len(self._headers) > self._bounds.headers_max:
            self._stop(self._bounds.head_too_large())
        wrong = judge_headers(start.version, self._headers)
        if wrong is not None:
            self._stop(not_http(wrong))
        for name, value in self._headers:
            if name in _OF_BODY:
                self._judge_body(name, value)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.body_bytes += len(data)
        if self.body_bytes > self._bounds.body_bytes_max:
            self._stop(self._bounds.body_too_large(""))
        body = self._body
        if not body or len(data) >= PIECE_BYTES_MIN:
            body.append(data)
        elif isinstance(body[-1], bytearray):
            body[-1] += data
        else:
            body.append(bytearray(data))

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.in_body = self.continue_wanted = False
        parser = self._parser
        assert parser is not None  # noqa: S101 - it is calling
        body: list[Any] = self._body
        self._requests.append(
            Request(
                parser.get_method().decode("latin-1"),
                self.target,
                parser.get_http_version(),
                self._headers,
                body[0] if len(body) == 1 else b"".join(body),
                parser.should_keep_alive(),
            )
        )
        self._body, self.body_bytes = [], 0
        if len(self._requests) > PIPELINED_MAX:
            self._stop(Refusal("rate_limited", "Too much is pipelined on this connection."))

    # ---- inside ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.target = b""
        self._headers = []
        self._body = []
        self.body_bytes = self._framing_bytes = 0

    def _blame(self, error: Exception) -> None:
        """The parser has stopped: of itself, or because we did not want to go on."""
        if self.wrong is None:
            detail = str(error)
            self.wrong = Refusal("invalid", "The request is not valid HTTP.", detail=detail)

    def _note(self, data: bytes, request: Request) -> None:
        """See what came, all of which was this request if it is said at all."""
        if not request.keep_alive or self.wrong is not None:
            self._recurring.forget()
        elif data and not self.in_head:
            self._recurring.learn(data, request)

    def _keep_head(self, data: bytes, *, only: bool) -> None:
        """Count a read in which a head did not end; the beginning may belong to other requests."""
        bytes_max = self._bounds.header_bytes_max
        self._pieces.append(data if only else data[-bytes_max:])
        self._head_bytes += len(data) if only else 0
        if self._head_bytes > bytes_max:
            self.wrong = self.wrong or self._bounds.head_too_large()

    def _check_size(self) -> None:
        """Count the head itself: a large read may hold more than that."""
        lines = sum(len(name) + len(value) + 4 for name, value in self._headers)
        if len(self.target) + lines > self._bounds.header_bytes_max:
            self._stop(self._bounds.head_too_large())

    def _read_start(self) -> None:
        """Judge the request line. The parser forgives doubled spaces, and takes two other
        protocols' names for HTTP's: what it has understood must stand there word for word."""
        parser = self._parser
        assert parser is not None  # noqa: S101 - it is calling
        self._start = None
        start = Start(parser.get_method(), self.target, parser.get_http_version())
        self._line = start.line
        if self._line not in self._data and self._line not in b"".join([*self._pieces, self._data]):
            self._stop(not_http("its first line is not one of HTTP"))
        wrong = judge_start(start)
        if wrong is not None:
            self._stop(not_http(wrong))
        self._start = start

    def _judge_body(self, name: bytes, value: bytes) -> None:
        """Refuse a body by what its head says of it, before any of it is read."""
        assert self._start is not None  # noqa: S101 - it comes before the lines
        if name == b"expect":
            self.continue_wanted = self._start.version != "1.0"
        elif name == b"content-length":
            if int(value) > self._bounds.body_bytes_max:
                self._stop(self._bounds.body_too_large(f" ({int(value)} bytes)"))
        elif value.lower() not in (b"", b"identity"):
            self._stop(encoded_body(value))

    def _count_framing(self, size: int) -> None:
        self._framing_bytes += size
        if self._framing_bytes > FRAMING_BYTES_FREE + FRAMING_PER_BODY_MAX * self.body_bytes:
            self.wrong = self.wrong or Refusal(
                "too_large", "The request's chunks are far larger than what they carry."
            )

    def _without_upgrade(self, rest: bytes) -> bytes:
        """A request that offers another protocol, to be read as if it did not (RFC 9110, 7.8: a
        server may ignore the offer). The parser drops the body of such a request, so its head is
        read again without the offer; Java's own client offers ``h2c`` with every first request."""
        old = self._parser
        assert old is not None  # noqa: S101 - it has just spoken
        start = Start(old.get_method(), self.target, old.get_http_version())
        lines = [start.line]
        for name, value in self._headers:
            if name == b"connection":
                if b"close" in [word.strip() for word in value.lower().split(b",")]:
                    lines.append(b"connection: close\r\n")
            elif name not in (b"upgrade", b"http2-settings") or value.lower() == b"websocket":
                # By itself that header does nothing, and tells a path that knows WebSockets.
                lines.append(b"%b: %b\r\n" % (name, value))
        if self._requests:
            self._requests.pop()  # what the parser made of it, without a body
        self._parser = httptools.HttpRequestParser(self)
        return b"".join([*lines, b"\r\n", rest])

    def _stop(self, refusal: Refusal) -> None:
        self.wrong = refusal  # httptools passes no exception of ours on
        raise refusal
