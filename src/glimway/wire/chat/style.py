"""How a mount wants its chat replies.

Knows the choices a mount has. Refuses to know which mount chose what.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from glimway.wire.events import StopReason

FINISH_REASONS: dict[StopReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "stop",
    "pause": "stop",
    "error": "stop",
    "context": "length",
}
"""Neutral reason -> OpenAI's word (``model_context_window_exceeded`` is a kind of ``length``)."""


class Style(msgspec.Struct, frozen=True):
    """How a mount wants its chat replies.

    ``usage``: ``off`` = not in streams; ``last`` = in a last frame with empty ``choices``;
    ``finish`` = in the frame of ``finish_reason``. ``usage_null``: frames before the usage frame
    carry ``usage: null``. ``reasoning_too``: thinking also under the name ``reasoning``.
    """

    id: str
    model: str
    created: int
    usage: Literal["off", "last", "finish"] = "last"
    usage_null: bool = False
    reasoning_too: bool = False
