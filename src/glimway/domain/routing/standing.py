"""The order of a model's endpoints for requests of one kind, prepared once.

Knows the order by policy or by a caller's wish, and brings it up to date when an endpoint's health
or speed changed. Refuses to know single requests: it is made for hundreds of thousands of them.

The policy: of those that honour the whole request, the cheapest, whoever costs at most a band more
and whoever a project names with a weight share the load by weight; the first is drawn for each
request, the others follow in the order in which a failover should find them: the rest of the band
round from there, then the dearer ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import Final

import msgspec

from glimway.domain.catalog import Resolved
from glimway.domain.health import Health, Resting
from glimway.domain.routing.fitness import Reason
from glimway.domain.routing.preferences import Sort
from glimway.domain.routing.route import Basis, Candidate, Excluded, Plan, made
from glimway.domain.routing.rules import hedged_percent
from glimway.domain.routing.selection import Grounds, Kind, place_in

EXPLORED_PERCENT: Final = 10
"""Requests by speed in a hundred whose first endpoint is one that was never measured, as long as
there is one: whoever is never asked is never known to be quick."""

_HOPELESS: Final = frozenset({"auth", "quota", "rejected"})
"""Faults that asking again does not mend."""
_TIMED_SORTS: Final = ("latency", "throughput")


class Standing:
    """A prepared route.

    Args:
        kind: of the requests.
        resolved: what the name means.
        selected: who may be asked (at least one), and who not.
        grounds: policy, statistics and time.
    """

    __slots__ = (
        "_basis",
        "_candidates",
        "_excluded",
        "_places",
        "_plans",
        "_shares",
        "_single",
        "_template",
        "_total",
        "_unmeasured",
        "alone",
        "health_changes",
        "kind",
        "model",
        "order",
        "output_max",
        "timed",
        "tokens_max",
        "tools_max",
        "vitals_changes",
    )

    def __init__(
        self,
        kind: Kind,
        resolved: Resolved,
        selected: tuple[list[Candidate], list[Excluded]],
        grounds: Grounds,
    ) -> None:
        self.model = resolved.model
        self.kind = kind
        wishes = kind.preferences
        self._basis: Basis = "order" if wishes.order else wishes.sort or "policy"
        self._candidates = tuple(ranked(selected[0], kind, grounds))
        self._excluded = tuple(selected[1])
        self._unmeasured = _unmeasured(self._candidates, kind, grounds)
        self._single = not wishes.allow_fallbacks and not wishes.order
        percent = hedged_percent(wishes, grounds.project, grounds.policy)
        idle = (*wishes.idle, "hedge") if wishes.hedge and not percent else wishes.idle
        self._template = Plan(
            resolved.model_id,
            (),
            basis=self._basis,
            online="online" in resolved.suffixes,
            hedge_percent=percent,
            adjusted=tuple([f"provider.{name} has no effect" for name in idle]),
        )
        self.health_changes = -1
        self.timed = wishes.timed
        """Whether live statistics decide anything."""
        self.vitals_changes = grounds.vitals.changes
        endpoints = [candidate.endpoint for candidate in self._candidates]
        self.tokens_max: float = min([one.context or inf for one in endpoints])
        """A request that surely has no more tokens than this fits everywhere."""
        self.output_max: float = min([one.max_output or inf for one in endpoints])
        self.tools_max: float = min([one.quirks.tools_max or inf for one in endpoints])
        self.alone = len(endpoints) == 1
        self.order: tuple[Candidate, ...] = self._candidates
        self._plans: dict[int, Plan] = {}
        self._places: dict[str, int] = {}
        self._shares: list[int] = []
        self._total = 0

    def settle(self, health: Health, band_percent: int) -> None:
        """Bring the order up to date with the endpoints' health."""
        self.health_changes = health.changes
        well: list[Candidate] = []
        resting: list[tuple[int, Candidate]] = []
        out: list[Excluded] = []
        for candidate in self._candidates:
            why = health.resting(candidate.endpoint.id)
            if why is None:
                well.append(candidate)
            else:
                resting.append((_hope(why), candidate))
                out.append(Excluded(candidate.endpoint.id, Reason(f"rests: {why.words}")))
        if well:
            well, band = self._parted(well, band_percent)
            shares = [candidate.weight for candidate in well[:band]]
            if self._unmeasured:
                shares = _explored(well, self._unmeasured)
            spare = [one.endpoint for hope, one in resting if not hope and not self._single]
            template = msgspec.structs.replace(
                self._template,
                excluded=(*self._excluded, *out),
                band=band,
                resting=False,
                spare=tuple(spare),
            )
        else:
            # Nobody is well. The last endpoint is never taken away, and any of them may be well
            # again: all that have hope are asked in turn, so that the first that recovers is found.
            resting.sort(key=_first)
            band = sum(hope == resting[0][0] for hope, _ in resting)
            well = [candidate for _, candidate in resting]
            shares = [1] * band
            template = msgspec.structs.replace(
                self._template, excluded=self._excluded, band=band, resting=True, spare=()
            )
        if sum(shares) == 0:
            shares = [1] * band
        self.order = tuple(well)
        self._places = {one.endpoint.id: at for at, one in enumerate(self.order)}
        self._shares = list(accumulate(shares))
        self._total = self._shares[-1]
        self._template = msgspec.structs.replace(template, candidates=())
        self._plans = {}

    def pick(self, chance: float) -> Plan:
        """Draw the first endpoint; ``chance`` is from 0 to 1."""
        at = 0
        if self._total > self._shares[0]:
            at = bisect_right(self._shares, int(chance * self._total))
            if at >= len(self._shares):
                at = len(self._shares) - 1
        return self._plans.get(at) or self._plan(at)

    def place_of(self, endpoint: str) -> int | None:
        """Where an endpoint stands in ``order``; None: it is not asked now."""
        return self._places.get(endpoint)

    def from_place(self, place: int) -> Plan:
        """The plan that begins there."""
        return self._plans.get(place) or self._plan(place)

    def _plan(self, at: int) -> Plan:
        order, band = self.order, self._template.band
        if self._single:
            candidates = order[at : at + 1]
        elif at < band:
            candidates = order[at:band] + order[:at] + order[band:]
        else:
            candidates = (order[at], *order[:at], *order[at + 1 :])
        plan = made(msgspec.structs.replace(self._template, candidates=candidates))
        self._plans[at] = plan
        return plan

    def _parted(self, well: list[Candidate], percent: int) -> tuple[list[Candidate], int]:
        """Those who share the load, then the others; and how many share it."""
        if self._basis != "policy":
            return well, 1
        first = well[0]
        most = first.cost.reference * (100 + percent) // 100
        band = [first]
        rest: list[Candidate] = []
        for candidate in well[1:]:
            near = candidate.cost.reference <= most or candidate.named
            alike = bool(candidate.changed) == bool(first.changed) and candidate.slow == first.slow
            (band if near and alike and candidate.weight else rest).append(candidate)
        return band + rest, len(band)


def ranked(candidates: list[Candidate], kind: Kind, grounds: Grounds) -> list[Candidate]:
    """The best first: whoever honours the whole request, then by the caller's order or sort, or by
    price; between equals the catalog's order stays."""
    wishes = kind.preferences

    def rank(candidate: Candidate) -> tuple[float, ...]:
        listed = place_in(wishes.order, candidate.endpoint) if wishes.order else None
        value: float = candidate.cost.reference
        if wishes.sort in _TIMED_SORTS:
            value = _speed(candidate, wishes.sort, grounds)
        # Who was named comes first in any case: the caller asked for just that.
        return (
            len(wishes.order) if listed is None else listed,
            bool(candidate.changed),
            candidate.slow,
            not candidate.weight,
            value,
        )

    return sorted(candidates, key=rank)


def _speed(candidate: Candidate, sort: Sort | None, grounds: Grounds) -> float:
    """What endpoints are sorted by, the quickest least; infinite: it was never measured."""
    known = grounds.vitals.figures(candidate.endpoint.id)
    if sort == "latency":
        return inf if known.ttft_ms is None else known.ttft_ms["p50"]
    pace = known.tokens_per_second
    return inf if pace is None else -pace["p50"]


def _unmeasured(candidates: Sequence[Candidate], kind: Kind, grounds: Grounds) -> frozenset[str]:
    """Ids of those of which a sort by speed knows nothing."""
    wishes = kind.preferences
    if wishes.order or wishes.sort not in _TIMED_SORTS:
        return frozenset()
    return frozenset(
        one.endpoint.id for one in candidates if _speed(one, wishes.sort, grounds) == inf
    )


def _explored(order: Sequence[Candidate], unmeasured: frozenset[str]) -> list[int]:
    """How often each begins a route by speed: mostly the first; those that were never measured now
    and then; where none was, all of them alike."""
    unknown = [one.endpoint.id in unmeasured and bool(one.weight) for one in order]
    shares = [EXPLORED_PERCENT * new for new in unknown]
    if not unknown[0]:
        shares[0] = (100 - EXPLORED_PERCENT) * max(sum(unknown), 1)
    return shares


def _hope(why: Resting) -> int:
    """In what order endpoints that should rest are asked when nobody else is left: first those
    that only failed, then those that asked to be left alone, last those that cannot be well."""
    if why.kind in _HOPELESS:
        return 2
    return 1 if why.asked or why.kind == "rate_limited" else 0


def _first(pair: tuple[int, Candidate]) -> int:
    return pair[0]
