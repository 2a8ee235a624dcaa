"""Whole replies of the usual kind, written in one step.

Knows a reply with one choice of text, perhaps thinking, in plain bytes. Refuses every other:
``write`` takes the general way for it, which builds the whole document.
"""

from __future__ import annotations

import msgspec

from glimway.wire.chat.style import FINISH_REASONS, Style
from glimway.wire.events import Event, Opaque, Start, Stop, Text, Thought, Usage
from glimway.wire.talk import Json

_json = msgspec.json.Encoder().encode

_REASONS = {reason: word.encode() for reason, word in FINISH_REASONS.items()}

_REPLY = (
    b'{"id":"%b","object":"chat.completion","created":%d,"model":%b,"choices":[{"index":0,'
    b'"message":{"role":"assistant",%b"content":%b},"finish_reason":"%b"}]%b,"usage":%b}'
)
_USAGE = (
    b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,'
    b'"prompt_tokens_details":{"cached_tokens":%d},'
    b'"completion_tokens_details":{"reasoning_tokens":%d}%b}'
)
_COST = b',"cost":%b,"estimated_cost":%b'


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
    text = reason = None
    thought = b""
    members: dict[str, Json] | None = None
    for event in events:
        kind = type(event)
        if kind is Text and text is None and event.choice == 0:  # type: ignore[union-attr]
            text = event.text  # type: ignore[union-attr]
        elif kind is Stop and reason is None and event.choice == 0:  # type: ignore[union-attr]
            reason = event.reason  # type: ignore[union-attr]
        elif kind is Thought and not thought and text is None and not style.reasoning_too:
            if event.choice or not event.text:  # type: ignore[union-attr]
                return None
            thought = b'"reasoning_content":%b,' % _json(event.text)  # type: ignore[union-attr]
        elif kind is Opaque and members is None and event.place == "frame":  # type: ignore[union-attr]
            if event.dialect != "chat":  # type: ignore[union-attr]
                return None
            members = event.value  # type: ignore[union-attr]
        elif kind is not Start and kind is not Usage:
            return None
    if text is None or reason is None or usage.extra or usage.cache_write:
        return None
    return _REPLY % (
        style.id.encode(),
        style.created,
        _json(style.model),
        thought,
        _json(text),
        _REASONS[reason],
        b"" if not members else b"," + _json(members)[1:-1],
        _USAGE
        % (
            usage.input,
            usage.output,
            usage.input + usage.output,
            usage.cached,
            usage.reasoning or 0,
            b"" if cost_usd is None else _COST % (cost_usd, cost_usd),
        ),
    )
