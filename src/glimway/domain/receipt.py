"""What one request used, cost and went through.

Knows the records that the journal carries and the receipt a caller may read. Refuses to know
where they are kept. Money is whole nano-USD, times are whole milliseconds.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Status = Literal["ok", "incomplete", "failed", "lost"]
"""ok: a whole answer. incomplete: cut later, by either side. failed: nothing real was delivered.
lost: a crash left it open; it costs the caller nothing."""

SharedKind = Literal["twin", "cache"]
"""twin: the call of another request, made at the same time, gave the answer. cache: the answer was
kept from an earlier request. Either way the attempts are on that request's receipt."""


FIRST_WORDS: Final = "the first of its plan"
"""Why an endpoint was asked where an attempt says nothing else."""


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One try at one endpoint."""

    endpoint: str
    provider: str
    outcome: str
    """``ok`` or the fault's kind; ``left``: the client went away; ``outrun``: it was stopped
    because another request for the same answer was quicker."""
    started_ms: int
    duration_ms: int
    status: int | None = None
    detail: str | None = None
    provider_request_id: str | None = None
    provider_answer_id: str | None = None
    replayed: bool = False
    """A kept socket turned out dead before any answer byte and the request was sent once more."""
    why: str = ""
    """Why this endpoint was asked, where it was not simply the first of its plan."""
    wait_ms: int = 0
    """How long was waited before this try."""
    price_version: str | None = None
    """Its price at that time, where it differs from the one that was charged."""
    operator_cost_nanousd: int = 0
    """What it cost the operator, who pays for it: of a request that was outrun (estimated), and of
    one that repaired an answer."""


class Tokens(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tokens by kind. ``input`` includes ``cached`` and ``cache_write``; ``output`` includes
    ``reasoning``."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


class Opened(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="record", tag="opened"):
    """Journal record written before the provider call."""

    id: str
    at_ms: int
    organization: str
    project: str
    key: str
    model: str
    endpoint: str
    dialect: str
    mount: str
    stream: bool = False
    client_request_id: str | None = None


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="record", tag="settled"):
    """Journal record written before the terminal frame leaves, and the row a caller may read.

    Self-contained: the drain needs no earlier record to write it.
    """

    id: str
    at_ms: int
    """When the request arrived, milliseconds since 1970."""
    organization: str
    project: str
    key: str
    model: str
    """The catalog's id; ``asked`` is the caller's own spelling."""
    asked: str
    endpoint: str
    provider: str
    dialect: str
    mount: str
    status: Status
    end: str
    """Reason of the end: a stop reason, a fault kind, ``client_left``, ``lost``."""
    http_status: int
    stream: bool = False
    tokens: Tokens = Tokens()
    estimated: bool = False
    """Tokens were estimated because the provider did not report them."""
    cost_nanousd: int = 0
    price_version: str | None = None
    ttft_ms: int | None = None
    duration_ms: int = 0
    attempts: tuple[Attempt, ...] = ()
    adjusted: tuple[str, ...] = ()
    client_request_id: str | None = None
    user: str | None = None
    shared: SharedKind | None = None
    shared_from: str | None = None
    """The id of the request that asked the provider."""
