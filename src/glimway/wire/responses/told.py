"""What of a host's frames and items goes on to a client of the same dialect.

Knows which members are a stream's own. Refuses to know what the others mean.
"""

from __future__ import annotations

from typing import Any


def kept(frame: dict[str, Any]) -> dict[str, Any]:
    """What of an event goes on to a client: its number and its padding are the stream's own."""
    return {k: v for k, v in frame.items() if k not in ("sequence_number", "obfuscation")}


def told(item: dict[str, Any]) -> dict[str, Any]:
    """An item that passes; an id that is none would break those who count on it."""
    if type(item.get("id")) is str:
        return item
    return {k: v for k, v in item.items() if k != "id"}
