"""Ids of tool calls that this dialect takes, and the ids of others inside them.

Knows the characters of an id here, and how an id with any others is wrapped so that it comes back
as it was: nothing is remembered between requests. Refuses to know who made an id.

Source of the characters: https://docs.anthropic.com/en/api/messages (tool_use_id); other makers'
ids (``functions.Bash:0``) are refused there (https://github.com/maximhq/bifrost/pull/5097,
https://github.com/langchain-ai/langchain/pull/37756).
"""

from __future__ import annotations

import base64
import binascii
import re

WRAPPED = "call_gw_"
"""Begins an id that holds another."""

_fits = re.compile(r"[A-Za-z0-9_-]+").fullmatch


def fitting(call_id: str) -> str:
    """The id as this dialect takes it: itself, or wrapped."""
    if _fits(call_id):
        return call_id
    return WRAPPED + base64.urlsafe_b64encode(call_id.encode()).decode().rstrip("=")


def original(call_id: str) -> str:
    """The id that its maker gave."""
    if not call_id.startswith(WRAPPED):
        return call_id
    inner = call_id[len(WRAPPED) :]
    try:
        text = base64.b64decode(inner + "=" * (-len(inner) % 4), altchars=b"-_", validate=True)
        found = text.decode()
    except (binascii.Error, ValueError):
        return call_id
    return found if fitting(found) == call_id else call_id
