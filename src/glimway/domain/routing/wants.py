"""What one exact request needs of an endpoint.

Knows a request's wants as a set of bits, cheap enough to be made for every request: requests with
the same bits have the same prepared route. Numbers (how long, how many tools) are compared beside
it. Refuses to know endpoints: ``fitness`` says who can.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Final

from glimway.wire.talk import (
    Call,
    FilePart,
    ImagePart,
    Json,
    OpaquePart,
    Part,
    ResultPart,
    TextPart,
    Thinking,
)


class Want(IntFlag):
    """One need. The order is that in which they are told to people."""

    TOOLS = 1
    """Tools are declared."""
    SEARCH = 2
    """A search of the web by the provider."""
    IMAGE = 4
    FILE = 8
    VIDEO = 16
    AUDIO = 32
    JSON_OBJECT = 64
    JSON_SCHEMA = 128
    MUST_CALL = 256
    """``tool_choice`` is ``required``."""
    CALL_NAMED = 512
    """``tool_choice`` names a tool, or those allowed."""
    ONE_CALL = 1024
    """``parallel_tool_calls`` is false."""
    THINK = 2048
    NO_THINKING = 4096
    EFFORT = 8192
    KEEP_THINKING = 16384
    PREPAID = 32768
    """Prepaid credits pay: what has no price cannot be paid."""


_NOTHING: Final = 0
_TOOLS: Final = int(Want.TOOLS)
_SEARCH: Final = int(Want.SEARCH)
_IMAGE: Final = int(Want.IMAGE)
_FILES: Final = {
    "file": int(Want.FILE),
    "video": int(Want.VIDEO),
    "audio": int(Want.AUDIO),
}
_FORMATS: Final = {"json_object": int(Want.JSON_OBJECT), "json_schema": int(Want.JSON_SCHEMA)}
_CHOICES: Final = {
    "required": int(Want.MUST_CALL),
    "named": int(Want.CALL_NAMED),
    "allowed": int(Want.CALL_NAMED),
}
_SEARCH_MEMBERS: Final = frozenset({"plugins", "tool_web_search", "web_search_options"})
_ANY_MEDIA: Final = int(Want.IMAGE | Want.FILE | Want.VIDEO | Want.AUDIO)
MEDIA: Final = Want(_ANY_MEDIA)
"""Parts whose bytes say nothing of their tokens."""


def wants_of(call: Call) -> int:
    """The bits of a request; an ordinary chat has none."""
    bits = _NOTHING
    for turn in call.turns:
        for part in turn.parts:
            if type(part) is not TextPart:
                bits |= _of_part(part)
    if call.tools:
        bits |= _of_tools(call)
    if call.thinking is not None:
        bits |= _of_thinking(call.thinking)
    if call.format is not None:
        form = call.format
        opaque = form.kind == "opaque" and type(form.value) is dict
        bits |= _FORMATS.get(form.value.get("type") if opaque else form.kind, _NOTHING)
    if call.extra and not _SEARCH_MEMBERS.isdisjoint(call.extra) and _searches(call.extra):
        bits |= _SEARCH
    return bits


def _searches(extra: dict[str, Json]) -> bool:
    """Whether a member beside the tools asks for a search."""
    if extra.get("tool_web_search") is True or "web_search_options" in extra:
        return True
    plugins = extra.get("plugins")
    return type(plugins) is list and any(
        type(one) is dict and one.get("id") == "web" for one in plugins
    )


def _of_part(part: Part) -> int:
    kind = type(part)
    if kind is ImagePart:
        return _IMAGE
    if kind is FilePart:
        return _FILES[part.kind]  # type: ignore[union-attr]
    if kind is ResultPart:
        bits = _NOTHING
        for inner in part.content:  # type: ignore[union-attr]
            if type(inner) is not TextPart and type(inner) is not OpaquePart:
                bits |= _of_part(inner)
        return bits
    return _NOTHING


def _of_tools(call: Call) -> int:
    bits = _NOTHING
    search = False
    for tool in call.tools:
        # A search is the provider's own; every other tool asks for tool calls.
        if not tool.kind.startswith("web_search"):
            bits |= _TOOLS
        elif tool.optional:
            search = True
        else:
            bits |= _SEARCH
    if search and not bits:
        bits = _SEARCH
    if call.tool_choice is not None:
        if call.tool_choice.mode == "none":
            return bits & ~_TOOLS  # whoever knows no tools cannot call any either
        bits |= _CHOICES.get(call.tool_choice.mode, _NOTHING)
    if call.parallel_tool_calls is False:
        bits |= int(Want.ONE_CALL)
    return bits


def _of_thinking(thinking: Thinking) -> int:
    bits = _NOTHING
    if thinking.on is False or thinking.effort == "none":
        bits |= int(Want.NO_THINKING)
    elif thinking.on or thinking.effort is not None or thinking.budget_tokens is not None:
        bits |= int(Want.THINK)
        if thinking.effort is not None:
            bits |= int(Want.EFFORT)
    if thinking.keep:
        bits |= int(Want.KEEP_THINKING)
    return bits


def members_of(call: Call) -> dict[str, object]:
    """The members that a host must take as they are when ``require_parameters`` is set, under the
    names that quirks speak of, with their values."""
    given: dict[str, object] = {
        call.spelled.get("max_tokens", "max_tokens"): call.max_tokens,
        "temperature": call.temperature,
        "top_p": call.top_p,
        "n": call.n,
        "seed": call.seed,
        "user": call.user,
        "stop": call.stop or None,
        "tools": call.tools or None,
        "tool_choice": call.tool_choice,
        "parallel_tool_calls": call.parallel_tool_calls,
        "response_format": call.format,
    }
    members = {name: value for name, value in given.items() if value is not None}
    return {**members, **call.extra}
