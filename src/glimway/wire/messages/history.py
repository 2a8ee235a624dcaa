"""Turns as this dialect's messages: a conversation that came in it, as it came.

Knows which turns were one message. Refuses to know how other dialects lay a conversation out
(``foreign`` does).
"""

from __future__ import annotations

from glimway.wire.messages.blocks import DIALECT
from glimway.wire.messages.parts import Block, Way, write_part
from glimway.wire.talk import Json, OpaquePart, TextPart, Turn


def write_system(turn: Turn, way: Way, adjusted: list[str]) -> Json:
    """The value of ``system``."""
    return _content([turn], way, adjusted)


def write_history(turns: list[Turn], way: Way, adjusted: list[str]) -> list[Block]:
    """The ``messages``; those that nothing is left of are left out.

    Raises:
        Refusal: ``unsupported``: the model must read something that cannot be sent.
    """
    messages: list[Block] = []
    group: list[Turn] = []
    for turn in turns:
        if group and not turn.joined:
            _put(messages, group, way, adjusted)
            group = []
        group.append(turn)
    if group:
        _put(messages, group, way, adjusted)
    return messages


def _put(messages: list[Block], group: list[Turn], way: Way, adjusted: list[str]) -> None:
    first = group[0]
    content = _content(group, way, adjusted)
    if not content and any(turn.parts for turn in group) and first.form != "text":
        return
    role = "user" if first.role == "tool" else first.role
    messages.append({"role": role, "content": content, **(first.extra or {})})


def _content(group: list[Turn], way: Way, adjusted: list[str]) -> Json:
    first = group[0]
    if first.form == "text" and len(group) == 1:
        text = _joined(first)
        if text is not None:
            return text
    written = (write_part(part, way, adjusted) for turn in group for part in turn.parts)
    # A host refuses a block of empty text, and an empty answer is one for clients.
    return [one for one in written if one is not None and not _is_empty(one)]


def _is_empty(block: Block) -> bool:
    return block.get("type") == "text" and not block.get("text")


def _joined(turn: Turn) -> str | None:
    """The one string that a turn was; None: it holds more than text."""
    pieces: list[str] = []
    for part in turn.parts:
        if isinstance(part, TextPart):
            pieces.append(part.text)
        elif isinstance(part, OpaquePart) and part.dialect == DIALECT and "text" in part.value:
            pieces.append(part.value["text"])
        else:
            return None
    return "".join(pieces)
