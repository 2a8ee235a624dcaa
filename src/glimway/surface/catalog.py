"""The catalog as clients read it.

Knows OpenAI's list and object shapes, with our additions beside theirs, and Anthropic's. Refuses
to know how a model is served.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from glimway.domain.catalog import Catalog, Endpoint, Model
from glimway.domain.money import usd_per_million_text, usd_text
from glimway.domain.parameters import Tables, table_of
from glimway.domain.pricing import Price
from glimway.wire.aisdk.account import Listed, config_body
from glimway.wire.aisdk.asked import Version

Json = dict[str, Any]


def models_list(catalog: Catalog) -> Json:
    """``GET /v1/models``: every model that somebody serves here."""
    return {"object": "list", "data": [_card(model) for model in catalog.models]}


def anthropic_list(catalog: Catalog) -> Json:
    """``GET /v1/models`` as Anthropic's clients read it: all on one page.

    Source: https://docs.anthropic.com/en/api/models-list.
    """
    models = [_anthropic_card(model) for model in catalog.models]
    return {
        "data": models,
        "has_more": False,
        "first_id": models[0]["id"] if models else None,
        "last_id": models[-1]["id"] if models else None,
    }


def anthropic_object(catalog: Catalog, name: str) -> Json:
    """``GET /v1/models/{id}`` as Anthropic's clients read it.

    Raises:
        Refusal: ``not_found`` with the nearest names.
    """
    resolved = catalog.resolve(name)
    if resolved.model is None:
        return _anthropic_card(Model(id=resolved.model_id))
    return _anthropic_card(resolved.model)


def aisdk_list(catalog: Catalog, version: Version, now_ms: int) -> Json:
    """``GET {base}/config`` as the AI SDK's gateway provider reads it, at the best price of each
    model."""
    return config_body([_listed(catalog, model, now_ms) for model in catalog.models], version)


def _listed(catalog: Catalog, model: Model, now_ms: int) -> Listed:
    prices = [
        price
        for endpoint in catalog.endpoints_of(model.id)
        if (price := endpoint.price_at(now_ms)) is not None
    ]
    name = model.name or model.id
    if not prices:
        return Listed(model.id, name)
    rates = min(prices, key=lambda price: price.rates.input + price.rates.output).rates
    return Listed(
        model.id,
        name,
        input=usd_text(rates.input),
        output=usd_text(rates.output),
        cache_read=usd_text(rates.cached_input),
        cache_write=usd_text(rates.cache_write),
    )


def _anthropic_card(model: Model) -> Json:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name or model.id,
        "created_at": _day(model.released),
    }


def _day(day: date | None) -> str:
    """RFC 3339; a day that is not known is the epoch's, as Anthropic has it."""
    return f"{(day or date(1970, 1, 1)).isoformat()}T00:00:00Z"


def model_object(catalog: Catalog, name: str, tables: Tables) -> Json:
    """``GET /v1/models/{id}``: one model, with everything the catalog knows.

    Args:
        catalog: what there is.
        name: as it was asked.
        tables: request parameters, by the name that models give.

    Raises:
        Refusal: ``not_found`` with the nearest names.
    """
    resolved = catalog.resolve(name)
    if resolved.model is None:
        return {"id": resolved.model_id, "object": "model", "created": 0, "owned_by": "unknown"}
    model = resolved.model
    known = msgspec.to_builtins(model)
    for member in ("id", "name", "sources", "checked"):
        known.pop(member, None)
    return {
        **_card(model),
        **known,
        "parameters": _parameters(model, catalog.endpoints_of(model.id), tables),
        "sources": msgspec.to_builtins(model.sources),
        "checked": msgspec.to_builtins(model.checked),
    }


def _parameters(model: Model, endpoints: Iterable[Endpoint], tables: Tables) -> list[Json]:
    """The model's request parameters: what each may be, and what becomes of it."""
    table = table_of(tables, model)
    if table is None:
        return []
    hosts = {endpoint.provider.id: endpoint.quirks for endpoint in endpoints}
    return [
        {
            "name": row.name,
            "type": row.type if row.also is None else [row.type, row.also],
            "default": row.default,
            "minimum": row.low,
            "maximum": row.high,
            "values": list(row.values) or None,
            "max_items": row.items_max,
            "max_characters": row.chars_max,
            "range": row.range_text() or None,
            "meaning": row.meaning,
            "honoured_by": row.honoured_by or "every host",
            "left_out_by": [name for name, quirks in hosts.items() if row.name in quirks.reject],
        }
        for row in table.parameters
    ]


def endpoints_object(
    catalog: Catalog, name: str, now_ms: int, performance: Mapping[str, Json]
) -> Json:
    """``GET /v1/models/{id}/endpoints``: who serves it, at what price, and how well.

    Args:
        catalog: what there is.
        name: as it was asked.
        now_ms: whose prices are shown.
        performance: what is told of the live state of each endpoint, by its id.

    Raises:
        Refusal: ``not_found`` with the nearest names.
    """
    resolved = catalog.resolve(name)
    return {
        "object": "list",
        "id": resolved.model_id,
        "data": [
            _endpoint(endpoint, now_ms) | performance.get(endpoint.id, {})
            for endpoint in resolved.endpoints
        ],
    }


def _card(model: Model) -> Json:
    return {
        "id": model.id,
        "object": "model",
        "created": _seconds(model.released),
        "owned_by": model.id.partition("/")[0],
        "name": model.name or model.id,
        "context_length": model.context,
        "max_output_tokens": model.max_output,
    }


def _endpoint(endpoint: Endpoint, now_ms: int) -> Json:
    profile = endpoint.provider.profile
    return {
        "object": "endpoint",
        "id": endpoint.id,
        "provider": endpoint.provider.id,
        "provider_name": profile.name,
        "context_length": endpoint.context,
        "max_output_tokens": endpoint.max_output,
        "quantization": endpoint.quantization or None,
        "regions": list(endpoint.regions),
        "zdr": profile.policy.zdr.answer,
        "no_train": profile.policy.no_train.answer,
        "price": _price(endpoint.price_at(now_ms)),
        "unverified": list(endpoint.unverified),
    }


def _price(price: Price | None) -> Json | None:
    """USD per million tokens, per request, per search, as exact decimal text: the very rates that
    are charged."""
    if price is None:
        return None
    rates = price.rates
    return {
        "version": price.version,
        "effective": price.effective.isoformat() if price.effective is not None else None,
        "source": price.source or None,
        "input": usd_per_million_text(rates.input),
        "cached_input": usd_per_million_text(rates.cached_input),
        "cache_write": usd_per_million_text(rates.cache_write),
        "output": usd_per_million_text(rates.output),
        "request": usd_text(price.request),
        "web_search": usd_text(price.web_search),
    }


def _seconds(day: date | None) -> int:
    if day is None:
        return 0
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
