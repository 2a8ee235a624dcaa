"""Routing as the engine uses it: the planner, and what it learns from every attempt.

Knows whom to tell of an answer and of a fault, and keeps the figures fresh. Refuses to know the
rules themselves: those are pure and lie in the domain, with a clock and chance as parameters.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

import msgspec

from glimway.domain.catalog import Catalog
from glimway.domain.cooldown import blames_endpoint
from glimway.domain.endpoint import Endpoint
from glimway.domain.estimate import Estimates
from glimway.domain.health import Health, Rules
from glimway.domain.judgement import Judge
from glimway.domain.keys import Key
from glimway.domain.retry import (
    ATTEMPTS_MAX,
    PATIENCE,
    PER_SECOND_MILLI,
    SHARE_MILLI,
    Patience,
    RetryBudget,
)
from glimway.domain.routing.affinity import PROMPT_TOKENS_MIN, Affinity, Home
from glimway.domain.routing.course import Course
from glimway.domain.routing.narrow import Trial
from glimway.domain.routing.plan import Asked, Live, Planner
from glimway.domain.routing.route import Plan
from glimway.domain.routing.rules import Policy, Project
from glimway.domain.statistics.vitals import REFRESH_S, Vitals, pace
from glimway.engine.hedging import FLOOR_S_DEFAULT, Hedges, Hedging
from glimway.engine.settling import Charge, Outcome
from glimway.engine.slowstart import FIRST_TOKEN_PERCENT_DEFAULT, SlowStart
from glimway.engine.wheel import Alarm, Wheel
from glimway.wire.refusal import Fault
from glimway.wire.talk import Call


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of routing that the operator may set.

    Args:
        attempts_max: tries of one request, all endpoints together.
        refresh_s: how often the figures that routes rest on are read again.
        hedge_floor_s: no second request races the first sooner.
        leave_slow: endpoints are left whose answers start slower than they ever do.
        first_token_percent: of the usual P99, for ``leave_slow``.
        health: when endpoints must rest.
        retry_share_milli, retries_per_second_milli: what a request and a second earn, in
            thousandths of a retry.
        patience: how long one request waits between two tries at the same endpoint.
    """

    attempts_max: int = ATTEMPTS_MAX
    refresh_s: float = REFRESH_S
    hedge_floor_s: float = FLOOR_S_DEFAULT
    leave_slow: bool = False
    first_token_percent: int = FIRST_TOKEN_PERCENT_DEFAULT
    health: Rules = Rules()
    retry_share_milli: int = SHARE_MILLI
    retries_per_second_milli: int = PER_SECOND_MILLI
    patience: Patience = PATIENCE


class Routing:
    """Plans routes and learns from them.

    Args:
        catalog: what there is.
        judge: holds calls to the parameter tables of their models.
        estimates: what prompts and answers are expected to use.
        wheel: its clock is that of health and waits; it rings when the figures are read again.
        policy: the operator's rules.
        terms: numbers that the operator may set.
    """

    def __init__(
        self,
        catalog: Catalog,
        judge: Judge,
        estimates: Estimates,
        wheel: Wheel,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        *,
        terms: Terms = Terms(),  # noqa: B008 - frozen
    ) -> None:
        self.health = Health(terms.health)
        self.vitals = Vitals()
        self.chance = random.Random().random  # noqa: S311 - spreads load, guards nothing
        """A fresh random number, 0 to 1."""
        self._wheel = wheel
        self.catalog = catalog
        self._judge = judge
        self._terms = terms
        self._policy = policy
        self._affinity = Affinity()
        self.slow_start: SlowStart | None = None
        """Watches how streams start, where the operator wants it."""
        if terms.leave_slow:
            self.slow_start = SlowStart(self.vitals, _now_ms, terms.first_token_percent)
        self._hedges = Hedges(self.vitals, terms.hedge_floor_s)
        self._planner = Planner(
            catalog, Live(self.health, self.vitals, self._affinity, estimates), policy
        )
        self._budget = RetryBudget(
            wheel.loop.time(),
            share_milli=terms.retry_share_milli,
            per_second_milli=terms.retries_per_second_milli,
        )
        self._alarm: Alarm | None = None
        self._stopped = False

    def try_with(self, trial: Trial) -> None:
        """Learn what would be changed on the way to an endpoint from ``trial``."""
        self._planner.trial = trial

    def adopt(self, projects: Mapping[str, Project]) -> None:
        """Route the requests of projects, by id, as they say from now on."""
        self._planner.adopt(self.catalog, self._policy, projects)

    def start(self) -> None:
        """Keep the figures fresh from now on."""
        self.vitals.refresh(_now_ms())
        self._rest()

    def stop(self) -> None:
        """Leave the figures as they are."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    def _rest(self) -> None:
        if not self._stopped:
            self._alarm = self._wheel.after(self._terms.refresh_s, self._refresh)

    def _refresh(self) -> None:
        self._read_on(self.vitals.stale(_now_ms()), 0)

    def _read_on(self, stale: list[str], changed: int) -> None:
        """Read one endpoint's figures, and the next in the next turn of the loop: all of them in
        one would hold every stream up for as many milliseconds."""
        if stale:
            changed += self.vitals.read(stale.pop(), _now_ms())
            self._wheel.loop.call_soon(self._read_on, stale, changed)
            return
        self.vitals.changes += bool(changed)
        self._rest()

    def leaves_no_trace(self, project: str) -> bool:
        """Whether a project's rules say that nobody keeps its prompts and answers."""
        rules = self._planner.projects.get(project)
        return rules is not None and rules.preferences.zdr

    def plan(self, call: Call, key: Key, request_bytes: int, at_ms: int) -> Plan:
        """The route of one request.

        Args:
            call: what is asked.
            key: who asks.
            request_bytes: how large the request is.
            at_ms: when it came, wall time.

        Raises:
            Refusal: a parameter is not what its model takes, or nobody can serve the call, with the
                reason of each.
        """
        self._judge.judge(call, self.catalog.resolve(call.model).model)
        asked = Asked(request_bytes, at_ms, self._wheel.loop.time(), self.chance())
        return self._planner.plan(call, key, asked)

    def course(self, plan: Plan) -> Course:
        """A request's way through its plan."""
        return Course(
            plan, self.health, self._budget, self._terms.attempts_max, self._terms.patience
        )

    def failed(self, endpoint: Endpoint, fault: Fault, *, late: bool = False) -> None:
        """An attempt failed; ``late``: after its first real frame, when its course was over."""
        if endpoint.passed or not blames_endpoint(fault):
            return
        self.vitals.failed(endpoint.id, _now_ms(), fault.kind)
        if late:
            self.health.failed(endpoint.id, "well", fault, self._wheel.loop.time())

    def hedging(self, plan: Plan, project: str) -> Hedging:
        """A stream begins whose plan may be raced."""
        return self._hedges.began(project, plan.hedge_percent)

    def left_waiting(self, endpoint: Endpoint, waited_s: float) -> None:
        """Nobody waits for its first token any more, since another was quicker."""
        if endpoint.passed:
            return
        self.vitals.left(endpoint.id, _now_ms(), waited_ms=waited_s * 1000)

    def answered(self, plan: Plan, call: Call, key: Key, outcome: Outcome, charge: Charge) -> None:
        """A request was answered well, up to its end."""
        answer, now_s = outcome.answer, self._wheel.loop.time()
        endpoint = outcome.endpoint
        ttft_ms = tokens_per_second = None
        if call.stream and answer is not None and answer.first_frame_s is not None:
            ttft_ms = (answer.first_frame_s - answer.started_s) * 1000
            if outcome.tally is None or not outcome.tally.held_back:
                tokens_per_second = pace(charge.tokens.output, answer.first_frame_s, now_s)
        if not endpoint.passed:
            self.vitals.answered(endpoint.id, _now_ms(), ttft_ms, tokens_per_second)
        if len(plan.candidates) > 1 and charge.tokens.input >= PROMPT_TOKENS_MIN:
            home = Home(endpoint.id, charge.tokens.input, now_s)
            self._planner.settled(plan, call, key, home)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
