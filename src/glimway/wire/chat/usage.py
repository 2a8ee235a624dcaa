"""The ``usage`` object of the chat dialect, both ways.

Knows where hosts put which count. Refuses to trust them: negative, fractional or absurd numbers
become zero, and what they cost is decided elsewhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.talk import Json, Usage

TOKENS_MAX = 2**40
"""No request uses more; a larger figure is a host's mistake."""

_KNOWN = frozenset(
    {
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "cost",
        "estimated_cost",
        "reasoning_tokens",
    }
)


_PLAIN = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})


def read_usage(value: Any) -> Usage | None:
    """Read a host's ``usage``; None when it says nothing (``null``, ``{}``, not an object)."""
    if type(value) is not dict or not value:
        return None
    if value.keys() == _PLAIN:
        # Three counts and nothing else: the usual answer of a host that caches and thinks nothing.
        return Usage(count(value["prompt_tokens"]), count(value["completion_tokens"]))
    if value.get("prompt_tokens") is None and value.get("completion_tokens") is None:
        return None
    prompt_details = _object(value.get("prompt_tokens_details"))
    completion_details = _object(value.get("completion_tokens_details"))
    reasoning = completion_details.get("reasoning_tokens", value.get("reasoning_tokens"))
    total_in = count(value.get("prompt_tokens"))
    total_out = count(value.get("completion_tokens"))
    extra = None
    if not value.keys() <= _KNOWN:
        extra = {k: v for k, v in value.items() if k not in _KNOWN and v is not None} or None
    more_in = {
        k: v
        for k, v in prompt_details.items()
        if v is not None and k not in ("cached_tokens", "cache_write_tokens")
    }
    more_out = {
        k: v for k, v in completion_details.items() if v is not None and k != "reasoning_tokens"
    }
    if more_in or more_out:
        extra = extra or {}
        if more_in:
            extra["prompt_tokens_details"] = more_in
        if more_out:
            extra["completion_tokens_details"] = more_out
    return Usage(
        input=total_in,
        output=total_out,
        cached=min(count(prompt_details.get("cached_tokens")), total_in),
        cache_write=min(count(prompt_details.get("cache_write_tokens")), total_in),
        reasoning=None if reasoning is None else min(count(reasoning), total_out),
        extra=extra,
    )


def count(value: Any) -> int:
    """A token count as a host sent it, or 0 where it is no sane count."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0 or value > TOKENS_MAX:
        return 0
    return value


def write_usage(usage: Usage, cost_usd: bytes | None) -> dict[str, Json]:
    """Write a client's ``usage``.

    Args:
        usage: the tokens that were charged.
        cost_usd: what was charged, as the digits of a JSON number; None leaves both members out.
    """
    written: dict[str, Json] = {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning or 0},
    }
    if usage.cache_write:
        written["prompt_tokens_details"]["cache_write_tokens"] = usage.cache_write
    if usage.extra:
        for key, member in usage.extra.items():
            if key in ("prompt_tokens_details", "completion_tokens_details"):
                written[key].update(member)
            else:
                written[key] = member
    if cost_usd is not None:
        written["cost"] = written["estimated_cost"] = msgspec.Raw(cost_usd)
    return written


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}
