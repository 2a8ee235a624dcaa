"""Whole replies of the usual kind, read in one typed step.

Knows a reply with one choice that holds text, perhaps thinking, and ended in a usual way. Refuses
every other: ``read`` takes the general way for it, where nothing is lost.
"""

from __future__ import annotations

import msgspec

from glimway.wire.chat.choice import STOP_REASONS
from glimway.wire.chat.shapes import decode_usual_reply, decode_usual_usage
from glimway.wire.chat.usage import read_usage
from glimway.wire.events import Event, Opaque, Start, Stop, Text, Thought, Usage
from glimway.wire.quirks import Quirks

_decode = msgspec.json.Decoder().decode

_PLAIN_ENDS = frozenset({"stop", "length", "content_filter"})


def read_usual(body: bytes, quirks: Quirks) -> list[Event] | None:
    """The events of a usual reply; None for any other."""
    try:
        usual = decode_usual_reply(body)
        usage = _usage(usual.usage)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    (end,) = usual.choices
    message = end.message
    text, thought = message.content, message.reasoning_content or message.reasoning
    reason = STOP_REASONS.get(end.finish_reason)
    if (
        reason not in _PLAIN_ENDS
        or not text
        or end.index
        or "<" in text
        or (thought and "<" in thought)
        or end.finish_reason in quirks.finish_reasons
        or "think_open" in quirks.reasoning_out
    ):
        return None
    events: list[Event] = [Start(text_or_none(usual.id), text_or_none(usual.model))]
    if thought:
        events.append(Thought(thought))
    events.append(Text(text))
    if usual.system_fingerprint is not None:
        events.append(Opaque("frame", {"system_fingerprint": usual.system_fingerprint}))
    events.append(Stop(reason, 0, end.finish_reason))
    if usage is not None:
        events.append(usage)
    return events


def _usage(said: bytes) -> Usage | None:
    """Most hosts tell three counts, or these and a few more."""
    if not said:
        return None
    try:
        usual = decode_usual_usage(said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return read_usage(_decode(said))
    return Usage(usual.prompt_tokens, usual.completion_tokens)


def text_or_none(value: object) -> str | None:
    """A text that says something, else None."""
    return value if type(value) is str and value else None
