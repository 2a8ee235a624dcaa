"""What a dialect is, for those who must use one without knowing which.

Knows the two sides every dialect has: toward a provider (write a request, read the reply) and
toward a client (read a request, write the reply). Refuses to know any dialect itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from glimway.wire.events import Event, Stop, Usage
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.talk import Call

Seal = Callable[[str], str]
"""Makes what a client keeps for this gateway, and cannot read."""
Unseal = Callable[[str], str | None]
"""Gives back what was sealed; None: it is not ours, or it was altered."""

Headers = list[tuple[bytes, bytes]]
"""Names in lower case, values as they came."""


class Reader(Protocol):
    """Reads one reply of a provider."""

    @property
    def done(self) -> bool:
        """The reply has ended, by the dialect's terminal mark."""

    @property
    def cut_short(self) -> bool:
        """It was ended on this side: the provider would go on."""

    @property
    def usage(self) -> Usage | None:
        """What the provider has reported so far."""

    @property
    def answer_id(self) -> str | None:
        """The provider's own id of its answer."""

    @property
    def fault(self) -> Fault | None:
        """Set when the stream failed; frames that were complete before are returned first."""

    def feed(self, chunk: bytes) -> list[list[Event]]:
        """The next bytes of a stream; one list of events for each frame."""

    def close(self) -> list[list[Event]]:
        """The stream's bytes have ended: what can still be said."""

    def whole(self, body: bytes) -> list[Event]:
        """A whole reply; raises Fault."""


class Writer(Protocol):
    """Writes one reply to a client."""

    def frame(self, events: list[Event]) -> bytes:
        """The events of one provider frame."""

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """The end of a stream, terminal mark included."""

    def error(self, body: bytes) -> bytes:
        """The dialect's error event around the mount's error body."""

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """A whole reply."""


class Outgoing(msgspec.Struct, frozen=True):
    """A request as one provider gets it, and what had to be changed for it.

    Args:
        body: what is sent.
        adjusted: short phrases in ASCII without commas (``temperature lowered to 1``).
        cut_here: stop strings beyond those that the host takes; the answer is cut at them here.
        copies: how many parallel calls are needed where the host writes fewer answers than asked.
        headers: what the host is told beside the body.
    """

    body: bytes
    adjusted: tuple[str, ...] = ()
    cut_here: tuple[str, ...] = ()
    copies: int = 1
    headers: tuple[tuple[bytes, bytes], ...] = ()


class ProviderSide(msgspec.Struct, frozen=True):
    """A dialect toward providers.

    ``encode(call, quirks, model)`` writes the request; ``reader(quirks, id_stem, call)`` reads
    the reply; ``fault(status, headers, body, quirks)`` reads an error answer.
    """

    name: str
    path: str
    encode: Callable[[Call, Quirks, str], Outgoing]
    reader: Callable[[Quirks, str, Call], Reader]
    fault: Callable[[int, Headers, bytes, Quirks], Fault]


class ClientSide(msgspec.Struct, frozen=True):
    """A dialect toward clients.

    ``path`` follows a mount's base path, ``decode(body, headers)`` reads a request, ``id_prefix``
    begins the answer's public id. ``opening(body, headers, unseal)`` reads one that may hold what
    was sealed here; None: this dialect's requests do not. ``names``: what the chat dialect's
    members are called here, for what is found wrong after a request was read. ``plain(body)``: the
    same as ``decode`` for short requests of the usual kind, and None for every other; None: there
    is no such way.
    """

    name: str
    path: str
    id_prefix: str
    decode: Callable[[dict[str, Any], Headers], Call]
    names: Mapping[str, str] = {}
    opening: Callable[[dict[str, Any], Headers, Unseal], Call] | None = None
    plain: Callable[[bytes], Call | None] | None = None
