"""What is known when a request ends, and what it comes to: two values.

Knows their members. Refuses to know how a charge is made (``settlement``) and what a record looks
like (``record``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import msgspec

from glimway.domain.catalog import Endpoint
from glimway.domain.receipt import Opened, SharedKind, Status, Tokens
from glimway.engine.attempt import Attempt
from glimway.engine.flow import Answer
from glimway.engine.tally import Tally
from glimway.wire.events import Usage

REPAIR = "to repair an answer that did not fit the schema"
"""Why a repair was asked, on receipts."""


class Shared(Protocol):
    """What an answer is that not one request alone has asked for."""

    @property
    def kind(self) -> SharedKind | None:
        """How the receipt names it; None: this request is the one that asked a provider."""

    @property
    def source(self) -> str | None:
        """The id of the request that asked, where it was another."""

    @property
    def asked(self) -> bool:
        """Whether what it took tells how the provider does; known when it is charged."""

    def charged(self, outcome: Outcome, charge: Charge) -> Charge:
        """What this request pays of its ``charge``; called once, when it settles. Gives the
        outcome its attempts."""


class Outcome(msgspec.Struct):
    """How a request ended, as the journey saw it. ``attempts`` are the tries in their order;
    of several calls that gave one answer each is one, ``copies`` counts those,
    and ``tries`` the endpoints that were asked."""

    opened: Opened
    asked: str
    endpoint: Endpoint
    request_bytes: int
    arrived_s: float
    status: Status = "failed"
    end: str = "client_left"
    http_status: int = 499
    tally: Tally | None = None
    attempts: list[Attempt] = []
    answer: Answer | None = None
    copies: int = 1
    tries: int = 0
    adjusted: tuple[str, ...] = ()
    user: str | None = None
    shared: Shared | None = None
    """Its answer came by way of others' requests too, or was kept."""

    def lines(self) -> bytes:
        """Header lines: who answered, and how many tries it took."""
        return _answered_by(self.endpoint.provider.id, self.tries)


@lru_cache(maxsize=1024)
def _answered_by(provider: str, tries: int) -> bytes:
    return b"x-glimway-provider: %b\r\nx-glimway-attempts: %d\r\n" % (provider.encode(), tries)


class Charge(msgspec.Struct, frozen=True):
    """What a request used and costs; ``usage`` is what the client is shown."""

    usage: Usage
    tokens: Tokens
    cost_nanousd: int
    estimated: bool
    price_version: str | None
