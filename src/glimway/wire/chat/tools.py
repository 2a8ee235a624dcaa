"""Declared tools and tool choice of a chat request, both ways.

Knows function tools and the forms of ``tool_choice``. Other kinds of tool are a host's own
business and travel whole; the objects of those that OpenAI and Z.ai document are looked at.
Refuses to know what a host supports.
"""

from __future__ import annotations

import difflib
from typing import Any

from glimway.wire import check
from glimway.wire.responses.custom import stand_in
from glimway.wire.talk import Json, Tool, ToolChoice

TOOLS_MAX = 1024
NAME_CHARS_MAX = 256

_FUNCTION_MEMBERS = frozenset({"name", "description", "parameters", "strict"})
_MODES = ("auto", "none", "required")
_MEANT_MODES = {"any": '"required"', "tool": '{"type": "function", "function": {"name": "..."}}'}

_INNER: dict[str, tuple[str, str]] = {
    "custom": ("name", '{"name": "..."}'),
    "mcp": ("server_label", '{"server_label": "..."}'),
    "retrieval": ("knowledge_id", '{"knowledge_id": "..."}'),
}
"""Kind of tool -> the member that its object must have, and what it looks like."""


def read_tools(param: str, value: Any) -> list[Tool]:
    """Read the ``tools`` array.

    Raises:
        Refusal: ``invalid``, naming the tool and member.
    """
    items = check.sequence(param, value, 'tools such as {"type": "function", "function": {...}}')
    if len(items) > TOOLS_MAX:
        check.wrong(param, f"{len(items)} tools", f"at most {TOOLS_MAX} tools")
    tools = []
    for at, item in enumerate(items):
        usual = _usual(item)
        tools.append(_tool(f"{param}[{at}]", item) if usual is None else usual)
    return tools


def _usual(item: Any) -> Tool | None:
    """A function tool of the usual members and types: no names are built for it."""
    if type(item) is not dict or len(item) != 2 or item.get("type") != "function":
        return None
    function = item.get("function")
    if type(function) is not dict or len(function) != 3:
        return None
    name = function.get("name")
    about = function.get("description")
    parameters = function.get("parameters")
    if type(name) is not str or not 0 < len(name) <= NAME_CHARS_MAX:
        return None
    if type(about) is not str or type(parameters) is not dict:
        return None
    return Tool("function", name, about, parameters)


def _tool(param: str, value: Any) -> Tool:
    item = check.mapping(param, value, '{"type": "function", "function": {"name": "..."}}')
    kind = item.get("type", "function" if "function" in item else None)
    if kind is None:
        check.missing(f"{param}.type", 'for a function tool send "function"')
    if kind != "function":
        return _other(param, check.string(f"{param}.type", kind), item)
    function = item.get("function")
    if function is None:
        flat = " Put name, description and parameters into it" if "name" in item else ""
        check.missing(f"{param}.function", f'an object {{"name": "...", "parameters": ...}}.{flat}')
    function = check.mapping(f"{param}.function", function, '{"name": "..."}')
    name = function.get("name")
    if name is None:
        check.missing(f"{param}.function.name", "the name the model calls")
    if not check.string(f"{param}.function.name", name, NAME_CHARS_MAX):
        check.wrong(f"{param}.function.name", name, "a name that is not empty")
    parameters = function.get("parameters")
    if parameters is not None:
        check.mapping(f"{param}.function.parameters", parameters, '{"type": "object"}')
    about = function.get("description")
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
            None if about is None else check.string(f"{param}.function.description", about)
        ),
        parameters=parameters,
        strict=None if strict is None else check.boolean(f"{param}.function.strict", strict),
        extra=extra,
    )


def _other(param: str, kind: str, item: dict[str, Any]) -> Tool:
    name = ""
    if item.get(kind) is not None:
        inner = check.mapping(f"{param}.{kind}", item[kind])
    elif kind in _INNER:
        check.missing(f"{param}.{kind}", f"an object {_INNER[kind][1]}")
    else:
        inner = {}
    if kind in _INNER:
        member, _ = _INNER[kind]
        if inner.get(member) is None:
            check.missing(f"{param}.{kind}.{member}", f"a {kind} tool needs it")
        text = check.string(f"{param}.{kind}.{member}", inner[member])
        name = text if member == "name" else ""
    if kind != "custom":
        return Tool(kind=kind, name=name, value=item, dialect="chat")
    # Providers that have functions only are given one that takes the text, and told its grammar.
    about, form = inner.get("description"), inner.get("format")
    grammar = form.get("grammar") if type(form) is dict else None
    return Tool(
        kind=kind,
        name=name,
        description=about if type(about) is str else None,
        parameters=stand_in({"format": grammar}),
        value=item,
        dialect="chat",
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


# ---- choice ---------------------------------------------------------------------------------


def read_tool_choice(param: str, value: Any) -> ToolChoice:
    """Read ``tool_choice`` in all its forms.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    if type(value) is str:
        if value in _MEANT_MODES:
            accepted = '"auto", "none", "required" or an object that names one function'
            check.wrong(param, value, accepted, f"Did you mean {_MEANT_MODES[value]}?")
        mode = check.one_of(param, value, _MODES)
        return ToolChoice(mode=mode)  # type: ignore[arg-type]  # one_of checked it
    form = check.mapping(param, value, '{"type": "function", "function": {"name": "..."}}')
    kind = form.get("type")
    if kind is None:
        check.missing(f"{param}.type", 'to name one function send "function"')
    kind = check.string(f"{param}.type", kind)
    if kind in ("function", "custom"):
        inner = form.get(kind)
        if type(inner) is not dict and form.get("name") is not None:
            check.missing(f"{param}.{kind}", 'an object {"name": "..."}; put the name into it')
        inner = check.mapping(f"{param}.{kind}", inner, '{"name": "..."}')
        if inner.get("name") is None:
            check.missing(f"{param}.{kind}.name", "the tool to call")
        name = check.string(f"{param}.{kind}.name", inner["name"])
        return ToolChoice("named", (name,), form if kind == "custom" else None)
    if kind == "allowed_tools":
        return _allowed(f"{param}.{kind}", form)
    if kind in _MEANT_MODES or kind in _MODES:
        meant = _MEANT_MODES.get(kind, f'"{kind}"')
        accepted = 'one of "function", "allowed_tools", "custom"'
        check.wrong(f"{param}.type", kind, accepted, f"Did you mean the tool_choice {meant}?")
    return ToolChoice("opaque", value=form)


def _allowed(param: str, form: dict[str, Any]) -> ToolChoice:
    inner = check.mapping(param, form.get("allowed_tools"), '{"mode": "auto", "tools": [...]}')
    if inner.get("mode") is not None:
        check.one_of(f"{param}.mode", inner["mode"], ("auto", "required"))
    tools = check.sequence(f"{param}.tools", inner.get("tools"), "tools")
    names = [
        tool["function"]["name"]
        for tool in tools
        if type(tool) is dict
        and type(tool.get("function")) is dict
        and type(tool["function"].get("name")) is str
    ]
    return ToolChoice("allowed", tuple(names), value=form)


def hold_to_tools(choice: ToolChoice, tools: list[Tool]) -> None:
    """Hold a choice that names a tool to the tools that are declared.

    Raises:
        Refusal: ``invalid``: no such tool; the message has the nearest name.
    """
    if choice.mode != "named" or not all(tool.name for tool in tools):
        return
    names = [tool.name for tool in tools]
    wanted = choice.names[0]
    if wanted not in names:
        near = difflib.get_close_matches(wanted[:NAME_CHARS_MAX], names, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else ""
        check.wrong("tool_choice", wanted, "the name of one of the tools in 'tools'", hint)


def write_tool_choice(choice: ToolChoice) -> Json:
    """The value of ``tool_choice``."""
    if choice.mode in ("allowed", "opaque") or choice.value is not None:
        return choice.value
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.names[0]}}
    return choice.mode
