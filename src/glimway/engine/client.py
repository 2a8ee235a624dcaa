"""Whoever asked: the two values the surface hands to a journey.

Knows what a journey needs of a client's connection and of the mount it came in by. Refuses to
know HTTP servers and dialects; the surface implements both protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from glimway.wire.dialect import ClientSide, Seal, Writer
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.talk import Call

Headers = list[tuple[bytes, bytes]]


class Client(Protocol):
    """A client's connection, waiting for one answer."""

    gone: bool
    """The client has left; nothing that is written reaches it. The journey's task is cancelled at
    that moment."""
    paused: bool
    """The client reads slower than we write."""
    written_bytes: int
    """How much has been written, to see silence."""

    def respond(
        self, status: int, headers: Headers, body: bytes, lines: Iterable[bytes] = ()
    ) -> None:
        """Send a whole answer; ``lines`` are header lines that are ready to be sent."""

    def begin(self, status: int, headers: Headers, lines: Iterable[bytes] = ()) -> None:
        """Send the head of a stream; ``lines`` are header lines that are ready to be sent."""

    def write(self, data: bytes) -> None:
        """Send a piece of the stream, never empty."""

    def finish(self, data: bytes) -> None:
        """Send the last piece (may be empty) and end the stream properly."""

    def cancel(self) -> None:
        """Cancel the journey's task, as if the client had left; what it writes still goes out."""

    def on_pace(self, pace: Callable[[bool], None]) -> None:
        """Call ``pace(paused)`` when the client slows down or recovers."""

    def over(self) -> None:
        """The journey has ended: nothing more is written. Its last step, unless it was cancelled
        before its first."""


class Mount(Protocol):
    """The base path the client came in by, with its defaults and its error table."""

    @property
    def name(self) -> str:
        """The base path."""

    @property
    def side(self) -> ClientSide:
        """The dialect it speaks."""

    def judge(self, call: Call) -> None:
        """Check what the mount itself bounds (the temperature's range); raises Refusal."""

    @property
    def path(self) -> str:
        """Where calls go."""

    @property
    def key_header(self) -> bytes | None:
        """A header that carries a key beside ``authorization``, and wins over it."""

    @property
    def filler(self) -> bytes:
        """What fills silence in streams."""

    @property
    def id_header(self) -> bytes | None:
        """Where else than in ``x-request-id`` clients look for the request's id."""

    def named(self, trace_id: str) -> Headers:
        """The headers that tell a request's id."""

    def writer(
        self, call: Call, stem: str, created_s: int, prompt_tokens: int, seal: Seal | None = None
    ) -> Writer:
        """The writer of one answer.

        Args:
            call: what was asked.
            stem: the answer's id without a prefix.
            created_s: when the request came, in seconds since 1970.
            prompt_tokens: how long the prompt is, by estimate.
            seal: seals what the client keeps for us; None: its dialect has nothing of the kind.
        """

    def refuse(self, error: Refusal | Fault, trace_id: str) -> Refused:
        """How this mount says no."""


class Refused(msgspec.Struct, frozen=True):
    """An error as one mount spells it."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    code: str


class Ask(msgspec.Struct, frozen=True):
    """One request as it came in.

    Args:
        mount: the base path's defaults.
        body: the whole body.
        token: the credential as sent, or None.
        arrived_s: loop time at which the request was complete.
        client_request_id: the client's own ``x-request-id``.
        origin: the browser origin that calls, or None.
        origin_headers: what the answer carries if the key allows that origin.
        headers: all of the request's, for the dialects that say something in them.
    """

    mount: Mount
    body: bytes
    token: str | None
    arrived_s: float
    client_request_id: str | None = None
    origin: str | None = None
    origin_headers: tuple[tuple[bytes, bytes], ...] = ()
    headers: Headers = []
