"""The ``usage`` object of the Responses API, both ways.

Knows its names for the counts. Refuses to trust them: numbers that are negative, fractional or
absurd are zero, and what they cost is decided elsewhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.usage import count
from glimway.wire.events import Usage
from glimway.wire.talk import Json

_NEUTRAL = {
    "input_tokens_details": "prompt_tokens_details",
    "output_tokens_details": "completion_tokens_details",
}
"""This dialect's name for more details -> their name in ``Usage.extra``."""

_KNOWN = frozenset(
    {"input_tokens", "output_tokens", "total_tokens", "cost", "estimated_cost", *_NEUTRAL}
)
_COUNTED = ("cached_tokens", "cache_write_tokens", "reasoning_tokens")


def read_usage(value: Any) -> Usage | None:
    """Read a host's ``usage``; None when it says nothing (``null``, ``{}``, not an object)."""
    if type(value) is not dict:
        return None
    if value.get("input_tokens") is None and value.get("output_tokens") is None:
        return None
    total_in, total_out = count(value.get("input_tokens")), count(value.get("output_tokens"))
    extra = {k: v for k, v in value.items() if k not in _KNOWN and v is not None}
    details: dict[str, Any] = {}
    for name, neutral in _NEUTRAL.items():
        inner = value.get(name)
        if type(inner) is dict:
            details.update({k: inner[k] for k in _COUNTED if k in inner})
            more = {k: v for k, v in inner.items() if v is not None and k not in _COUNTED}
            if more:
                extra[neutral] = more
    reasoning = details.get("reasoning_tokens")
    return Usage(
        input=total_in,
        output=total_out,
        cached=min(count(details.get("cached_tokens")), total_in),
        cache_write=min(count(details.get("cache_write_tokens")), total_in),
        reasoning=None if reasoning is None else min(count(reasoning), total_out),
        extra=extra or None,
    )


def write_usage(usage: Usage, cost_usd: bytes | None) -> dict[str, Json]:
    """Write a client's ``usage``, with every count that OpenAI's type requires.

    Args:
        usage: the tokens that were charged.
        cost_usd: what was charged, as the digits of a JSON number; None leaves both members out.
    """
    extra = usage.extra or {}
    more = {name: extra.get(neutral) for name, neutral in _NEUTRAL.items()}
    ours = (*_NEUTRAL, *_NEUTRAL.values())
    written: dict[str, Json] = {
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
            **(more["input_tokens_details"] or {}),
        },
        "output_tokens": usage.output,
        "output_tokens_details": {
            "reasoning_tokens": usage.reasoning or 0,
            **(more["output_tokens_details"] or {}),
        },
        "total_tokens": usage.input + usage.output,
        **{name: value for name, value in extra.items() if name not in ours},
    }
    if cost_usd is not None:
        written["cost"] = written["estimated_cost"] = msgspec.Raw(cost_usd)
    return written
