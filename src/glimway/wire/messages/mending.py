r"""Frames that hold half a character, and halves joined again.

Knows that a host which cuts text by UTF-16 units sends ``\ud83d`` in one delta and ``\ude00`` in
the next; a strict parser refuses both. Refuses to know what the text is of.
"""

from __future__ import annotations

import json
from typing import Any

from glimway.wire.chat.healing.surrogates import whole_text

REPLACEMENT = "\ufffd"

_HIGH_FIRST, _HIGH_LAST = "\ud800", "\udbff"


def recovered(data: bytes) -> Any:
    """The value in a frame that holds halves of characters; None: it is no JSON at all."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def parted(text: str) -> tuple[str, str]:
    """A text without the half at its end, mended, and that half."""
    if text and _HIGH_FIRST <= text[-1] <= _HIGH_LAST:
        return whole_text(text[:-1]), text[-1]
    return whole_text(text), ""


def scrubbed(value: Any) -> Any:
    """The same value without halves of characters."""
    if type(value) is str:
        return whole_text(value)
    if type(value) is dict:
        return {whole_text(key): scrubbed(member) for key, member in value.items()}
    if type(value) is list:
        return [scrubbed(member) for member in value]
    return value
