"""Tools and choices of other dialects as this dialect's own.

Knows that every function has a schema here, that a tool of free text becomes a function with one
text, that a choice among several leaves the others out, and how a wish for a web search is put.
Refuses to leave a tool out where there is no other.
Source: https://docs.anthropic.com/en/api/messages (tools, tool_choice).
"""

from __future__ import annotations

from typing import Any, NoReturn

from glimway.wire.chat.search import is_search, wish_of
from glimway.wire.messages.parts import CACHE_MARK, PROPERTY
from glimway.wire.messages.tools import ONE_AT_A_TIME, write_tool_choice
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json, Tool, ToolChoice

NAME_CHARS_SHOWN = 64


def foreign_tools(call: Call, quirks: Quirks, adjusted: list[str]) -> list[Json]:
    """The ``tools`` for a request of another dialect.

    Raises:
        Refusal: ``unsupported``, naming the tool: only another API can run it.
    """
    written: list[Json] = []
    lost: list[int] = []
    can_search = quirks.web_search.form == "tool"
    for at, tool in enumerate(call.tools):
        if is_search(tool):
            if tool.optional and not can_search:
                lost.append(at)
            continue
        entry = _tool(tool)
        if entry is None:
            lost.append(at)
        else:
            written.append(entry)
    wish = wish_of(call)
    if wish is not None and not wish.off:
        if can_search:
            written.append(dict(quirks.web_search.tool))
        elif not written or not any(is_search(call.tools[at]) for at in lost):
            _refuse_search(wish.param)
    if lost and not written:
        _refuse_tool(lost[0], call.tools[lost[0]])
    adjusted.extend(f"tool of type {call.tools[at].kind[:40]} left out" for at in lost)
    return written


def _tool(tool: Tool) -> Json | None:
    """A tool with a schema; None: only another API can run it."""
    if tool.kind == "function":
        schema = tool.parameters
    elif tool.name and (tool.kind == "custom" or type(tool.parameters) is dict):
        schema = tool.parameters if type(tool.parameters) is dict else _one_text()
    else:
        return None
    entry: dict[str, Json] = {"name": tool.name}
    if tool.description is not None:
        entry["description"] = tool.description
    # A tool that takes nothing may come without a schema, or with an empty one.
    known = schema if type(schema) is dict else {}
    entry["input_schema"] = known if "type" in known else {"type": "object", **known}
    if tool.strict:
        entry["strict"] = True
    extra = tool.extra or {}
    if type(extra.get(CACHE_MARK)) is dict:
        entry[CACHE_MARK] = extra[CACHE_MARK]
    return entry


def _one_text() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {PROPERTY: {"type": "string", "description": "The tool's whole input."}},
        "required": [PROPERTY],
    }


def foreign_choice(call: Call, tools: list[Json]) -> dict[str, Json]:
    """The members ``tool_choice`` and, where a choice leaves some out, ``tools``.

    Raises:
        Refusal: ``unsupported``: the choice names no tool that is left, or has a form of its own.
    """
    choice = call.tool_choice
    single = call.parallel_tool_calls is False
    if choice is None:
        return {"tool_choice": {"type": "auto", ONE_AT_A_TIME: True}} if single else {}
    if choice.mode == "opaque":
        _refuse_choice('Send "auto", "none", "required", or name one function.')
    names = {tool.get("name") for tool in tools}
    members: dict[str, Json] = {}
    if choice.mode == "named" and choice.names[0] not in names:
        _refuse_choice(f"'{choice.names[0][:NAME_CHARS_SHOWN]}' is no function.")
    if choice.mode == "allowed":
        members["tools"] = [tool for tool in tools if tool.get("name") in choice.names]
        if not members["tools"]:
            _refuse_choice("None of the tools that it allows is a function.")
        choice = ToolChoice("required" if _must(choice.value) else "auto")
    plain = ToolChoice(choice.mode, choice.names)
    parallel = False if single and plain.mode != "none" else None
    members["tool_choice"] = write_tool_choice(plain, parallel=parallel)
    return members


def _must(form: Any) -> bool:
    """Whether one of the allowed tools must be called; dialects have the mode in two places."""
    outer = form if type(form) is dict else {}
    inner = outer.get("allowed_tools")
    mode = outer.get("mode") or (inner.get("mode") if type(inner) is dict else None)
    return mode == "required"


def _refuse_search(param: str) -> NoReturn:
    raise Refusal(
        "unsupported",
        f"'{param}' asks for a web search, which the provider of this request does not "
        "offer. Leave it out, or choose an endpoint that lists web_search.",
        param=param,
    )


def _refuse_tool(at: int, tool: Tool) -> NoReturn:
    raise Refusal(
        "unsupported",
        f"'tools[{at}]' is of type \"{tool.kind[:NAME_CHARS_SHOWN]}\", which the provider of this "
        "request does not offer. Leave it out, or choose an endpoint that has it.",
        param=f"tools[{at}]",
    )


def _refuse_choice(why: str) -> NoReturn:
    raise Refusal(
        "unsupported",
        f"'tool_choice' asks for what the provider of this request does not know. {why}",
        param="tool_choice",
    )
