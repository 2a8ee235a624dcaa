"""The ``usage`` object, and the metadata that say what a request cost.

Knows the SDK's names for the counts. Refuses to count: the tokens are those that were charged.
Sources: ``LanguageModelV4Usage`` of ``@ai-sdk/provider`` (version 3 has the same), and
https://vercel.com/docs/ai-gateway/models-and-providers/provider-options for ``gateway`` metadata.
"""

from __future__ import annotations

import msgspec

from glimway.wire.aisdk.options import GATEWAY
from glimway.wire.events import Usage
from glimway.wire.talk import Json


def write_usage(usage: Usage, cost_usd: bytes | None) -> dict[str, Json]:
    """Write a client's ``usage``.

    ``raw`` is what the SDK hands to its user unchanged, so the cost stands there as well.

    Args:
        usage: the tokens that were charged.
        cost_usd: what was charged, as the digits of a JSON number; None leaves it out.
    """
    reasoning = usage.reasoning or 0
    cost = {}
    if cost_usd is not None:
        cost = {"cost": msgspec.Raw(cost_usd), "estimated_cost": msgspec.Raw(cost_usd)}
    return {
        "inputTokens": {
            "total": usage.input,
            "noCache": max(0, usage.input - usage.cached - usage.cache_write),
            "cacheRead": usage.cached,
            "cacheWrite": usage.cache_write,
        },
        "outputTokens": {
            "total": usage.output,
            "text": max(0, usage.output - reasoning),
            "reasoning": reasoning,
        },
        "raw": {
            "input_tokens": usage.input,
            "output_tokens": usage.output,
            **(usage.extra or {}),
            **cost,
        },
        **cost,
    }


def write_metadata(answer_id: str, cost_usd: bytes | None) -> dict[str, Json]:
    """The ``providerMetadata`` of an answer: its public id, and what was charged, as text.

    Args:
        answer_id: the answer's public id.
        cost_usd: as digits; None leaves it out.
    """
    gateway: dict[str, Json] = {"generationId": answer_id}
    if cost_usd is not None:
        gateway["cost"] = cost_usd.decode()
    return {GATEWAY: gateway}
