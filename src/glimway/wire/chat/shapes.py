"""The frames that nearly all hosts send nearly all the time, as types.

Knows the members of a usual chunk and a usual reply, so that msgspec decodes and checks them in one
step. Refuses every frame with a member it does not list: such a frame takes the general way in
``read``, where nothing is lost.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from glimway.wire.chat.usage import TOKENS_MAX

_Count = Annotated[int, msgspec.Meta(ge=0, le=TOKENS_MAX)]


class UsualDelta(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A delta of text or thinking. Tool calls take the general way."""

    content: str | None = None
    role: Any = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None


class UsualChoice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A choice in the middle of a stream: neither ended nor with log probabilities."""

    delta: UsualDelta
    index: int = 0
    finish_reason: None = None
    logprobs: None = None


class UsualChunk(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A chunk in the middle of a stream, with one choice."""

    choices: tuple[UsualChoice]
    id: Any = None
    object: Any = None
    created: Any = None
    model: Any = None
    usage: None = None
    system_fingerprint: None = None


class UsualMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A whole message of text, perhaps with thinking."""

    content: str
    role: Any = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None


class UsualEnd(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The one choice of a whole reply."""

    message: UsualMessage
    finish_reason: str
    index: int = 0
    logprobs: None = None


class UsualUsage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The counts of a host that tells no more than these."""

    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count


class UsualReply(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A whole reply with one choice; ``usage`` is read next."""

    choices: tuple[UsualEnd]
    id: Any = None
    object: Any = None
    created: Any = None
    model: Any = None
    usage: msgspec.Raw = msgspec.Raw()
    system_fingerprint: Any = None


decode_usual_chunk = msgspec.json.Decoder(UsualChunk).decode
decode_usual_reply = msgspec.json.Decoder(UsualReply).decode
decode_usual_usage = msgspec.json.Decoder(UsualUsage).decode
