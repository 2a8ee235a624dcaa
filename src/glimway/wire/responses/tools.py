"""Declared tools and tool choice of the Responses API, both ways.

Knows function tools (flat here), custom tools, and namespaces, whose tools have the neutral name
``namespace__tool``. Every other kind is a host's own business and travels whole. Refuses to know
what a host supports.
Source: https://platform.openai.com/docs/api-reference/responses/create (tools, tool_choice).
"""

from __future__ import annotations

import difflib
from typing import Any

from glimway.wire import check
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.custom import stand_in
from glimway.wire.talk import Json, Tool, ToolChoice

TOOLS_MAX = 1024
NAME_CHARS_MAX = 256

JOIN = "__"
"""Between a namespace and its tool in the neutral name."""

ADDED = "additional_tools"
"""Marks tools that came in an input item of this type rather than in ``tools``."""

_MODES = ("auto", "none", "required")
_MEANT_MODES = {"any": '"required"', "tool": '{"type": "function", "name": "..."}'}
_FUNCTION = '{"type": "function", "name": "...", "parameters": {...}}'
_KNOWN = ("name", "description", "parameters", "strict")


def joined(namespace: str, name: str) -> str:
    """The neutral name of a namespace's tool."""
    return f"{namespace}{JOIN}{name}"


def read_tools(param: str, value: Any, *, added: bool = False) -> list[Tool]:
    """Read a ``tools`` array.

    Args:
        param: where it stands.
        value: it.
        added: it is that of an ``additional_tools`` item.

    Raises:
        Refusal: ``invalid``, naming the tool and member.
    """
    items = check.sequence(param, value, f"tools such as {_FUNCTION}")
    if len(items) > TOOLS_MAX:
        check.wrong(param, f"{len(items)} tools", f"at most {TOOLS_MAX} tools")
    tools: list[Tool] = []
    for at, item in enumerate(items):
        where = f"{param}[{at}]"
        one = check.mapping(where, item, _FUNCTION)
        if one.get("type") == "namespace" and one.get("tools"):
            tools += _namespace(where, one)
        else:
            tools.append(_tool(where, one))
    if added:
        for tool in tools:
            tool.extra = {**(tool.extra or {}), ADDED: True}
    return tools


def _tool(param: str, item: dict[str, Any]) -> Tool:
    kind = item.get("type")
    if kind is None:
        check.missing(f"{param}.type", 'for a function tool send "function"')
    kind = check.string(f"{param}.type", kind)
    if kind not in ("function", "custom"):
        name = item["name"] if type(item.get("name")) is str else ""
        return Tool(kind, name, value=item, dialect=DIALECT, optional=True)
    name = item.get("name")
    if name is None:
        nested = type(item.get(kind)) is dict
        advice = f". Its members stand beside the type here, not inside '{kind}'" if nested else ""
        check.missing(f"{param}.name", f"the name the model calls{advice}")
    if not check.string(f"{param}.name", name, NAME_CHARS_MAX):
        check.wrong(f"{param}.name", name, "a name that is not empty")
    about = item.get("description")
    if about is not None:
        about = check.string(f"{param}.description", about)
    if kind == "custom":
        # Providers that have functions only are given one that takes the text.
        return Tool(kind, name, about, stand_in(item), value=item, dialect=DIALECT)
    parameters = item.get("parameters")
    if parameters is not None:
        check.mapping(f"{param}.parameters", parameters, '{"type": "object"}')
    strict = item.get("strict")
    if strict is not None:
        check.boolean(f"{param}.strict", strict)
    # A ``null`` that was written is kept beside the members without a neutral place.
    more = {k: v for k, v in item.items() if k != "type" and (k not in _KNOWN or v is None)}
    return Tool(kind, name, about, parameters, strict, extra={"tool": more} if more else None)


def _namespace(param: str, item: dict[str, Any]) -> list[Tool]:
    if item.get("name") is None:
        check.missing(f"{param}.name", "the namespace's name")
    name = check.string(f"{param}.name", item["name"], NAME_CHARS_MAX)
    tools = []
    for at, inner in enumerate(check.sequence(f"{param}.tools", item["tools"], "tools")):
        where = f"{param}.tools[{at}]"
        tool = _tool(where, check.mapping(where, inner, _FUNCTION))
        tool.name = joined(name, tool.name)
        tool.extra = {**(tool.extra or {}), "namespace": item}
        tools.append(tool)
    return tools


def spaces(tools: list[Tool]) -> dict[str, tuple[str, str]]:
    """Neutral name -> (namespace, name) of the tools that have one."""
    found = {}
    for tool in tools:
        item = (tool.extra or {}).get("namespace")
        if type(item) is dict:
            space = str(item["name"])
            found[tool.name] = (space, tool.name[len(space) + len(JOIN) :])
    return found


def write_tools(tools: list[Tool]) -> list[Json]:
    """The ``tools`` array as the same dialect wrote it."""
    written: list[Json] = []
    whole: list[Json] = []  # namespaces that are written already
    for tool in tools:
        extra = tool.extra or {}
        space = extra.get("namespace")
        if ADDED in extra or any(space is one for one in whole):
            continue
        if space is not None:
            whole.append(space)
            written.append(space)
        elif tool.kind != "function":
            written.append(tool.value)
        else:
            written.append({**_function(tool), **extra.get("tool", {})})
    return written


def _function(tool: Tool) -> dict[str, Json]:
    item: dict[str, Json] = {"type": "function", "name": tool.name}
    if tool.description is not None:
        item["description"] = tool.description
    if tool.parameters is not None:
        item["parameters"] = tool.parameters
    if tool.strict is not None:
        item["strict"] = tool.strict
    return item


def write_foreign_tool(tool: Tool) -> Json | None:
    """A tool of another dialect; None: it has no place here."""
    if tool.kind == "function":
        # Only here a schema is strict where nothing is said, so it is said.
        return {"parameters": None, "strict": False, **_function(tool)}
    if tool.kind != "custom":
        return None
    item: dict[str, Json] = {"type": "custom", "name": tool.name}
    inner = tool.value.get("custom") if type(tool.value) is dict else None
    inner = inner if type(inner) is dict else {}
    about = tool.description or inner.get("description")
    if about:
        item["description"] = about
    form = inner.get("format")
    if type(form) is dict:
        grammar = form.get("grammar")
        item["format"] = {"type": form.get("type"), **(grammar if type(grammar) is dict else {})}
    return item


# ---- choice ---------------------------------------------------------------------------------


def read_tool_choice(param: str, value: Any) -> ToolChoice:
    """Read ``tool_choice`` in all its forms.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    if type(value) is str:
        if value in _MEANT_MODES:
            accepted = '"auto", "none", "required" or an object that names one tool'
            check.wrong(param, value, accepted, f"Did you mean {_MEANT_MODES[value]}?")
        mode = check.one_of(param, value, _MODES)
        return ToolChoice(mode=mode)  # type: ignore[arg-type]  # one_of checked it
    form = check.mapping(param, value, '{"type": "function", "name": "..."}')
    kind = form.get("type")
    if kind is None:
        check.missing(f"{param}.type", 'to name one function send "function"')
    kind = check.string(f"{param}.type", kind)
    if kind in ("function", "custom"):
        if form.get("name") is None:
            nested = type(form.get(kind)) is dict
            advice = f". It stands beside the type here, not inside '{kind}'" if nested else ""
            check.missing(f"{param}.name", f"the tool to call{advice}")
        name = check.string(f"{param}.name", form["name"])
        return ToolChoice("named", (name,), form)
    if kind == "allowed_tools":
        if form.get("mode") is not None:
            check.one_of(f"{param}.mode", form["mode"], ("auto", "required"))
        tools = check.sequence(f"{param}.tools", form.get("tools"), "tools")
        names = [t["name"] for t in tools if type(t) is dict and type(t.get("name")) is str]
        return ToolChoice("allowed", tuple(names), form)
    if kind in _MEANT_MODES or kind in _MODES:
        meant = _MEANT_MODES.get(kind, f'"{kind}"')
        accepted = 'one of "function", "custom", "allowed_tools", or a kind of hosted tool'
        check.wrong(f"{param}.type", kind, accepted, f"Did you mean the tool_choice {meant}?")
    return ToolChoice("opaque", value=form)


def hold_to_tools(choice: ToolChoice, tools: list[Tool]) -> None:
    """Hold a choice that names tools to those that are declared, and give it their neutral names.

    Raises:
        Refusal: ``invalid``: no such tool (the message has the nearest name), or several.
    """
    if choice.mode not in ("named", "allowed"):
        return
    local = spaces(tools)
    names = {tool.name for tool in tools}
    form = choice.value if type(choice.value) is dict else {}
    found = []
    for wanted in choice.names:
        space = form.get("namespace")
        if type(space) is str and joined(space, wanted) in names:
            found.append(joined(space, wanted))
            continue
        if wanted in names:
            found.append(wanted)
            continue
        fits = [name for name, (_, inner) in local.items() if inner == wanted]
        if len(fits) > 1:
            accepted = f"one tool's name, and {len(fits)} namespaces have it"
            check.wrong("tool_choice", wanted, accepted, 'Add the member "namespace".')
        if not fits and choice.mode == "named" and all(tool.name for tool in tools):
            near = difflib.get_close_matches(wanted[:NAME_CHARS_MAX], sorted(names), n=1)
            hint = f'Did you mean "{near[0]}"?' if near else ""
            check.wrong("tool_choice", wanted, "the name of one of the tools in 'tools'", hint)
        found += fits
    choice.names = tuple(found)


def write_tool_choice(choice: ToolChoice) -> Json:
    """The value of ``tool_choice`` as the same dialect wrote it."""
    return choice.mode if choice.value is None else choice.value


def write_foreign_choice(choice: ToolChoice, tools: list[Tool]) -> Json | None:
    """The choice of another dialect; None: it has no place here."""
    if choice.mode == "opaque":
        return None
    kinds = {tool.name: tool.kind for tool in tools}
    named = [{"type": kinds.get(name, "function"), "name": name} for name in choice.names]
    if choice.mode == "named":
        return named[0]
    if choice.mode == "allowed":
        value = choice.value if type(choice.value) is dict else {}
        inner = value.get("allowed_tools", value)
        mode = inner.get("mode") if type(inner) is dict else None
        return {"type": "allowed_tools", "mode": mode or "auto", "tools": named}
    return choice.mode
