"""Medians, ratios, differences and budgets.

Gateways are compared within a round, between runs that followed each other, and only then is the
median taken: what disturbs the machine for a minute then disturbs both sides. Knows no gateway's
inside and no format of a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from gateways import GLIMWAY_MANY, GLIMWAY_WIDE
from pairs import CHAT_PAIR, PAIR_FIGURES
from scenarios import Figures

Rounds = Sequence[Figures | None]
"""One entry per round; None where a gateway could not be measured in it."""


@dataclass
class Results:
    """Everything that was measured, by scenario and contender."""

    rounds: dict[str, dict[str, list[Figures | None]]] = field(default_factory=dict)
    troubles: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a contender has no figures in a scenario, or lost a round of it."""

    def add(self, scenario: str, contender: str, figures: Figures | None) -> None:
        """Append one round."""
        self.rounds.setdefault(scenario, {}).setdefault(contender, []).append(figures)

    def of(self, scenario: str, contender: str) -> Rounds:
        """All rounds of one contender, with what it adds to a direct call where that is known."""
        table = self.rounds.get(scenario, {})
        rounds = table.get(contender, [])
        if scenario != "latency" or contender == "direct":
            return rounds
        return [_with_added(*pair) for pair in zip(rounds, table.get("direct", []), strict=False)]


def _with_added(own: Figures | None, direct: Figures | None) -> Figures | None:
    """Latency figures of one round and their distance from the direct call in the same round."""
    if own is None or direct is None:
        return own
    added = {f"added_{name}": own[name] - direct[name] for name in ("p50_ms", "p99_ms")}
    return {**added, **own}


def values(rounds: Rounds, figure: str) -> list[float]:
    """One figure in all rounds that have it."""
    return [figures[figure] for figures in rounds if figures is not None and figure in figures]


def middle(rounds: Rounds, figure: str) -> float | None:
    """The median over the rounds, or None when there is none."""
    found = values(rounds, figure)
    return median(found) if found else None


def ratio(
    rounds: Rounds, against: Rounds, figure: str, theirs_is: str | None = None
) -> float | None:
    """The median of the ratios taken round by round, or None when no round has both.

    ``theirs_is`` names the other side's figure where it is another one.
    """
    other = theirs_is or figure
    found = [
        ours[figure] / theirs[other]
        for ours, theirs in zip(rounds, against, strict=False)
        if ours and theirs and figure in ours and theirs.get(other)
    ]
    return median(found) if found else None


def growth(rounds: Rounds, against: Rounds, figure: str) -> float | None:
    """The median of the differences taken round by round, or None when no round has both."""
    found = [
        ours[figure] - theirs[figure]
        for ours, theirs in zip(rounds, against, strict=False)
        if ours and theirs and figure in ours and figure in theirs
    ]
    return median(found) if found else None


@dataclass(frozen=True)
class Budget:
    """A promise of the design: a figure, its ratio to another gateway's or how far it may be above
    that, and its limit."""

    words: str
    scenario: str
    figure: str
    limit: float
    against: str | None = None
    contender: str = "glimway"
    compare: Callable[[Rounds, Rounds, str], float | None] = ratio
    worst_of: tuple[str, ...] = ()
    """Figures that are each compared with the other gateway's ``figure``: the worst one counts."""

    def measured(self, results: Results) -> float | None:
        """What was measured, or None."""
        rounds = results.of(self.scenario, self.contender)
        if self.against is None:
            return middle(rounds, self.figure)
        theirs = results.of(self.scenario, self.against)
        if not self.worst_of:
            return self.compare(rounds, theirs, self.figure)
        found = [ratio(rounds, theirs, figure, self.figure) for figure in self.worst_of]
        known = [value for value in found if value is not None]
        return max(known) if known and len(known) == len(found) else None


@dataclass(frozen=True)
class Verdict:
    """A budget and what came of it."""

    budget: Budget
    value: float | None
    trouble: str | None

    @property
    def met(self) -> bool:
        """Measured in every round, and within the limit."""
        return self.value is not None and self.trouble is None and self.value <= self.budget.limit


def _cpu(words: str, scenario: str, contender: str = "glimway") -> Budget:
    figure = "cpu_us_per_request"
    return Budget(words, scenario, figure, 0.5, against="tensorzero", contender=contender)


BUDGETS = (
    _cpu("CPU per request / TensorZero", "chat"),
    _cpu("CPU per request / TensorZero, 64 KiB prompt", "prompt"),
    _cpu("CPU per request / TensorZero, 50 tools", "tools"),
    _cpu("CPU per request / TensorZero, 10,000 keys", "keys", GLIMWAY_MANY),
    _cpu("CPU per request / TensorZero, TLS", "tls"),
    Budget(
        "CPU us per request, 50 endpoints over 1",
        "endpoints",
        "cpu_us_per_request",
        10.0,
        against="glimway",
        contender=GLIMWAY_WIDE,
        compare=growth,
    ),
    Budget("CPU per chunk / TensorZero", "stream", "cpu_us_per_chunk", 0.9, "tensorzero"),
    Budget("CPU per chunk / TensorZero, TLS", "tls-stream", "cpu_us_per_chunk", 0.9, "tensorzero"),
    Budget(
        "CPU per chunk, worst pair of dialects / TensorZero's chat",
        "pairs",
        CHAT_PAIR,
        1.2,
        "tensorzero",
        worst_of=PAIR_FIGURES,
    ),
    Budget("added latency p50, ms", "latency", "added_p50_ms", 0.5),
    Budget("added latency p99, ms", "latency", "added_p99_ms", 3.0),
    Budget("memory with 5,000 idle streams, MiB", "held", "rss_held_mib", 192.0),
    Budget("start to first answer, s", "start", "first_answer_s", 1.5),
    Budget("idle memory, MiB", "start", "rss_idle_mib", 100.0),
)


def judge(results: Results, scenarios: Mapping[str, object]) -> list[Verdict]:
    """A verdict on every budget of the scenarios that were asked for."""
    verdicts = []
    for budget in BUDGETS:
        if budget.scenario not in scenarios:
            continue
        sides = [budget.contender, *([budget.against] if budget.against else [])]
        troubles = [results.troubles.get((budget.scenario, side)) for side in sides]
        trouble = next((words for words in troubles if words), None)
        verdicts.append(Verdict(budget, budget.measured(results), trouble))
    return verdicts
