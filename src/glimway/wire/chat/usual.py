"""Whole replies of the usual kind, written in one step.

Knows a reply with one choice of text, perhaps thinking, in plain bytes. Refuses every other:
``write`` takes the general way for it, which builds the whole document.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from glimway.wire.chat.style import FINISH_REASONS, Style
from glimway.wire.events import Event, Opaque, Start, Stop, Text, Thought, Usage

_json = msgspec.json.Encoder().encode

_REASONS = {reason: word.encode() for reason, word in FINISH_REASONS.items()}

_REPLY = (
    b'{"id":"%b","object":"chat.completion","created":%d,"model":%b,"choices":[{"index":0,'
    b'"message":{"role":"assistant",%b"content":%b},"finish_reason":"%b"}]%b,"usage":{'
    b'"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,'
    b'"prompt_tokens_details":{"cached_tokens":%d},'
    b'"completion_tokens_details":{"reasoning_tokens":%d}%b}}'
)

EVENTS_MAX = 8
"""More are no usual answer, and their kinds need not be remembered."""

_USUAL = frozenset({Start, Text, Thought, Stop, Usage, Opaque})


def write_usual(
    events: list[Event], style: Style, usage: Usage, cost_usd: bytes | None
) -> bytes | None:
    """The reply that these events make; None for any but the usual kind.

    Args:
        events: all of the answer's.
        style: how the mount wants it.
        usage: the tokens that were charged.
        cost_usd: what was charged, as the digits of a JSON number.
    """
    places = _places(tuple(map(type, events))) if len(events) <= EVENTS_MAX else None
    if places is None:
        return None
    # What stands there is known by its place.
    text: Any = events[places.text]
    stop: Any = events[places.stop]
    if text.choice or stop.choice or usage.extra or usage.cache_write:
        return None
    thought = b""
    if places.thought is not None:
        first: Any = events[places.thought]
        if first.choice or not first.text or style.reasoning_too:
            return None
        thought = b'"reasoning_content":%b,' % _json(first.text)
    members = b""
    if places.opaque is not None:
        kept: Any = events[places.opaque]
        if kept.place != "frame" or kept.dialect != "chat":
            return None
        members = b"," + _json(kept.value)[1:-1] if kept.value else b""
    cost = b""
    if cost_usd is not None:
        cost = b',"cost":' + cost_usd + b',"estimated_cost":' + cost_usd
    tokens_in, tokens_out = usage.input, usage.output
    return _REPLY % (
        style.id.encode(),
        style.created,
        _json(style.model),
        thought,
        _json(text.text),
        _REASONS[stop.reason],
        members,
        tokens_in,
        tokens_out,
        tokens_in + tokens_out,
        usage.cached,
        usage.reasoning or 0,
        cost,
    )


class _Places(NamedTuple):
    """Where in an answer the events of a usual one stand."""

    text: int
    stop: int
    thought: int | None
    opaque: int | None


@lru_cache(maxsize=256)  # answers of one kind bring the same events in the same order
def _places(kinds: tuple[type[Event], ...]) -> _Places | None:
    """One text, one stop, at most one thought before the text and one further member."""
    counts = Counter(kinds)
    if (
        counts[Text] != 1
        or counts[Stop] != 1
        or counts[Thought] > 1
        or counts[Opaque] > 1
        or not counts.keys() <= _USUAL
    ):
        return None
    text = kinds.index(Text)
    thought = kinds.index(Thought) if counts[Thought] else None
    if thought is not None and thought > text:
        return None
    opaque = kinds.index(Opaque) if counts[Opaque] else None
    return _Places(text, kinds.index(Stop), thought, opaque)
