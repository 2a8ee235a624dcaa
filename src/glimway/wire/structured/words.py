"""A schema said in words, for a host that does not hold to schemas itself.

Knows what the model is told, first and when its answer did not fit. Refuses to know hosts, and to
change the call that it is given: another host may be next.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from glimway.wire.structured.schema import Schema, wants_object
from glimway.wire.talk import Call, Format, TextPart, Thinking, ToolChoice, Turn

PARAM: Final = "response_format"
ADJUSTED: Final = "json_schema said in words and checked here"
"""Names it to the caller."""
REPAIRED: Final = "answer asked for again to fit the schema"

_PLEASE = (
    "Answer with JSON that fits the JSON Schema below, and with nothing else: no text around it, "
    "no code fence, no comment."
)
_WITH_TOOLS = (
    "You may call tools first, as usual. When you give your final answer, it must be JSON that "
    "fits the JSON Schema below, and nothing else: no text around it, no code fence, no comment."
)
_AGAIN = (
    "Your last answer does not fit the JSON Schema:\n{problems}\n"
    "Give the whole answer again, as JSON that fits the schema, and nothing else."
)
_HEADS = ("system", "developer")

_encode = msgspec.json.Encoder().encode


def schema_of(form: Format) -> Schema:
    """The schema of a call's format.

    Raises:
        Refusal: it is not one, or too large to be checked.
    """
    return Schema(form.schema, PARAM)


def in_words(call: Call, schema: Schema, *, json_mode: bool) -> Call:
    """The call with its schema in its instructions.

    Args:
        call: with a format of kind ``json_schema``.
        schema: of that format.
        json_mode: the host can be told to answer with any JSON object.
    """
    form = call.format
    assert form is not None  # noqa: S101 - only such calls come here
    about = (form.extra or {}).get("description")
    lines = [_WITH_TOOLS if call.tools else _PLEASE]
    if type(about) is str and about:
        lines.append(f"It is: {about}")
    lines.append(_encode(schema.root).decode())
    # Any JSON object would rule out the calls of some hosts, and answers that are no objects.
    mode = json_mode and not call.tools and wants_object(schema.root, schema)
    return replace(
        call,
        turns=_instructed(call.turns, "\n".join(lines)),
        format=Format("json_object") if mode else None,
        spelled=call.spelled if _has_head(call.turns) else {**call.spelled, "system": "string"},
    )


def _has_head(turns: list[Turn]) -> bool:
    return bool(turns) and turns[0].role in _HEADS


def _instructed(turns: list[Turn], text: str) -> list[Turn]:
    """The turns with more text in their first instruction; what was there stays in front, so that
    what a host has cached of it still counts."""
    if not _has_head(turns):
        return [Turn("system", [TextPart(text)]), *turns]
    head = turns[0]
    only = head.parts[0] if len(head.parts) == 1 else None
    if head.form == "text" and isinstance(only, TextPart) and not only.extra:
        head = replace(head, parts=[TextPart(f"{only.text}\n\n{text}")])
    else:
        head = replace(head, parts=[*head.parts, TextPart(text)], form="parts")
    return [head, *turns[1:]]


def asked_again(call: Call, text: str, problems: list[str], *, quick: bool) -> Call:
    """The call that repairs an answer: the same one, the answer, and what is wrong with it.

    Args:
        call: as it was sent, with the schema in words.
        text: the answer that does not fit.
        problems: why.
        quick: the host can be told not to think, which a repair does not need.
    """
    listed = "\n".join(f"- {one}" for one in problems)
    again = Turn("user", [TextPart(_AGAIN.format(problems=listed))])
    said = [Turn("assistant", [TextPart(text)])] if text.strip() else []
    return replace(
        call,
        turns=[*call.turns, *said, again],
        stream=False,
        n=None,
        tool_choice=ToolChoice("none") if call.tools else None,
        thinking=Thinking(on=False) if quick else call.thinking,
    )
