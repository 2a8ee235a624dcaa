"""The ``usage`` object of the Messages API, both ways.

Knows that its ``input_tokens`` are only those neither read from a cache nor written to one, and
that counts of a stream replace earlier ones. Refuses to trust them: numbers that are negative,
fractional or absurd are zero, and what they cost is decided elsewhere.
Source: https://docs.anthropic.com/en/api/messages (usage),
https://docs.anthropic.com/en/api/messages-streaming (cumulative counts).
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.usage import count
from glimway.wire.events import Usage
from glimway.wire.talk import Json

FRESH = "input_tokens"
READ = "cache_read_input_tokens"
WRITTEN = "cache_creation_input_tokens"
OUTPUT = "output_tokens"
DETAILS = "output_tokens_details"
THOUGHT = "thinking_tokens"

_INPUTS = (FRESH, READ, WRITTEN)
_KNOWN = frozenset({*_INPUTS, OUTPUT, "cost", "estimated_cost"})
_OF_OTHERS = frozenset({"prompt_tokens_details", "completion_tokens_details"})
"""Details under the names of other dialects; what they say of use here has a name of its own."""


class Counted:
    """The counts of one answer, as its reports come.

    Args:
        ours: the client speaks this dialect, so it also gets members that only this one has.
    """

    __slots__ = ("_members", "_ours", "usage")

    def __init__(self, *, ours: bool) -> None:
        self._ours = ours
        self._members: dict[str, Any] = {}
        self.usage: Usage | None = None
        """All that was reported so far; None: nothing."""

    def report(self, value: Any) -> None:
        """Take a report; it replaces what was said before, member by member.

        A report whose input side is nothing but zeros says nothing of it: hosts that count the
        prompt at the beginning fill the end with zeros, and the other way round
        (https://github.com/vercel/ai/issues/17326).
        """
        if type(value) is not dict:
            return
        members = {name: inner for name, inner in value.items() if inner is not None}
        if not any(count(members.get(name)) for name in _INPUTS):
            members = {name: inner for name, inner in members.items() if name not in _INPUTS}
        elif FRESH in members:
            for name in _INPUTS:
                self._members.pop(name, None)
        if not count(members.get(OUTPUT)) and count(self._members.get(OUTPUT)):
            members.pop(OUTPUT, None)
        self._members.update(members)
        if self._members:
            self.usage = self._usage()

    def _usage(self) -> Usage | None:
        members = self._members
        fresh, read, written = (count(members.get(name)) for name in _INPUTS)
        output = count(members.get(OUTPUT))
        if not (fresh or read or written or output):
            return None
        details = members.get(DETAILS)
        reasoning = details.get(THOUGHT) if type(details) is dict else None
        extra = {k: v for k, v in members.items() if k not in _KNOWN} if self._ours else None
        return Usage(
            input=fresh + read + written,
            output=output,
            cached=read,
            cache_write=written,
            reasoning=None if reasoning is None else min(count(reasoning), output),
            extra=extra or None,
        )


def write_usage(usage: Usage, cost_usd: bytes | None) -> dict[str, Json]:
    """Write a client's ``usage``, its counts of caching always there.

    Args:
        usage: the tokens that were charged.
        cost_usd: what was charged, as the digits of a JSON number; None leaves both members out.
    """
    # More from a cache than there was at all is a host's mistake, and no count is negative.
    written: dict[str, Json] = {
        FRESH: max(usage.input - usage.cached - usage.cache_write, 0),
        WRITTEN: usage.cache_write,
        READ: usage.cached,
        OUTPUT: usage.output,
    }
    if usage.reasoning is not None:
        written[DETAILS] = {THOUGHT: usage.reasoning}
    for name, member in (usage.extra or {}).items():
        if name not in _OF_OTHERS and name not in _KNOWN:
            both = type(member) is dict and type(written.get(name)) is dict
            written[name] = {**member, **written[name]} if both else member
    if cost_usd is not None:
        written["cost"] = written["estimated_cost"] = msgspec.Raw(cost_usd)
    return written
