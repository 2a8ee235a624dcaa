"""Declared tools and tool choice of a chat request, both ways.

Knows function tools and the forms of ``tool_choice``. Other kinds of tool are a host's own
business and travel whole. Refuses to know what a host supports.
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.talk import Json, Tool, ToolChoice

TOOLS_MAX = 1024
NAME_CHARS_MAX = 256

_FUNCTION_MEMBERS = frozenset({"name", "description", "parameters", "strict"})


def read_tools(param: str, value: Any) -> list[Tool]:
    """Read the ``tools`` array.

    Raises:
        Refusal: ``invalid``, naming the tool and member.
    """
    items = check.sequence(param, value, 'tools such as {"type": "function", "function": {...}}')
    if len(items) > TOOLS_MAX:
        check.wrong(param, f"{len(items)} tools", f"at most {TOOLS_MAX} tools")
    return [_tool(f"{param}[{at}]", item) for at, item in enumerate(items)]


def _tool(param: str, value: Any) -> Tool:
    item = check.mapping(param, value, '{"type": "function", "function": {"name": "..."}}')
    kind = item.get("type", "function" if "function" in item else None)
    if kind is None:
        check.missing(f"{param}.type", 'for a function tool send "function"')
    if kind != "function":
        return Tool(kind=check.string(f"{param}.type", kind), value=item, dialect="chat")
    function = item.get("function")
    if function is None:
        check.missing(f"{param}.function", 'an object {"name": "...", "parameters": {...}}')
    function = check.mapping(f"{param}.function", function)
    name = function.get("name")
    if name is None:
        check.missing(f"{param}.function.name", "the name the model calls")
    if not check.string(f"{param}.function.name", name, NAME_CHARS_MAX):
        check.wrong(f"{param}.function.name", name, "a name that is not empty")
    parameters = function.get("parameters")
    if parameters is not None:
        check.mapping(f"{param}.function.parameters", parameters, '{"type": "object"}')
    description = function.get("description")
    strict = function.get("strict")
    extra = None
    if not function.keys() <= _FUNCTION_MEMBERS or len(item) > 2:
        extra = {key: member for key, member in item.items() if key not in ("type", "function")}
        inner = {key: part for key, part in function.items() if key not in _FUNCTION_MEMBERS}
        if inner:
            extra["function"] = inner
    return Tool(
        kind="function",
        name=name,
        description=(
            None
            if description is None
            else check.string(f"{param}.function.description", description)
        ),
        parameters=parameters,
        strict=None if strict is None else check.boolean(f"{param}.function.strict", strict),
        extra=extra,
    )


def write_tool(tool: Tool) -> Json:
    """One entry of the ``tools`` array."""
    if tool.kind != "function":
        return tool.value
    function: dict[str, Json] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    entry: dict[str, Json] = {"type": "function", "function": function}
    if tool.extra:
        for key, member in tool.extra.items():
            if key == "function":
                function.update(member)
            else:
                entry[key] = member
    return entry


def read_tool_choice(param: str, value: Any) -> ToolChoice:
    """Read ``tool_choice`` in all its forms.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    if type(value) is str:
        mode = check.one_of(param, value, ("auto", "none", "required"))
        return ToolChoice(mode=mode)  # type: ignore[arg-type]  # one_of checked it
    form = check.mapping(param, value, '{"type": "function", "function": {"name": "..."}}')
    kind = form.get("type")
    if kind == "function":
        function = check.mapping(f"{param}.function", form.get("function"), '{"name": "..."}')
        if function.get("name") is None:
            check.missing(f"{param}.function.name", "the tool to call")
        return ToolChoice("named", (check.string(f"{param}.function.name", function["name"]),))
    if kind == "allowed_tools":
        inner = check.mapping(f"{param}.allowed_tools", form.get("allowed_tools"))
        tools = check.sequence(f"{param}.allowed_tools.tools", inner.get("tools"), "tools")
        names = [
            tool["function"]["name"]
            for tool in tools
            if type(tool) is dict
            and type(tool.get("function")) is dict
            and type(tool["function"].get("name")) is str
        ]
        return ToolChoice("allowed", tuple(names), value=form)
    return ToolChoice("opaque", value=form)


def write_tool_choice(choice: ToolChoice) -> Json:
    """The value of ``tool_choice``."""
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.names[0]}}
    if choice.mode in ("allowed", "opaque"):
        return choice.value
    return choice.mode
