"""When a second request may race a first one whose first token is late.

Knows how late is late for each endpoint, and keeps second requests a small share of each project's.
Refuses to know how two requests race (``race``) and where the second goes (the course says that).
"""

from __future__ import annotations

from typing import Final

from glimway.domain.endpoint import Endpoint
from glimway.domain.retry import HedgeBudget, hedge_after_s
from glimway.domain.statistics.vitals import Vitals

FLOOR_S_DEFAULT: Final = 0.2
"""A quick endpoint's P95 is close to its median: racing there would save nothing worth its cost."""
PROJECTS_MAX: Final = 4096
"""Projects whose share is counted; at more, all counts begin anew."""


class Hedging:
    """One request that may be raced."""

    __slots__ = ("_budget", "_hedges")

    def __init__(self, hedges: Hedges, budget: HedgeBudget) -> None:
        self._hedges = hedges
        self._budget = budget

    def late_s(self, endpoint: Endpoint) -> float | None:
        """How long to wait for its first token before a second request; None: too little is known
        of it."""
        return self._hedges.late_s(endpoint)

    @property
    def ready(self) -> bool:
        """Whether the project's share allows a second request now."""
        return self._budget.ready

    def take(self) -> None:
        """A second request is sent."""
        self._budget.take()


class Hedges:
    """All of them.

    Args:
        vitals: how late endpoints usually are.
        floor_s: no second request is sent sooner.
    """

    def __init__(self, vitals: Vitals, floor_s: float = FLOOR_S_DEFAULT) -> None:
        self._vitals = vitals
        self._floor_s = floor_s
        self._budgets: dict[tuple[str, float], HedgeBudget] = {}

    def began(self, project: str, percent: float) -> Hedging:
        """A request of ``project`` begins, of which ``percent`` in a hundred may be raced."""
        budget = self._budgets.get((project, percent))
        if budget is None:
            if len(self._budgets) >= PROJECTS_MAX:
                self._budgets.clear()
            budget = self._budgets[project, percent] = HedgeBudget(percent)
        budget.began()
        return Hedging(self, budget)

    def late_s(self, endpoint: Endpoint) -> float | None:
        """See ``Hedging.late_s``."""
        known = self._vitals.figures(endpoint.id)
        p95_ms = None if known.ttft_ms is None else known.ttft_ms["p95"]
        late_s = hedge_after_s(p95_ms, known.measured)
        return None if late_s is None else max(late_s, self._floor_s)
