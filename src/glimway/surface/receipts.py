"""A receipt as the caller reads it.

Knows its JSON. Refuses to know where receipts are kept.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.domain.money import usd_number
from glimway.domain.receipt import FIRST_WORDS, Attempt, Receipt
from glimway.wire.aisdk import ID_PREFIX
from glimway.wire.aisdk.account import Generation, generation_body


def receipt_object(receipt: Receipt) -> dict[str, Any]:
    """``GET /v1/generations/{id}``: what one request used, cost and went through.

    What an attempt met inside (``detail``) and what it cost the operator is the operator's to know.
    """
    cost = msgspec.Raw(usd_number(receipt.cost_nanousd))
    return {
        "object": "generation",
        "id": receipt.id,
        "request_id": receipt.id,
        "client_request_id": receipt.client_request_id,
        "created": receipt.at_ms // 1000,
        "created_ms": receipt.at_ms,
        "model": receipt.model,
        "asked": receipt.asked,
        "endpoint": receipt.endpoint,
        "provider": receipt.provider,
        "mount": receipt.mount,
        "stream": receipt.stream,
        "status": receipt.status,
        "end": receipt.end,
        "http_status": receipt.http_status,
        "usage": {
            "prompt_tokens": receipt.tokens.input,
            "completion_tokens": receipt.tokens.output,
            "total_tokens": receipt.tokens.input + receipt.tokens.output,
            "prompt_tokens_details": {
                "cached_tokens": receipt.tokens.cached,
                "cache_write_tokens": receipt.tokens.cache_write,
            },
            "completion_tokens_details": {"reasoning_tokens": receipt.tokens.reasoning},
            "estimated": receipt.estimated,
            "cost": cost,
        },
        "cost": cost,
        "cost_nanousd": receipt.cost_nanousd,
        "price_version": receipt.price_version,
        "ttft_ms": receipt.ttft_ms,
        "duration_ms": receipt.duration_ms,
        "attempts": [_attempt(attempt, receipt) for attempt in receipt.attempts],
        "adjusted": list(receipt.adjusted),
        "user": receipt.user,
        "shared": receipt.shared,
        "shared_from": receipt.shared_from,
    }


def generation_object(receipt: Receipt) -> dict[str, Any]:
    """``GET /v1/generation?id=...``: the same as the AI SDK reads it."""
    tokens = receipt.tokens
    return generation_body(
        Generation(
            id=ID_PREFIX + receipt.id,
            model=receipt.asked,
            provider=receipt.provider,
            created_ms=receipt.at_ms,
            cost_usd=usd_number(receipt.cost_nanousd),
            streamed=receipt.stream,
            end=receipt.end,
            latency_ms=receipt.duration_ms if receipt.ttft_ms is None else receipt.ttft_ms,
            duration_ms=receipt.duration_ms,
            input=tokens.input,
            output=tokens.output,
            reasoning=tokens.reasoning,
            cached=tokens.cached,
            cache_write=tokens.cache_write,
        )
    )


def _attempt(attempt: Attempt, receipt: Receipt) -> dict[str, Any]:
    """One try, every member told: who was asked, why, after what wait, at which price, how it
    ended."""
    members: dict[str, Any] = msgspec.structs.asdict(attempt)
    for member in ("detail", "operator_cost_nanousd"):
        members.pop(member, None)
    members["why"] = attempt.why or FIRST_WORDS
    if attempt.price_version is None and attempt.endpoint == receipt.endpoint:
        members["price_version"] = receipt.price_version
    return members
