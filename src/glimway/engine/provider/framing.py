"""How an answer's body ends, as its head says.

Knows the rules of RFC 9112, section 6.3, what a server says of its patience, and how an answer that
cannot be read is told. Refuses to read bodies: the parser does.
"""

from __future__ import annotations

from typing import Final, Literal

import httptools

from glimway.wire.refusal import Fault

Header = tuple[bytes, bytes]

Mode = Literal["none", "length", "chunked", "close"]

HEADER_BYTES_MAX: Final = 64 * 1024
"""Of one answer's head; nginx, the most common server before a provider, sends at most 32 KiB."""

BODILESS: Final = frozenset({204, 304})

_TELLING: Final = frozenset(
    {b"transfer-encoding", b"content-length", b"content-encoding", b"keep-alive"}
)

NAMING: Final = frozenset({b"inference-id", b"x-generation-id", b"x-log-id", b"x-request-id"})
"""Headers in which providers tell a request's id."""

ERRORS_FROM: Final = 300
"""Statuses below are successes."""

PATIENCE_S_MAX: Final = 3600.0
"""What a server says it will wait is believed up to this."""


def mode_of(status: int, headers: list[Header]) -> tuple[Mode, float]:
    """How the body ends, and how long the server keeps the idle connection afterwards.

    Args:
        status: of the answer.
        headers: names in small letters.

    Raises:
        Fault: ``broken``; a success comes in a coding that was not asked for. What an error's body
            says may be lost; its status must not be.
    """
    success = status < ERRORS_FROM
    mode: Mode = "close"
    patience_s = PATIENCE_S_MAX
    for name, value in headers:
        if name not in _TELLING:
            continue
        if name == b"transfer-encoding":
            coding = value.strip().lower()
            if success and coding != b"chunked":
                raise _coded(value)
            mode = "chunked" if coding.endswith(b"chunked") else "close"
        elif name == b"content-length":
            if mode == "close":
                mode = "length"
        elif name == b"keep-alive":
            patience_s = _patience_s(value)
        elif success and value.strip().lower() not in (b"", b"identity"):
            raise _coded(value)
    return ("none" if status in BODILESS else mode), patience_s


def _coded(value: bytes) -> Fault:
    told = value.decode("latin-1")[:40]
    return Fault("broken", f"the answer is coded as {told!r}, which was not asked for")


def _patience_s(value: bytes) -> float:
    """Of ``timeout=5, max=100``: a little less than it says, since its clock began earlier."""
    for part in value.split(b","):
        name, _, digits = part.strip().partition(b"=")
        if name.lower() == b"timeout" and digits.isdigit():
            said_s = min(float(digits), PATIENCE_S_MAX)
            return said_s - min(1.0, said_s / 2)
    return PATIENCE_S_MAX


def too_large() -> Fault:
    """The head, or the trailers, have no end."""
    return Fault("broken", f"the answer's head is larger than {HEADER_BYTES_MAX} bytes")


def unreadable(error: Exception) -> Fault:
    """What the parser stopped at; where one of its callbacks raised a fault, that is the context.

    Args:
        error: as the parser raised it.
    """
    if isinstance(error.__context__, Fault):
        return error.__context__
    if isinstance(error, httptools.HttpParserUpgrade):
        return Fault("broken", "the provider switched to another protocol, which was not asked for")
    return Fault("broken", f"the answer is not HTTP: {error}"[:200])
