"""A request as a scripted provider received it.

Knows the bytes, when they came, and enough HTTP/1.1 to find the end of a request and to look at
its parts. Refuses to judge the request: a test does that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

REQUEST_BYTES_MAX = 256 * 1024 * 1024
"""A peer that sends more is stopped, lest a mistake fill the memory."""


@dataclass
class Recorded:
    """One request. All times are ``time.monotonic()`` seconds."""

    connection: int
    """Which connection it came on, counted from 0."""
    raw: bytes
    """Exactly what arrived."""
    head_bytes: int
    """Where in ``raw`` the head ends, its blank line included."""
    at_s: float
    """When its last byte arrived."""
    sent_bytes: int = 0
    """How much of the answer the kernel has taken so far."""
    answered: bool = False
    """The script came to its end."""
    left_s: float | None = None
    """When the peer closed while this was the connection's latest request."""

    @property
    def method(self) -> str:
        """As sent."""
        return self._lines[0].split(" ")[0]

    @property
    def target(self) -> str:
        """Path and query, as sent."""
        return self._lines[0].split(" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Name in lower case and value, in order."""
        pairs = (line.partition(":") for line in self._lines[1:])
        return [(name.lower(), value.strip()) for name, _, value in pairs]

    def header(self, name: str) -> str | None:
        """The value of a header; several are joined by a comma; None when it is absent."""
        values = [value for known, value in self.headers if known == name.lower()]
        return ", ".join(values) if values else None

    @property
    def body(self) -> bytes:
        """The body, without the framing of chunks."""
        sent = self.raw[self.head_bytes :]
        return unchunked(sent)[0] if is_chunked(self.raw[: self.head_bytes]) else sent

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def _lines(self) -> list[str]:
        return self.raw[: self.head_bytes].decode("latin-1").rstrip("\r\n").split("\r\n")


def head_end(data: bytes | bytearray) -> int | None:
    """Where the head ends, its blank line included; None while it has not arrived whole."""
    at = data.find(b"\r\n\r\n")
    return None if at < 0 else at + 4


def request_end(data: bytes | bytearray) -> int | None:
    """Where the first request in ``data`` ends; None while it has not arrived whole."""
    start = head_end(data)
    if start is None:
        return None
    if is_chunked(data[:start]):
        try:
            return start + unchunked(data[start:])[1]
        except EOFError:
            return None
    end = start + _content_length(data[:start])
    return end if len(data) >= end else None


def is_chunked(head: bytes | bytearray) -> bool:
    """Whether a head says that its body comes in chunks."""
    return any(
        line.startswith(b"transfer-encoding:") and b"chunked" in line
        for line in head.lower().split(b"\r\n")
    )


def unchunked(data: bytes | bytearray) -> tuple[bytes, int]:
    """The body that chunks carry, and how many bytes they took, trailers included.

    Raises:
        EOFError: the last chunk has not arrived yet.
    """
    pieces: list[bytes] = []
    at = 0
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            raise EOFError
        size = int(data[at:line_end].split(b";")[0], 16)
        at = line_end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            raise EOFError
        pieces.append(bytes(data[at : at + size]))
        at += size + 2
    while not data.startswith(b"\r\n", at):  # trailers
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            raise EOFError
        at = line_end + 2
    return b"".join(pieces), at + 2


def _content_length(head: bytes | bytearray) -> int:
    for line in head.lower().split(b"\r\n")[1:]:
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
