"""Whole replies of the usual kind, read in one typed step.

Knows a reply with one choice that holds text, perhaps thinking, and ended in a usual way. Refuses
every other: ``read`` takes the general way for it, where nothing is lost.
"""

from __future__ import annotations

import msgspec

from glimway.wire.chat.choice import STOP_REASONS
from glimway.wire.chat.shapes import decode_usual_reply
from glimway.wire.chat.usage import read_usage
from glimway.wire.events import Event, Opaque, Start, Stop, Text, Thought
from glimway.wire.quirks import Quirks

_PLAIN_ENDS = frozenset({"stop", "length", "content_filter"})


def read_usual(body: bytes, quirks: Quirks) -> list[Event] | None:
    """The events of a usual reply; None for any other."""
    try:
        usual = decode_usual_reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    (end,) = usual.choices
    message = end.message
    thought = message.reasoning_content or message.reasoning
    reason = STOP_REASONS.get(end.finish_reason)
    if (
        reason not in _PLAIN_ENDS
        or not message.content
        or end.index
        or "<" in message.content
        or (thought and "<" in thought)
        or end.finish_reason in quirks.finish_reasons
        or "think_open" in quirks.reasoning_out
    ):
        return None
    events: list[Event] = [Start(text_or_none(usual.id), text_or_none(usual.model))]
    if thought:
        events.append(Thought(thought))
    events.append(Text(message.content))
    if usual.system_fingerprint is not None:
        events.append(Opaque("frame", {"system_fingerprint": usual.system_fingerprint}))
    events.append(Stop(reason, 0, end.finish_reason))
    usage = read_usage(usual.usage)
    if usage is not None:
        events.append(usage)
    return events


def text_or_none(value: object) -> str | None:
    """A text that says something, else None."""
    return value if type(value) is str and value else None
