"""The prepared routes of all kinds of requests, under one configuration.

Knows when a prepared route is out of date: at another configuration, on another day (prices have
days), after a change of health, and where speed decides, after a change of the statistics. Refuses
to know single requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from glimway.domain.catalog import Catalog
from glimway.domain.health import Health
from glimway.domain.pricing import DAY_MS
from glimway.domain.routing.preferences import with_suffixes
from glimway.domain.routing.refused import nobody_left, unserved
from glimway.domain.routing.rules import ORDINARY, Policy, Project
from glimway.domain.routing.selection import Grounds, Kind, select
from glimway.domain.routing.standing import Standing
from glimway.domain.routing.wants import Want
from glimway.domain.statistics.vitals import Vitals

STANDINGS_MAX: Final = 4096
"""Prepared routes that are remembered; at more, all are forgotten."""

_SEARCH: Final = int(Want.SEARCH)


class Standings:
    """Prepared routes.

    Args:
        catalog, policy, projects: the configuration; projects by id.
        health, vitals: the live state.
    """

    __slots__ = (
        "_by_kind",
        "catalog",
        "health",
        "policy",
        "projects",
        "until_ms",
        "vitals",
    )

    def __init__(
        self,
        catalog: Catalog,
        policy: Policy,
        projects: Mapping[str, Project],
        health: Health,
        vitals: Vitals,
    ) -> None:
        self.catalog = catalog
        self.policy = policy
        self.projects = dict(projects)
        self.health = health
        self.vitals = vitals
        self.until_ms = 0
        """From then on ``renew`` must be called: prices may have changed."""
        self._by_kind: dict[Kind, Standing] = {}

    def renew(self, at_ms: int) -> None:
        """A new day: forget what rests on yesterday's prices."""
        self.until_ms = (at_ms // DAY_MS + 1) * DAY_MS
        self._by_kind.clear()

    def of(self, kind: Kind, at_ms: int) -> Standing:
        """The route of a kind of requests, in accord with health and statistics now.

        Raises:
            Refusal: as ``Planner.plan``.
        """
        standing = self._by_kind.get(kind)
        if standing is None or (standing.timed and standing.vitals_changes != self.vitals.changes):
            standing = self._prepared(kind, at_ms)
            if len(self._by_kind) >= STANDINGS_MAX:
                self._by_kind.clear()
            self._by_kind[kind] = standing
        if standing.health_changes != self.health.changes:
            standing.settle(self.health, self.policy.band_percent)
        return standing

    def _prepared(self, kind: Kind, at_ms: int) -> Standing:
        resolved = self.catalog.resolve(kind.name)
        if not resolved.endpoints:
            raise unserved(kind.name)
        bits = kind.bits | (_SEARCH if "online" in resolved.suffixes else 0)
        full = Kind(
            kind.name, bits, with_suffixes(kind.preferences, resolved.suffixes), kind.project
        )
        project = self.projects.get(kind.project, ORDINARY)
        grounds = Grounds(self.policy, project, self.vitals, at_ms)
        candidates, excluded = select(full, resolved.endpoints, resolved.model, grounds)
        if not candidates:
            raise nobody_left(kind.name, excluded, online=bits != kind.bits)
        return Standing(full, resolved, (candidates, excluded), grounds)
