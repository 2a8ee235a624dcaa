"""Models, endpoints and prices as the command line shows them.

Knows documents and table rows. Refuses to know how a catalog came to be.
"""

from __future__ import annotations

from typing import Any

from glimway.config.values import Config
from glimway.domain.catalog import Catalog, Endpoint, Model
from glimway.domain.money import usd_per_million_text
from glimway.domain.offering import endpoint_document
from glimway.domain.pricing import Price

PRICE_UNKNOWN = "unknown"


def model_document(model: Model, catalog: Catalog, now_ms: int) -> dict[str, Any]:
    """One model with its endpoints.

    Args:
        model: of the catalog.
        catalog: for the endpoints.
        now_ms: whose prices hold.
    """
    endpoints = catalog.endpoints_of(model.id)
    return {
        "id": model.id,
        "name": model.name,
        "aliases": list(model.aliases),
        "context": model.context,
        "max_output": model.max_output,
        "capabilities": sorted(model.capabilities),
        "deprecated": model.deprecated,
        "endpoints": [endpoint_document(endpoint, now_ms) for endpoint in endpoints],
    }


def model_rows(model: Model, catalog: Catalog, now_ms: int) -> list[tuple[str, ...]]:
    """One row of a table for each endpoint, or one that says that there is none."""
    endpoints = catalog.endpoints_of(model.id)
    if not endpoints:
        return [(model.id, "nobody", count_words(model.context), "", "")]
    return [
        (
            model.id,
            endpoint.provider.id,
            count_words(endpoint.context),
            *price_words(endpoint.price_at(now_ms)),
        )
        for endpoint in endpoints
    ]


def provider_documents(config: Config, catalog: Catalog) -> list[dict[str, Any]]:
    """Each configured provider; of its key only where it was found."""
    models: dict[str, list[str]] = {one.id: [] for one in config.providers}
    for model in catalog.models:
        for endpoint in catalog.endpoints_of(model.id):
            served = models.get(endpoint.provider.id, [])
            if model.id not in served:
                served.append(model.id)
    documents = []
    for one in config.providers:
        provider = catalog.providers[one.id]
        documents.append(
            {
                "id": one.id,
                "profile": one.profile,
                "name": provider.profile.name,
                "dialect": provider.dialect,
                "base_url": provider.base_url,
                "private": one.private,
                "key": None if one.api_key is None else one.api_key.source,
                "keys": [key.source for key in one.keys],
                "models": models[one.id],
            }
        )
    return documents


def endpoint_row(endpoint: Endpoint, now_ms: int) -> tuple[str, ...]:
    """One endpoint as a row of a table."""
    return (
        endpoint.id,
        endpoint.provider.id,
        endpoint.upstream_model,
        count_words(endpoint.context),
        *price_words(endpoint.price_at(now_ms)),
    )


def price_words(price: Price | None) -> tuple[str, str]:
    """Input and output price for a table."""
    if price is None:
        return PRICE_UNKNOWN, PRICE_UNKNOWN
    if price.free:
        return "free", "free"
    more = "+" if price.tiers else ""
    rates = price.rates
    return usd_per_million_text(rates.input) + more, usd_per_million_text(rates.output) + more


def count_words(count: int | None) -> str:
    """A count of tokens for a table: ``200,000``."""
    return "unknown" if count is None else f"{count:,}"
