"""Tools and tool choices of other dialects as chat's own.

Knows that a tool of free text becomes a function, and that a tool which some provider would run
itself can only be left out. Refuses to leave one out where the answer would mean something else:
where it must be called, or where there is no other.
"""

from __future__ import annotations

from typing import Any, NoReturn

from glimway.wire.chat.foreign.wrapping import schema_of
from glimway.wire.chat.search import is_search
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json, Tool, ToolChoice

NAME_CHARS_SHOWN = 64
_BEYOND = ("cache_control", "input_examples")
"""What a function of another dialect may have beside its schema."""
NO_PARAMETERS: dict[str, Json] = {"type": "object", "properties": {}}


def tools_at_home(
    call: Call, quirks: Quirks, adjusted: list[str]
) -> tuple[list[Tool], ToolChoice | None]:
    """The tools and the choice between them.

    Raises:
        Refusal: ``unsupported``, naming the tool or the choice.
    """
    tools: list[Tool] = []
    lost: list[int] = []
    for at, tool in enumerate(call.tools):
        if is_search(tool) and quirks.web_search.form != "none":
            tools.append(tool)  # the search's own rules write it
            adjusted.extend(f"{tool.kind}.{name} left out" for name in _wishes(tool))
            continue
        written = _tool(tool)
        if written is None:
            lost.append(at)
        else:
            tools.append(written)
            extra = tool.extra or {}
            adjusted.extend(f"{name} left out" for name in _BEYOND if name in extra)
    if lost and not tools:
        _refuse_tool(lost[0], call.tools[lost[0]])
    adjusted.extend(f"tool of type {call.tools[at].kind[:40]} left out" for at in lost)
    return tools, _choice(call.tool_choice, tools)


def _wishes(tool: Tool) -> list[str]:
    """What is asked of a search beyond searching; no two APIs have the same words for it."""
    value = tool.value if type(tool.value) is dict else {}
    return [name for name in value if name not in ("type", "name") and value[name] is not None]


def _tool(tool: Tool) -> Tool | None:
    """A function; None: only another API can run it."""
    if tool.kind == "function":
        parameters = NO_PARAMETERS if tool.parameters is None else tool.parameters
        return Tool("function", tool.name, tool.description, parameters, tool.strict)
    if tool.name and (tool.kind == "custom" or type(tool.parameters) is dict):
        return Tool("function", tool.name, tool.description, schema_of(tool.parameters))
    return None


def _choice(choice: ToolChoice | None, tools: list[Tool]) -> ToolChoice | None:
    if choice is None:
        return None
    if choice.mode == "opaque":
        _refuse_choice('Send "auto", "none", "required", or name one function.')
    names = {tool.name for tool in tools if tool.kind == "function"}
    if choice.mode == "named":
        if choice.names[0] not in names:
            _refuse_choice(f"'{choice.names[0][:NAME_CHARS_SHOWN]}' is no function.")
        return ToolChoice("named", choice.names)
    if choice.mode == "allowed":
        return _allowed(choice, names)
    if not tools:
        if choice.mode == "required":
            _refuse_choice("A call is required, but there is no tool.")
        return None
    return ToolChoice(choice.mode)


def _allowed(choice: ToolChoice, names: set[str]) -> ToolChoice:
    form: dict[str, Any] = choice.value if type(choice.value) is dict else {}
    kept = tuple(name for name in choice.names if name in names)
    if not kept:
        _refuse_choice("None of the tools that it allows is a function.")
    inner = {
        "mode": "required" if form.get("mode") == "required" else "auto",
        "tools": [{"type": "function", "function": {"name": name}} for name in kept],
    }
    return ToolChoice("allowed", kept, {"type": "allowed_tools", "allowed_tools": inner})


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
