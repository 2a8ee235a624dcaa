"""Endpoints and their prices in plain values: for the command line and for administrators.

Knows the members of these documents. Refuses to know how a catalog came to be, and who reads them.
"""

from __future__ import annotations

from typing import Any

from glimway.domain.catalog import Endpoint, Resolved
from glimway.domain.money import usd_per_million_text, usd_text
from glimway.domain.pricing import Price, Rates


def resolved_document(resolved: Resolved, now_ms: int) -> dict[str, Any]:
    """What a name means, with its endpoints in order."""
    return {
        "asked": resolved.asked,
        "model": resolved.model_id,
        "known": resolved.model is not None,
        "provider": resolved.pin,
        "suffixes": list(resolved.suffixes),
        "endpoints": [endpoint_document(endpoint, now_ms) for endpoint in resolved.endpoints],
    }


def endpoint_document(endpoint: Endpoint, now_ms: int) -> dict[str, Any]:
    """One endpoint with the price that holds at ``now_ms``."""
    price = endpoint.price_at(now_ms)
    return {
        "id": endpoint.id,
        "provider": endpoint.provider.id,
        "model": endpoint.upstream_model,
        "context": endpoint.context,
        "max_output": endpoint.max_output,
        "quantization": endpoint.quantization,
        "regions": list(endpoint.regions),
        "price": None if price is None else price_document(price),
    }


def price_document(price: Price) -> dict[str, Any]:
    """USD as exact decimal text: per million tokens, per request, per search."""
    return {
        "version": price.version,
        **_rates(price.rates),
        "request": usd_text(price.request),
        "web_search": usd_text(price.web_search),
        "tiers": [{"from_tokens": tier.from_tokens, **_rates(tier.rates)} for tier in price.tiers],
    }


def _rates(rates: Rates) -> dict[str, str]:
    return {
        "input": usd_per_million_text(rates.input),
        "cached_input": usd_per_million_text(rates.cached_input),
        "cache_write": usd_per_million_text(rates.cache_write),
        "output": usd_per_million_text(rates.output),
    }
