"""Which endpoints a request may use, in what order: all parts of routing together.

Knows the configuration and the live state. An ordinary request costs a look-up, because the route
of its kind is prepared (``standing``); preferences, fallback models and rules of projects cost
more, and only those who use them. Refuses to call anyone, and to know a clock and chance: both are
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from glimway.domain.catalog import Catalog
from glimway.domain.estimate import Estimates
from glimway.domain.health import Health
from glimway.domain.keys import Key
from glimway.domain.model import MEAN_OUTPUT_TOKENS_DEFAULT
from glimway.domain.routing.affinity import Affinity, Home, conversation_of
from glimway.domain.routing.narrow import BYTES_PER_TOKEN_MOST, Trial, narrowed, required
from glimway.domain.routing.preferences import NONE, laid_over
from glimway.domain.routing.price import UNKNOWN, expected
from glimway.domain.routing.refused import NobodyLeft, nobody_left
from glimway.domain.routing.route import Excluded, Plan, joined
from glimway.domain.routing.rules import ORDINARY, Policy, Project
from glimway.domain.routing.selection import Kind
from glimway.domain.routing.splitting import split_of, variant
from glimway.domain.routing.standing import Standing
from glimway.domain.routing.standings import STANDINGS_MAX, Standings
from glimway.domain.routing.wants import MEDIA, Want, wants_of
from glimway.domain.routing.wishes import PARAM, read_preferences
from glimway.domain.statistics.vitals import Vitals
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

CONVERSING_TURNS_MIN: Final = 3
"""A request with fewer turns begins its conversation: nothing of it is cached anywhere."""
FALLBACK_MODELS_MAX: Final = 16
"""Fallback models of one request that are looked at."""

_PREPAID: Final = int(Want.PREPAID)
_MEDIA: Final = int(MEDIA)


class Live(NamedTuple):
    """The state that outlives every configuration."""

    health: Health
    vitals: Vitals
    affinity: Affinity
    estimates: Estimates


class Asked(msgspec.Struct, frozen=True, gc=False):
    """The circumstances of one request.

    Args:
        request_bytes: size of its body.
        at_ms: wall time, milliseconds since 1970.
        now_s: the clock of health and waits.
        chance: a fresh random number, 0 to 1.
    """

    request_bytes: int
    at_ms: int
    now_s: float
    chance: float


class Planner:
    """Plans routes.

    Args:
        catalog: what there is.
        live: how it does.
        policy: the operator's rules.
        projects: rules of single projects, by id.
    """

    __slots__ = ("_health", "_live", "_ordinary", "_splits", "_standings", "_unsplit", "trial")

    def __init__(
        self,
        catalog: Catalog,
        live: Live,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        projects: Mapping[str, Project] | None = None,
    ) -> None:
        self.trial: Trial | None = None
        """Tells what would be changed on the way to an endpoint, once hosts are known."""
        self._live = live
        self._health = live.health
        self._ordinary: dict[tuple[str, int], Standing] = {}
        self._splits = policy.splits
        self._unsplit: set[str] = set()
        """Names, as they are written, that no split touches; at most ``STANDINGS_MAX``."""
        self._standings = Standings(catalog, policy, projects or {}, live.health, live.vitals)

    def adopt(
        self, catalog: Catalog, policy: Policy, projects: Mapping[str, Project] | None = None
    ) -> None:
        """The configuration has changed: plan by this one from now on."""
        live = self._live
        self._ordinary = {}
        self._splits = policy.splits
        self._unsplit.clear()
        self._standings = Standings(catalog, policy, projects or {}, live.health, live.vitals)

    @property
    def projects(self) -> Mapping[str, Project]:
        """Rules of single projects, by id."""
        return self._standings.projects

    def plan(self, call: Call, key: Key, asked: Asked) -> Plan:
        """Plan the route of one request.

        Args:
            call: what is asked.
            key: who asks: its project's rules hold, and prepaid credits need a price.
            asked: size, time and chance.

        Raises:
            Refusal: ``not_found`` for an unknown name, ``invalid`` for wrong preferences,
                ``unavailable`` when no configured provider has the model; when every endpoint was
                left out, ``unsupported``, ``context_too_long`` or ``forbidden`` with the reason of
                each.
        """
        bits = wants_of(call)
        if key.billing == "prepaid":
            bits |= _PREPAID
        standings, health = self._standings, self._health
        if asked.at_ms >= standings.until_ms:
            self._ordinary.clear()
            standings.renew(asked.at_ms)
        if asked.now_s >= health.due_s:
            health.tick(asked.now_s)
        if (
            call.preferences
            or call.fallback_models
            or (self._splits and self._is_split(call.model))
            or key.project in standings.projects
        ):
            return self._with_care(call, key, bits, asked)
        standing = self._ordinary.get((call.model, bits))
        if (
            standing is None
            or standing.health_changes != health.changes
            or (standing.timed and standing.vitals_changes != standings.vitals.changes)
        ):
            standing = standings.of(Kind(call.model, bits, NONE), asked.at_ms)
            if len(self._ordinary) >= STANDINGS_MAX:
                self._ordinary.clear()
            self._ordinary[call.model, bits] = standing
        tokens = call.max_tokens or 0
        if (
            asked.request_bytes + tokens > standing.tokens_max
            or tokens > standing.output_max
            or len(call.tools) > standing.tools_max
        ):
            return self._sized(standing, call, key, asked)
        if standing.alone:
            return standing.pick(0.0)
        if len(call.turns) < CONVERSING_TURNS_MIN:
            return standing.pick(asked.chance)
        return self._drawn(standing, call, key, asked)

    def settled(self, plan: Plan, call: Call, key: Key, home: Home) -> None:
        """A request was answered: remember where its prompt is cached now. Those with fewer than
        ``PROMPT_TOKENS_MIN`` tokens are not worth a place, nor the look for one.

        Args:
            plan: of the request.
            call: what was asked.
            key: who asked.
            home: the endpoint's id, the prompt's tokens as reported, the time (``now_s``).
        """
        if len(plan.candidates) > 1 and plan.basis == "policy" and self._standings.policy.affinity:
            self._live.affinity.remember(conversation_of(call, key.project), home)

    # ---- one model --------------------------------------------------------------------------

    def _drawn(self, standing: Standing, call: Call, key: Key, asked: Asked) -> Plan:
        """A plan whose first endpoint is drawn, or kept for its cache."""
        plan = standing.pick(asked.chance)
        affinity = self._live.affinity
        if len(call.turns) < CONVERSING_TURNS_MIN or not affinity:
            return plan
        if plan.basis != "policy" or plan.resting:
            return plan
        home = affinity.home(conversation_of(call, key.project), asked.now_s)
        place = None if home is None else standing.place_of(home.endpoint)
        if home is None or place is None:
            return plan
        stays = self._stays(standing, place, plan, home, asked.request_bytes)
        return standing.from_place(place) if stays else plan

    def _stays(
        self, standing: Standing, place: int, plan: Plan, home: Home, request_bytes: int
    ) -> bool:
        """Whether a conversation's cached prompt is worth more than moving to the plan's first
        endpoint would save. Where it costs the same, staying is quicker."""
        there, here = standing.order[place], plan.candidates[0]
        if not there.weight or (there.changed and not here.changed) or there.slow > here.slow:
            return False
        if there.cost.reference >= UNKNOWN:
            return here.cost.reference >= UNKNOWN
        model = standing.model
        output = MEAN_OUTPUT_TOKENS_DEFAULT if model is None else model.mean_output_tokens
        prompt = self._live.estimates.prompt_tokens(plan.model, request_bytes)
        cached = min(home.prompt_tokens, prompt)
        stay = expected(there.cost, prompt, cached, output)
        return stay <= expected(here.cost, prompt, 0, output)

    def _sized(self, standing: Standing, call: Call, key: Key, asked: Asked) -> Plan:
        """As ``_drawn``, for a request that may be too large for somebody."""
        plan = self._drawn(standing, call, key, asked)
        tokens = (0, 0)
        if not standing.kind.bits & _MEDIA:
            expected_tokens = self._live.estimates.prompt_tokens(plan.model, asked.request_bytes)
            tokens = (expected_tokens, asked.request_bytes // BYTES_PER_TOKEN_MOST)
        return _kept(narrowed(plan, call, tokens), plan, call.model)

    def _is_split(self, name: str) -> bool:
        """Whether the policy splits requests for a name, as it is written; raises Refusal."""
        if name in self._unsplit:
            return False
        if split_of(self._standings.catalog.resolve(name), self._splits) is not None:
            return True
        if len(self._unsplit) >= STANDINGS_MAX:
            self._unsplit.clear()
        self._unsplit.add(name)
        return False

    # ---- preferences, fallback models, projects -----------------------------------------------

    def _with_care(self, call: Call, key: Key, bits: int, asked: Asked) -> Plan:
        """Plan a request that is not ordinary."""
        project = self._standings.projects.get(key.project)
        wishes = NONE
        if call.preferences:
            wishes = read_preferences(call.preferences, call.spelled.get("preferences", PARAM))
        if project is not None:
            wishes = laid_over(project.preferences, wishes)
        names = (call.model, *(call.fallback_models or wishes.models))[: FALLBACK_MODELS_MAX + 1]
        plans: list[Plan] = []
        excluded: list[Excluded] = []
        first: Refusal | None = None
        for at, name in enumerate(dict.fromkeys(names)):
            try:
                chosen, chance = name, asked.chance
                resolved = self._standings.catalog.resolve(name)
                split = split_of(resolved, (project or ORDINARY).splits, self._splits)
                if split is not None:
                    chosen, chance = variant(resolved, split, call, key.project, chance)
                kind = Kind(chosen, bits, wishes, "" if project is None else key.project)
                now = msgspec.structs.replace(asked, chance=chance)
                plans.append(self._of_kind(kind, call, key, now))
            except NobodyLeft as nobody:
                excluded += nobody.excluded
                first = first or nobody
            except Refusal as refusal:
                if refusal.kind != "unavailable":
                    if at:
                        refusal.param = f"models[{at - 1}]"
                    raise
                first = first or refusal
        if plans:
            return joined(plans, excluded, across=wishes.across_models)
        if first is None or len(names) == 1 or not excluded:
            raise first or nobody_left(call.model, excluded)
        raise nobody_left(call.model, excluded)

    def _of_kind(self, kind: Kind, call: Call, key: Key, asked: Asked) -> Plan:
        standing = self._standings.of(kind, asked.at_ms)
        plan = self._sized(standing, call, key, asked)
        if kind.preferences.require_parameters:
            return _kept(required(plan, call, self.trial), plan, kind.name)
        return plan


def _kept(found: tuple[Plan | None, list[Excluded]], plan: Plan, name: str) -> Plan:
    slim, out = found
    if slim is None:
        raise nobody_left(name, (*plan.excluded, *out))
    return slim
