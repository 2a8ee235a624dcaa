"""The ``usage`` object of the chat dialect, both ways.

Knows where hosts put which count. Refuses to trust them: a report whose main counts are negative,
fractional or absurd says nothing, other such numbers are zero, and what they cost is decided
elsewhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.events import Usage
from glimway.wire.talk import Json

TOKENS_MAX = 2**40
"""No request uses more; a larger figure is a host's mistake."""

COUNT_CHARS_MAX = 16
"""Digits of a count that came as text."""

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
    total_in, total_out = value.get("prompt_tokens"), value.get("completion_tokens")
    if not (type(total_in) is int and type(total_out) is int):
        if total_in is None and total_out is None:
            return None
        if not (_is_count(total_in or 0) and _is_count(total_out or 0)):
            return None
        total_in, total_out = count(total_in), count(total_out)
    elif not (0 <= total_in <= TOKENS_MAX and 0 <= total_out <= TOKENS_MAX):
        return None
    if value.keys() == _PLAIN:
        # Three counts and nothing else: the usual answer of a host that caches and thinks nothing.
        return Usage(total_in, total_out)
    prompt_details = _object(value.get("prompt_tokens_details"))
    completion_details = _object(value.get("completion_tokens_details"))
    reasoning = completion_details.get("reasoning_tokens", value.get("reasoning_tokens"))
    if reasoning is not None:
        reasoning = count(reasoning)
        if reasoning and count(value.get("total_tokens")) == total_in + total_out + reasoning:
            total_out += reasoning  # this host counts thinking beside the output, not within it
    cached = prompt_details.get("cached_tokens", value.get("prompt_cache_hit_tokens"))
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
        cached=min(count(cached), total_in),
        cache_write=min(count(prompt_details.get("cache_write_tokens")), total_in),
        reasoning=None if reasoning is None else min(reasoning, total_out),
        extra=extra,
    )


def better_usage(before: Usage | None, now: Usage | None) -> Usage | None:
    """Which of two reports of one answer counts: the later, unless it says nothing.

    Hosts report early, late, twice, or with every frame (a running count).
    """
    if now is None or (before is not None and not now.output and not now.input):
        return before
    return now


def count(value: Any) -> int:
    """A token count as a host sent it, or 0 where it is no sane count."""
    if type(value) is str and len(value) <= COUNT_CHARS_MAX and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0 or value > TOKENS_MAX:
        return 0
    return value


def _is_count(value: Any) -> bool:
    return bool(count(value)) or value in (0, "0")


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
