"""What a request costs at an endpoint, for comparing endpoints.

Knows a reference request and how the tokens of a cached prompt count. Refuses to charge anyone:
``pricing`` does that, from real usage. Atto-USD throughout.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from glimway.domain.endpoint import Endpoint
from glimway.domain.model import MEAN_OUTPUT_TOKENS_DEFAULT, Model
from glimway.domain.pricing import Price
from glimway.domain.routing.preferences import MaxPrice

PROMPT_TOKENS: Final = 4000
"""The prompt of the reference request: some turns of a conversation."""
UNKNOWN: Final = 1 << 100
"""Dearer than every price: an endpoint of which none is known comes after those with one."""


class Cost(NamedTuple):
    """Prices of one endpoint on one day.

    Args:
        input, cached, output: per token.
        request: for each.
        reference: of the reference request; ``UNKNOWN`` where no price is known.
    """

    input: int
    cached: int
    output: int
    request: int
    reference: int


def cost_of(endpoint: Endpoint, model: Model | None, at_ms: int) -> Cost:
    """Prices of an endpoint.

    Without a known price, an operator's own engine (on a private address) costs nothing to use,
    and every other endpoint more than all others.
    """
    price = endpoint.price_at(at_ms)
    if price is None:
        return Cost(0, 0, 0, 0, 0 if endpoint.provider.private else UNKNOWN)
    output_tokens = MEAN_OUTPUT_TOKENS_DEFAULT if model is None else model.mean_output_tokens
    rates = price.rates_for(PROMPT_TOKENS)
    reference = PROMPT_TOKENS * rates.input + output_tokens * rates.output + price.request
    return Cost(rates.input, rates.cached_input, rates.output, price.request, reference)


def expected(cost: Cost, prompt_tokens: int, cached_tokens: int, output_tokens: int) -> int:
    """What a request will probably cost when so much of its prompt is cached there."""
    fresh = prompt_tokens - cached_tokens
    tokens = fresh * cost.input + cached_tokens * cost.cached + output_tokens * cost.output
    return tokens + cost.request


def within(price: Price | None, most: MaxPrice) -> bool:
    """Whether a price keeps to a caller's bounds; an unknown one does not. Every tier must."""
    if price is None:
        return False
    for rates in (price.rates, *(tier.rates for tier in price.tiers)):
        dearest = max(rates.input, rates.cached_input, rates.cache_write)
        if most.input is not None and dearest > most.input:
            return False
        if most.output is not None and rates.output > most.output:
            return False
    if most.request is not None and price.request > most.request:
        return False
    return most.web_search is None or price.web_search <= most.web_search
