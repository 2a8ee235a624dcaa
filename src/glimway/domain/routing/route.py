"""The ordered endpoints of one request, as a value.

Knows what a plan says. Refuses to know how it is made (``plan``) and followed (``course``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final, Literal

import msgspec

from glimway.domain.endpoint import Endpoint
from glimway.domain.routing.fitness import Reason
from glimway.domain.routing.price import Cost

MAX_OUTPUT_DEFAULT: Final = 131_072
"""The longest answer of a model whose bound is not known: that of most GLM models."""

Basis = Literal["policy", "order", "price", "latency", "throughput"]
"""What decided the order; ``policy``: the cheapest within a band, spread by weight."""


class Candidate(msgspec.Struct, frozen=True):
    """An endpoint that can serve a request.

    Args:
        endpoint: who.
        cost: its prices.
        weight: its share within the band.
        changed: what of the request it would change; such endpoints come behind others.
        slow: it is known to be slower than the caller would like.
        named: the project gave it its share by name, so it shares the load at any price.
    """

    endpoint: Endpoint
    cost: Cost
    weight: int
    changed: tuple[Reason, ...] = ()
    slow: bool = False
    named: bool = False


class Excluded(msgspec.Struct, frozen=True):
    """An endpoint that was left out, and why."""

    endpoint: str
    reason: Reason


class Plan(msgspec.Struct, frozen=True):
    """A route. Shared between requests: it holds nothing of one request.

    Args:
        model: the catalog's id (or the provider's own behind a pin) of the model that was asked
            for; each endpoint has its own, which differs for fallback models.
        candidates: in the order in which they are asked, at least one.
        excluded: who else has the model, and why they are not asked.
        basis: what decided the order.
        band: how many of the first share the load.
        resting: all of them should rest; one is asked all the same, since none is left.
        online: the name asks for a search of the web (``:online``).
        hedge_percent: second requests in a hundred that may race a late first token; 0: none.
        adjusted: wishes that change nothing here, as phrases for the caller.
    """

    model: str
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...] = ()
    basis: Basis = "policy"
    band: int = 1
    resting: bool = False
    online: bool = False
    hedge_percent: float = 0.0
    adjusted: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    """Those of the candidates."""
    spare: tuple[Endpoint, ...] = ()
    """Left out because they failed lately: asked when all others have failed, since one of them may
    be well again."""
    max_output: int = MAX_OUTPUT_DEFAULT
    """The longest answer of any of them, in tokens."""


def made(plan: Plan) -> Plan:
    """Fill in what follows from the candidates."""
    endpoints = tuple([candidate.endpoint for candidate in plan.candidates])
    longest = max([endpoint.max_output or MAX_OUTPUT_DEFAULT for endpoint in endpoints])
    return msgspec.structs.replace(plan, endpoints=endpoints, max_output=longest)


def joined(plans: Sequence[Plan], excluded: Sequence[Excluded], *, across: bool) -> Plan:
    """One plan of several models: those of the first, then those of its fallbacks.

    Args:
        plans: by model, at least one.
        excluded: endpoints of models of which nobody is left.
        across: order the endpoints of all models together by what the caller sorts by. Only a
            price can be compared without live figures; by speed, the models' own orders are
            merged place by place.
    """
    first = plans[0]
    if len(plans) == 1 and not excluded:
        return first
    candidates = [candidate for plan in plans for candidate in plan.candidates]
    if across and first.basis == "price":
        candidates.sort(key=_reference)
    elif across and first.basis != "policy":
        rows = zip_longest(*(plan.candidates for plan in plans))
        candidates = [one for row in rows for one in row if one is not None]
    return made(
        msgspec.structs.replace(
            first,
            candidates=tuple(candidates),
            excluded=(*(one for plan in plans for one in plan.excluded), *excluded),
            online=any(plan.online for plan in plans),
            spare=(),
        )
    )


def _reference(candidate: Candidate) -> int:
    return candidate.cost.reference
