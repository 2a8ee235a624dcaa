"""What of a prompt a tokenizer would read.

Knows which texts of a call reach the model. Refuses to know templates and tokenizers: what a
template adds is a figure for each turn.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from glimway.wire.talk import (
    Call,
    CallPart,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Tool,
)

TURN_TOKENS = 3
"""What a template adds to a turn: who speaks, and a line break or two around it."""

CALL_TOKENS = 8
"""What a template adds to a tool or a call of one, whose names and values it marks."""

_encode = msgspec.json.Encoder().encode


class Prompt(msgspec.Struct, frozen=True):
    """A prompt as a tokenizer takes it.

    Args:
        texts: everything that is text, in order.
        added_tokens: what a template adds to them.
        whole: there is nothing but text; else images and files come on top, of which only the
            host knows how many tokens they become.
    """

    texts: list[str]
    added_tokens: int
    whole: bool


def prompt_of(call: Call) -> Prompt:
    """What reaches the model of a call."""
    texts: list[str] = [_told(tool) for tool in call.tools]
    added = CALL_TOKENS * len(texts) + TURN_TOKENS  # the last: the turn that the answer begins
    whole = True
    for turn in call.turns:
        added += TURN_TOKENS
        for part in _parts(turn.parts):
            text = _text(part)
            if text is None:
                whole = False
                continue
            if type(part) is CallPart:
                added += CALL_TOKENS
            if text:
                texts.append(text)
    return Prompt(texts, added, whole)


def _parts(parts: list[Part]) -> Iterator[Part]:
    for part in parts:
        if type(part) is ResultPart:
            yield from part.content
        else:
            yield part


def _text(part: Part) -> str | None:
    """The text of a part; None: it is none."""
    if isinstance(part, TextPart | RefusalPart | ThoughtPart):
        return part.text
    if type(part) is CallPart:
        return f"{part.name}\n{part.arguments}"
    return None


def _told(tool: Tool) -> str:
    if tool.kind != "function":
        return _encode(tool.value).decode()
    told = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return _encode(told).decode()
