"""How much memory events hold, and the same events in fewer pieces.

Knows the neutral events. Refuses to know who keeps them and for how long.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from glimway.engine.flow import Frames
from glimway.wire.events import Cited, Declined, Opaque, Text, Thought, ToolArgs, Usage

EVENT_BYTES: Final = 120
"""One event beside its texts: the object, its place in a list, and the head of a string."""
CHARACTER_BYTES_MAX: Final = 4
"""What Python keeps for one character of a text that is not all ASCII, at most."""

_PIECES: Final = frozenset({Text, Thought, Declined, ToolArgs})
_LARGE: Final = frozenset({Opaque, Cited, Usage})
_json = msgspec.json.Encoder().encode


def weight(frames: Frames) -> int:
    """The bytes that these frames hold, rather too many than too few."""
    total = 0
    for events in frames:
        for event in events:
            total += EVENT_BYTES + _extent(event)
    return total


def _extent(event: Any) -> int:
    kind = type(event)
    if kind in _PIECES:
        text: str = event.text
        size = len(text) if text.isascii() else len(text) * CHARACTER_BYTES_MAX
        if kind is Thought:
            size += len(event.signature or "") + len(event.sealed or "")
        return size
    return len(_json(event)) * CHARACTER_BYTES_MAX if kind in _LARGE else 0


def compact(frames: Frames) -> Frames:
    """The same answer with its pieces of text joined: one frame for each piece that cannot be.

    Events are copied where they grow; those of a live answer stay as they are.
    """
    out: Frames = []
    last: Any = None
    texts: list[str] = []

    def seal() -> None:
        if len(texts) > 1:
            out[-1] = [msgspec.structs.replace(last, text="".join(texts))]

    for events in frames:
        event: Any
        for event in events:
            if texts and _continues(last, event):
                texts.append(event.text)
                continue
            seal()
            out.append([event])
            last = event
            texts = [event.text] if type(event) in _PIECES else []
    seal()
    return out


def _continues(last: Any, event: Any) -> bool:
    """Whether the text of ``event`` only goes on with that of ``last``."""
    kind = type(event)
    if kind is not type(last) or kind not in _PIECES or event.choice != last.choice:
        return False
    if kind is ToolArgs:
        return bool(event.index == last.index)
    if kind is Thought:
        closed = last.signature or last.sealed or event.signature or event.sealed
        return not closed and bool(event.summary == last.summary)
    return True
