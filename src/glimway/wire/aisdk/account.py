"""What else the SDK asks a gateway for: its models, the credits, one generation.

Knows the bodies of ``GET {base}/config``, ``GET /v1/credits`` and ``GET /v1/generation``. Refuses
to know catalog, balances and receipts: all values are handed in.
Source: ``GatewayFetchMetadata`` and ``GatewayGenerationInfoFetcher`` of ``@ai-sdk/gateway``
(github.com/vercel/ai). The SDK refuses a list with a single entry of another version, so the
version is that of the base path.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from glimway.wire.aisdk.asked import Version
from glimway.wire.talk import Json

KIND = "language"
PROVIDER = "gateway"
"""Who serves every model, as far as the SDK is concerned."""


class Listed(msgspec.Struct, frozen=True):
    """A model in the list. Prices are decimal text, in USD per token.

    Args:
        id: what a client asks for.
        name: for people.
        description: for people; None: there is none.
        input, output: None: the price is not known.
        cache_read, cache_write: None: not priced apart.
    """

    id: str
    name: str
    description: str | None = None
    input: str | None = None
    output: str | None = None
    cache_read: str | None = None
    cache_write: str | None = None


def config_body(models: Iterable[Listed], version: Version) -> dict[str, Json]:
    """The body of ``GET {base}/config``.

    Args:
        models: those that the key may use.
        version: of the base path.
    """
    return {"models": [_listed(model, version) for model in models]}


def _listed(model: Listed, version: Version) -> dict[str, Json]:
    entry: dict[str, Json] = {
        "id": model.id,
        "name": model.name,
        "specification": {
            "specificationVersion": f"v{version}",
            "provider": PROVIDER,
            "modelId": model.id,
        },
        "modelType": KIND,
    }
    if model.description is not None:
        entry["description"] = model.description
    if model.input is not None and model.output is not None:
        pricing: dict[str, Json] = {"input": model.input, "output": model.output}
        if model.cache_read is not None:
            pricing["input_cache_read"] = model.cache_read
        if model.cache_write is not None:
            pricing["input_cache_write"] = model.cache_write
        entry["pricing"] = pricing
    return entry


def credits_body(balance_usd: str, total_used_usd: str) -> dict[str, Json]:
    """The body of ``GET /v1/credits``; both are decimal text."""
    return {"balance": balance_usd, "total_used": total_used_usd}


class Generation(msgspec.Struct, frozen=True):
    """What became of one request.

    Args:
        id: the answer's public id, ``gen_`` and its stem.
        model: the name that was asked for.
        provider: who served it.
        created_ms: when the request came, in milliseconds since 1970.
        cost_usd: what was charged, as the digits of a JSON number.
        streamed: whether it streamed.
        end: why it ended, in the SDK's words (``stop``, ``length``, ...).
        latency_ms: to the first token; the whole time where that is not known.
        duration_ms: in all.
        input, output, reasoning, cached, cache_write: tokens, as charged.
        web_searches: searches that were charged.
    """

    id: str
    model: str
    provider: str
    created_ms: int
    cost_usd: bytes
    streamed: bool
    end: str
    latency_ms: int
    duration_ms: int
    input: int = 0
    output: int = 0
    reasoning: int = 0
    cached: int = 0
    cache_write: int = 0
    web_searches: int = 0


def generation_body(generation: Generation) -> dict[str, Json]:
    """The body of ``GET /v1/generation?id=...``."""
    cost = msgspec.Raw(generation.cost_usd)
    created = datetime.fromtimestamp(generation.created_ms / 1000, UTC)
    return {
        "data": {
            "id": generation.id,
            "total_cost": cost,
            "usage": cost,
            # Nobody's own provider key is used here, so nothing is paid beside the charge.
            "upstream_inference_cost": 0,
            "is_byok": False,
            "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "model": generation.model,
            "provider_name": generation.provider,
            "streamed": generation.streamed,
            "finish_reason": generation.end,
            "latency": generation.latency_ms,
            "generation_time": generation.duration_ms,
            "native_tokens_prompt": generation.input,
            "native_tokens_completion": generation.output,
            "native_tokens_reasoning": generation.reasoning,
            "native_tokens_cached": generation.cached,
            "native_tokens_cache_creation": generation.cache_write,
            "billable_web_search_calls": generation.web_searches,
        }
    }
