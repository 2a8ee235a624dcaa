"""Requests of the usual kind, read in one typed step.

Knows a short request of plain messages with the few parameters that most clients send. Refuses
every other, right or wrong: ``request`` takes the general way for it, where nothing is lost and
what is wrong is named.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from glimway.wire.chat.request import MODEL_CHARS_MAX
from glimway.wire.chat.turns import THINK_OPEN
from glimway.wire.talk import Call, TextPart, Turn

BODY_BYTES_MAX: Final = 8192
"""In longer ones the texts are the work: reading them in vain would cost more than is saved."""


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    role: Literal["system", "developer", "user", "assistant"]
    content: str


class _StreamOptions(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    include_usage: bool | None = None


class _Request(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    temperature: int | float | None = None
    top_p: int | float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None


_decode = msgspec.json.Decoder(_Request).decode


def read_plain(body: bytes) -> Call | None:
    """What ``request.decode`` makes of such a request; None for any other.

    Args:
        body: as it came.
    """
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        asked = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    model, top_p, options = asked.model, asked.top_p, asked.stream_options
    spelling, cap = "max_completion_tokens", asked.max_completion_tokens
    if cap is None:
        spelling, cap = "max_tokens", asked.max_tokens
    elif asked.max_tokens is not None:
        return None
    turns: list[Turn] = []
    for message in asked.messages:
        text = message.content
        if text.startswith(THINK_OPEN):
            return None
        turns.append(Turn(message.role, [TextPart(text)]))
    if (
        not turns
        or len(model) > MODEL_CHARS_MAX
        or not model.strip()
        or (cap is not None and cap < 1)
        or (top_p is not None and not 0 <= top_p <= 1)
    ):
        return None
    call = Call(
        model=model, turns=turns, dialect="chat", temperature=asked.temperature, top_p=top_p
    )
    if asked.stream:
        call.stream = True
    if options is not None and options.include_usage:
        call.usage_asked = True
    if cap is not None:
        call.max_tokens = cap
        call.spelled["max_tokens"] = spelling
    return call
