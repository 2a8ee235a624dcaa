"""How long whoever failed is left alone.

Knows, for each kind of fault, whether it says anything of the endpoint, how many of them in a row
are too many, and how long the rest is that follows, first and at most. Refuses to know endpoints.

A provider's own ``retry-after`` counts more than the table, within bounds. Cooldowns double from
one to the next, since what did not help once seldom helps the second time; they fall back to the
first after a time of health. Envoy's outlier detection grows them likewise
(https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from glimway.wire.refusal import Fault, FaultKind


class Rest(NamedTuple):
    """What one kind of fault leads to.

    Args:
        first_s, most_s: the first cooldown and the longest.
        in_a_row: so many of its kind and of others without an answer between are too many.
        words: why it rests, for people.
        counts: False: it says nothing of the endpoint.
    """

    first_s: float
    most_s: float
    in_a_row: int
    words: str
    counts: bool = True


FAILURES_IN_A_ROW: Final = 5
RETRY_AFTER_S_MAX: Final = 3600.0
"""A provider that asks for more is asked again after this all the same."""

RESTS: Final[Mapping[FaultKind, Rest]] = {
    "unreachable": Rest(2.0, 60.0, FAILURES_IN_A_ROW, "it cannot be reached"),
    "timeout": Rest(2.0, 60.0, FAILURES_IN_A_ROW, "it does not answer in time"),
    "broken": Rest(2.0, 60.0, FAILURES_IN_A_ROW, "its answers are broken"),
    "overloaded": Rest(2.0, 60.0, FAILURES_IN_A_ROW, "it is overloaded"),
    "rate_limited": Rest(1.0, 30.0, 1, "its rate limit is reached"),
    "quota": Rest(300.0, 3600.0, 1, "the account there is spent"),
    "auth": Rest(60.0, 900.0, 1, "it does not accept the key"),
    "rejected": Rest(300.0, 3600.0, 1, "it does not know the model", counts=False),
}

_MISSING_STATUSES: Final = frozenset({404, 405, 410, 501})
"""Statuses of a ``rejected`` that speak of the host rather than of the request: it does not have
the model or the path."""


def missing(fault: Fault) -> bool:
    """Whether a host says that it does not have what the endpoint stands for."""
    if fault.kind != "rejected" or fault.refusal is not None:
        return False
    return fault.lacks or fault.status in _MISSING_STATUSES


def blames_endpoint(fault: Fault) -> bool:
    """Whether a fault says something of the endpoint.

    What is wrong with the request itself (also a context overflow or a content filter) does not.
    """
    if fault.refusal is not None:
        return False
    return RESTS[fault.kind].counts or missing(fault)


def at_once(fault: Fault) -> bool:
    """Whether one such fault is enough: the provider said so itself, or nothing else can come."""
    return fault.retry_after_s is not None or RESTS[fault.kind].in_a_row == 1


def rest_s(fault: Fault, level: int, rests: Mapping[FaultKind, Rest] = RESTS) -> float:
    """How long the cooldown lasts.

    Args:
        fault: the last one.
        level: how many cooldowns came before, 0 for the first.
        rests: the table.
    """
    rest = rests[fault.kind]
    own_s = min(rest.first_s * (1 << min(level, 16)), rest.most_s)
    if fault.retry_after_s is None:
        return own_s
    return min(max(fault.retry_after_s, rest.first_s), RETRY_AFTER_S_MAX)
