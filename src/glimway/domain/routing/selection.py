"""Which endpoints of a model may serve requests of one kind, before anyone looks at their health.

Knows every reason to leave one out: the request's wants, the caller's preferences, the price.
Refuses to know which of the rest is best (``standing``) and numbers of a single request.
"""

from __future__ import annotations

from typing import NamedTuple

from glimway.domain.endpoint import Endpoint
from glimway.domain.model import Model
from glimway.domain.names import fold
from glimway.domain.routing.fitness import Reason, fit
from glimway.domain.routing.preferences import Cutoff, Preferences
from glimway.domain.routing.price import cost_of, within
from glimway.domain.routing.route import Candidate, Excluded
from glimway.domain.routing.rules import Policy, Project, named_weight, promised, weight_of
from glimway.domain.routing.wants import Want
from glimway.domain.statistics.figures import Figures
from glimway.domain.statistics.vitals import Vitals

NO_PRICE = Reason("has no price here, so prepaid credits cannot pay it", "model", "forbidden")


class Kind(NamedTuple):
    """Requests that have the same prepared route.

    Args:
        name: the model as it was asked for.
        bits: of ``Want``.
        preferences: with those of the name's suffixes and of the project.
        project: id of a project that has rules of its own, or empty.
    """

    name: str
    bits: int
    preferences: Preferences
    project: str = ""


class Grounds(NamedTuple):
    """What a selection rests on beside the request."""

    policy: Policy
    project: Project
    vitals: Vitals
    at_ms: int


def select(
    kind: Kind, endpoints: tuple[Endpoint, ...], model: Model | None, grounds: Grounds
) -> tuple[list[Candidate], list[Excluded]]:
    """Part a model's endpoints into those that may be asked, in the catalog's order, and others."""
    candidates: list[Candidate] = []
    excluded: list[Excluded] = []
    wishes = kind.preferences
    for endpoint in endpoints:
        fitting = fit(endpoint, model, kind.bits, grounds.policy.emulated)
        figures = grounds.vitals.figures(endpoint.id)
        reason = (
            NO_PRICE
            if kind.bits & Want.PREPAID and not endpoint.priced
            else next(iter(fitting.missing), None)
            or _unwished(endpoint, wishes, grounds)
            or _too_slow(figures, wishes)
        )
        if reason is not None:
            excluded.append(Excluded(endpoint.id, reason))
            continue
        candidates.append(
            Candidate(
                endpoint,
                cost_of(endpoint, model, grounds.at_ms),
                weight_of(endpoint, grounds.project),
                fitting.changed,
                _slower(figures, wishes.prefer_ttft_ms, wishes.prefer_tokens_per_second),
                bool(named_weight(endpoint, grounds.project)),
            )
        )
    return candidates, excluded


def place_in(names: tuple[str, ...], endpoint: Endpoint) -> int | None:
    """Which of a caller's names means an endpoint: its place; None: none does.

    A name is a provider's id, its profile's, the endpoint's, or a provider with one of the
    endpoint's quantization and regions behind a slash (``host/fp8``).
    """
    provider = endpoint.provider
    known = {fold(provider.id), fold(provider.profile.id), fold(endpoint.id)}
    for at, name in enumerate(names):
        if name in known:
            return at
        host, slash, variant = name.rpartition("/")
        if slash and host in known:
            variants = (endpoint.quantization, *endpoint.regions)
            if variant in [fold(one) for one in variants if one]:
                return at
    return None


def _unwished(endpoint: Endpoint, wishes: Preferences, grounds: Grounds) -> Reason | None:
    if wishes.only and place_in(wishes.only, endpoint) is None:
        return Reason("is not among 'only'", "provider.only")
    if wishes.ignore and place_in(wishes.ignore, endpoint) is not None:
        return Reason("is among 'ignore'", "provider.ignore")
    if wishes.order and not wishes.allow_fallbacks and place_in(wishes.order, endpoint) is None:
        return Reason("is not in 'order', and fallbacks are off", "provider.allow_fallbacks")
    if wishes.zdr and not promised(endpoint, "zdr"):
        return Reason("is not known to keep no data", "provider.zdr")
    if wishes.no_train and not promised(endpoint, "no_train"):
        return Reason("is not known to train no models on requests", "provider.no_train")
    if wishes.regions and not _near(endpoint.regions, wishes.regions):
        where = ", ".join(endpoint.regions) or "an unknown region"
        return Reason(f"runs in {where}", "provider.regions")
    if wishes.quantizations:
        quantization = endpoint.quantization or "unknown"
        if fold(quantization) not in wishes.quantizations:
            return Reason(f"has {quantization} quantization", "provider.quantizations")
    price = endpoint.price_at(grounds.at_ms)
    if wishes.free and (price is None or not price.free):
        return Reason("is not free", "model")
    if wishes.max_price is not None and not within(price, wishes.max_price):
        words = "has no known price" if price is None else "costs more than 'max_price'"
        return Reason(words, "provider.max_price")
    return None


def _near(regions: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether one of the regions is wanted; ``eu`` also means ``eu-west-1``."""
    return any(
        here == one or here.startswith(f"{one}-") for here in map(fold, regions) for one in wanted
    )


def _too_slow(figures: Figures, wishes: Preferences) -> Reason | None:
    if not wishes.max_ttft_ms and not wishes.min_tokens_per_second:
        return None
    if _slower(figures, wishes.max_ttft_ms, ()):
        return Reason("is slower to its first token than asked", "provider.max_ttft_p90_ms")
    if _slower(figures, (), wishes.min_tokens_per_second):
        return Reason("gives fewer tokens per second than asked", "provider.min_tokens_per_second")
    return None


def _slower(figures: Figures, ttft: tuple[Cutoff, ...], pace: tuple[Cutoff, ...]) -> bool:
    """Whether it is known to be slower; an endpoint that was never measured gets its chance."""
    for name, most_ms in ttft:
        if figures.ttft_ms is not None and figures.ttft_ms[name] > most_ms:
            return True
    for name, least in pace:
        known = figures.tokens_per_second
        if known is not None and known[name] < least:
            return True
    return False
