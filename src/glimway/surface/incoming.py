"""A client's bytes to whole requests.

Knows HTTP/1.1 framing of requests (through httptools; ``head`` judges what that lets pass) and the
limits that hold while bytes arrive. Refuses to know sockets, timers and what a path means:
``feed(bytes) -> requests``.
"""

from __future__ import annotations

import httptools
import msgspec

from glimway.surface.head import judge_head
from glimway.wire.refusal import Refusal

Headers = list[tuple[bytes, bytes]]


class Bounds(msgspec.Struct, frozen=True):
    """What one request may be at most."""

    header_bytes_max: int = 65536
    headers_max: int = 128
    body_bytes_max: int = 33554432


class Request(msgspec.Struct, frozen=True):
    """One whole request; header names are lower case."""

    method: str
    target: bytes
    http_version: str
    headers: Headers
    body: bytes
    keep_alive: bool


class Incoming:
    """Reads the requests of one connection."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_bounds",
        "_head_bytes",
        "_headers",
        "_parser",
        "_refusal",
        "_requests",
        "continue_wanted",
        "in_body",
        "target",
    )

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._requests: list[Request] = []
        self._refusal: Refusal | None = None
        self._head_bytes = 0
        self.in_body = False
        """A head is complete and its body is not."""
        self.continue_wanted = False
        """The client waits for ``100 Continue`` before it sends the body."""
        self.on_message_begin()

    @property
    def in_head(self) -> bool:
        """A head has begun and is not complete."""
        return self._head_bytes > 0

    def feed(self, data: bytes) -> list[Request]:
        """Take the next bytes; the requests they complete.

        Raises:
            Refusal: what came is not HTTP, or larger than it may be. Nothing that follows on this
                connection can be trusted then.
        """
        assert self._parser is not None  # noqa: S101 - nothing is fed after close()
        if not self.in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            raise self._refusal or Refusal(
                "invalid", "The request is not valid HTTP.", detail=str(error)
            ) from None
        if self._head_bytes > self._bounds.header_bytes_max:
            raise self._head_too_large()
        requests = self._requests
        if requests:
            self._requests = []
        return requests

    def close(self) -> None:
        """Read no more; breaks the cycle with the parser's bound callbacks."""
        self._parser = None

    # ---- what the parser calls ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self.target = b""
        self._headers: Headers = []
        self._body: list[bytes] = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._head_bytes = 0
        self.in_body = True
        if len(self._headers) > self._bounds.headers_max:
            self._stop(self._head_too_large())
        parser = self._parser
        assert parser is not None  # noqa: S101 - it is calling
        wrong = judge_head(parser.get_http_version(), self.target, self._headers)
        if wrong is not None:
            self._stop(Refusal("invalid", f"The request is not valid HTTP: {wrong}."))
        for name, value in self._headers:
            if name == b"content-length" and int(value) > self._bounds.body_bytes_max:
                self._stop(self._body_too_large(f" ({int(value)} bytes)"))
            if name == b"expect" and value.lower() == b"100-continue":
                self.continue_wanted = True

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(data)
        if self._body_bytes > self._bounds.body_bytes_max:
            self._stop(self._body_too_large(""))
        self._body.append(data)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.in_body = self.continue_wanted = False
        parser, body = self._parser, self._body
        assert parser is not None  # noqa: S101 - it is calling
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

    # ---- inside ---------------------------------------------------------------------------------

    def _without_upgrade(self, rest: bytes) -> None:
        """Read a request that offers another protocol as if it did not (RFC 9110, 7.8: a server may
        ignore the offer). The parser drops the body of such a request, so its head is read again
        without the offer; Java's own client offers ``h2c`` with every first request."""
        old = self._parser
        assert old is not None  # noqa: S101 - it has just spoken
        lines = [old.get_method() + b" " + self.target + b" HTTP/1.1"]
        lines += [
            name + b": " + value
            for name, value in self._headers
            if name not in (b"upgrade", b"connection", b"http2-settings")
        ]
        if self._requests:
            self._requests.pop()  # what the parser made of it, without a body
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    def _stop(self, refusal: Refusal) -> None:
        self._refusal = refusal  # httptools passes no exception of ours on
        raise refusal

    def _head_too_large(self) -> Refusal:
        return Refusal(
            "too_large",
            f"The request's header is larger than {self._bounds.header_bytes_max} bytes "
            f"or has more than {self._bounds.headers_max} lines.",
            code="header_too_large",
        )

    def _body_too_large(self, given: str) -> Refusal:
        return Refusal(
            "too_large",
            f"The request body{given} is larger than {self._bounds.body_bytes_max} bytes.",
        )
