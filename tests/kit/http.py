"""A client that sends what it is told, byte by byte, and tells what came and when.

Knows sockets and enough HTTP/1.1 and event streams to find the ends of things. Refuses to be
helpful: no retries, no redirects, no checks of what it sends, no reading ahead of what was asked.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

TIMEOUT_S = 20.0
"""How long a read or write may stall before the test fails."""

READ_BYTES = 64 * 1024


@dataclass
class Response:
    """A response as it came; ``body`` is empty until it was read."""

    status: int
    reason: str
    headers: list[tuple[str, str]]
    """Name in lower case and value, in order."""
    body: bytes = b""
    at_s: float = field(default_factory=time.monotonic)
    """When the head had come, monotonic."""

    def header(self, name: str) -> str | None:
        """The value of a header; several are joined by a comma; None when it is absent."""
        values = [value for known, value in self.headers if known == name.lower()]
        return ", ".join(values) if values else None

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Frame:
    """One event or comment of an event stream."""

    event: str | None
    data: str | None
    """Lines joined by a line feed; None for a comment."""
    comment: str | None
    at_s: float
    """When its last byte came, monotonic."""

    def json(self) -> Any:
        """The data as JSON."""
        assert self.data is not None, "a comment has no data"
        return json.loads(self.data)


class Client:
    """One connection; use it as a context manager.

    Args:
        url: where to connect; path and query are ignored.
        authority: trust this PEM file, for https.
    """

    def __init__(self, url: str, *, authority: object = None, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        self._authority = parts.netloc
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        self.socket = socket.create_connection((parts.hostname or "", port), timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=str(authority) if authority else None)
            self.socket = context.wrap_socket(self.socket, server_hostname=parts.hostname)
        self._inbox = b""
        self._method = ""
        self._body: Iterator[bytes] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- send -------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send bytes as they stand."""
        self.socket.sendall(data)

    def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Send a request with ``host`` and, with a body, ``content-length``."""
        self._method = method
        given = {"host": self._authority, **(headers or {})}
        if body is not None:
            given.setdefault("content-length", str(len(body)))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {given[name]}" for name in given)]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))

    def post_json(self, target: str, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """Send a JSON body."""
        given = {"content-type": "application/json", **(headers or {})}
        self.request("POST", target, given, json.dumps(body).encode())

    # --- read -------------------------------------------------------------------------------------

    def read_head(self) -> Response:
        """Read status line and headers; ``100 Continue`` is passed over.

        Raises:
            EOFError: the server closed before.
        """
        while b"\r\n\r\n" not in self._inbox:
            self._inbox += self._receive()
        head, _, self._inbox = self._inbox.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        _, status, *reason = first.split(" ", 2)
        if status == "100":
            return self.read_head()
        pairs = [line.partition(":") for line in lines]
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        response = Response(int(status), "".join(reason), headers)
        self._body = self._pieces(response)
        return response

    def read_body(self) -> bytes:
        """Read the rest of the body."""
        return b"".join(self._body)

    def read_piece(self) -> bytes | None:
        """Read the next bytes of the body as they come; None at its end."""
        return next(self._body, None)

    def read_response(self) -> Response:
        """Read head and body."""
        response = self.read_head()
        response.body = self.read_body()
        return response

    def frames(self) -> Iterator[Frame]:
        """Read the body as an event stream, each frame as soon as it is whole.

        Raises:
            EOFError: the stream ended within a frame, or the connection within the body.
        """
        text = b""
        for piece in self._body:
            text += piece.replace(b"\r\n", b"\n")
            *blocks, text = text.split(b"\n\n")
            yield from (_frame(block) for block in blocks)
        if text.strip():
            raise EOFError(f"the stream ended within a frame: {text!r}")

    def at_end(self) -> bool:
        """Wait for the server to close: True at a polite end, False when more bytes came."""
        return not self._inbox and not self.socket.recv(1)

    def _receive(self) -> bytes:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise EOFError("the server closed the connection")
        return data

    def _line(self) -> bytes:
        while b"\r\n" not in self._inbox:
            self._inbox += self._receive()
        line, _, self._inbox = self._inbox.partition(b"\r\n")
        return line

    def _exactly(self, n: int) -> Iterator[bytes]:
        while n:
            self._inbox = self._inbox or self._receive()
            piece, self._inbox = self._inbox[:n], self._inbox[n:]
            n -= len(piece)
            yield piece

    def _pieces(self, response: Response) -> Iterator[bytes]:
        length = response.header("content-length")
        if self._method == "HEAD" or response.status in (204, 304):
            return
        if "chunked" in (response.header("transfer-encoding") or ""):
            while size := int(self._line().split(b";")[0], 16):
                yield from self._exactly(size)
                assert self._line() == b"", "a chunk is not followed by a line's end"
            while self._line():
                pass  # trailers
        elif length is not None:
            yield from self._exactly(int(length))
        else:
            with contextlib.suppress(EOFError):
                while True:
                    piece, self._inbox = self._inbox or self._receive(), b""
                    yield piece

    # --- leave ------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close politely."""
        self.socket.close()

    def reset(self) -> None:
        """Break the connection: the server sees a reset (RST), as after a crash."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()


def call(
    url: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    *,
    method: str | None = None,
) -> Response:
    """One request on a connection of its own: POST with a JSON body, GET without."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with Client(url) as client:
        if body is None:
            client.request(method or "GET", target, headers)
        else:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            given = {"content-type": "application/json", **(headers or {})}
            client.request(method or "POST", target, given, data)
        return client.read_response()


def _frame(block: bytes) -> Frame:
    event: str | None = None
    data: list[str] = []
    comments: list[str] = []
    for line in block.decode().split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "":
            comments.append(value)
    return Frame(
        event,
        "\n".join(data) if data else None,
        "\n".join(comments) if comments else None,
        time.monotonic(),
    )
