"""A plan in plain values: for ``glimway route``, the console and receipts.

Knows words for each decision. Refuses to decide anything.
"""

from __future__ import annotations

from typing import Any

from glimway.domain.money import usd_per_million_text
from glimway.domain.routing.price import UNKNOWN
from glimway.domain.routing.route import Basis, Candidate, Excluded, Plan
from glimway.domain.statistics.figures import Figures
from glimway.domain.statistics.vitals import Vitals

_BASES: dict[Basis, str] = {
    "policy": "the cheapest within a band share the load by weight, the others follow by price",
    "order": "the caller's order",
    "price": "the caller sorts by price",
    "latency": "the caller sorts by the time to the first token",
    "throughput": "the caller sorts by tokens per second",
}


def explained(plan: Plan, vitals: Vitals) -> dict[str, Any]:
    """Say what a plan holds and why.

    Returns:
        ``model``, ``basis`` and ``basis_words``, ``resting`` (all of them should rest),
        ``endpoints`` in order (``id``, ``provider``, ``model``, ``why``, ``weight``, prices in USD
        per million tokens or None, live figures), ``excluded`` (``id``, ``reason``), ``adjusted``.
    """
    return {
        "model": plan.model,
        "basis": plan.basis,
        "basis_words": _BASES[plan.basis],
        "resting": plan.resting,
        "endpoints": [
            _endpoint(candidate, _why(plan, at), vitals.figures(candidate.endpoint.id))
            for at, candidate in enumerate(plan.candidates)
        ],
        "excluded": [_excluded(one) for one in plan.excluded],
        "adjusted": list(plan.adjusted),
    }


def _endpoint(candidate: Candidate, why: str, figures: Figures) -> dict[str, Any]:
    endpoint, cost = candidate.endpoint, candidate.cost
    priced = endpoint.priced
    ttft, pace = figures.ttft_ms, figures.tokens_per_second
    return {
        "id": endpoint.id,
        "provider": endpoint.provider.id,
        "model": endpoint.upstream_model,
        "why": why,
        "weight": candidate.weight,
        "input_usd_per_million": usd_per_million_text(cost.input) if priced else None,
        "output_usd_per_million": usd_per_million_text(cost.output) if priced else None,
        "ttft_p50_ms": None if ttft is None else round(ttft["p50"], 1),
        "ttft_p90_ms": None if ttft is None else round(ttft["p90"], 1),
        "tokens_per_second_p50": None if pace is None else round(pace["p50"], 1),
        "success": None if figures.success is None else round(figures.success, 4),
        "uptime": None if figures.uptime is None else round(figures.uptime, 4),
    }


def _why(plan: Plan, at: int) -> str:
    candidate = plan.candidates[at]
    words: list[str] = []
    if plan.resting:
        words.append("it should rest, but nobody is well")
    elif plan.basis == "policy":
        if at < plan.band and plan.band > 1:
            words.append(f"shares the load of the cheapest {plan.band}")
        elif candidate.cost.reference >= UNKNOWN:
            words.append("its price is not known")
        elif not candidate.weight:
            words.append("has weight 0")
        else:
            words.append("the cheapest" if not at else "next by price")
    else:
        words.append(f"{_BASES[plan.basis]}")
    if candidate.endpoint.model != plan.model:
        words.append(f"fallback model {candidate.endpoint.model}")
    words += [reason.words for reason in candidate.changed]
    if candidate.slow:
        words.append("slower than the caller would like")
    return "; ".join(words)


def _excluded(one: Excluded) -> dict[str, Any]:
    return {"id": one.endpoint, "reason": one.reason.words}
