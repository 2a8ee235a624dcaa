"""Declared tools and tool choice of a client's request, and of one toward a provider.

Knows tools with a schema, the four forms of ``tool_choice``, and the schemas of those typed tools
that the client runs itself. Other typed tools are run by a host and travel whole. Refuses to know
which host has which.
Source: https://docs.anthropic.com/en/api/messages (tools, tool_choice).
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.messages.blocks import DIALECT, rest
from glimway.wire.messages.client_tools import published
from glimway.wire.talk import Json, Tool, ToolChoice

TOOLS_MAX = 10_000
NAME_CHARS_MAX = 256

ADDED = "tool_addition"
"""Key in a tool's ``extra``: a message of the system defines it, not ``tools``."""

ONE_AT_A_TIME = "disable_parallel_tool_use"

_EXAMPLE = '{"name": "...", "input_schema": {"type": "object"}}'
_MODES: dict[str, Any] = {"auto": "auto", "any": "required", "tool": "named", "none": "none"}
_TYPES = {mode: kind for kind, mode in _MODES.items()}
_MEANT_MODES = {"required": '{"type": "any"}', "function": '{"type": "tool", "name": "..."}'}
_CHOICES = '{"type": "auto"}, {"type": "any"}, {"type": "tool", "name": "..."}, {"type": "none"}'
_KNOWN = ("name", "description", "input_schema", "strict")


def read_tools(param: str, value: Any) -> list[Tool]:
    """Read the ``tools`` array.

    Raises:
        Refusal: ``invalid``, naming the tool and member.
    """
    items = check.sequence(param, value, f"tools such as {_EXAMPLE}")
    if len(items) > TOOLS_MAX:
        check.wrong(param, f"{len(items)} tools", f"at most {TOOLS_MAX} tools")
    return [read_tool(f"{param}[{at}]", item) for at, item in enumerate(items)]


def read_tool(param: str, value: Any) -> Tool:
    """Read one tool.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    item = check.mapping(param, value, _EXAMPLE)
    kind = item.get("type")
    if kind is not None:
        kind = check.string(f"{param}.type", kind)
    if kind == "function" or (kind is None and "function" in item):
        accepted = '"custom", or a typed tool of the Messages API'
        hint = f"Send the function's members themselves: {_EXAMPLE}."
        check.wrong(f"{param}.type", kind or "function", accepted, hint)
    if kind not in (None, "custom"):
        return _typed(param, kind, item)
    name = item.get("name")
    if name is None:
        check.missing(f"{param}.name", "the name the model calls")
    if not check.string(f"{param}.name", name, NAME_CHARS_MAX):
        check.wrong(f"{param}.name", name, "a name that is not empty")
    schema = item.get("input_schema")
    if schema is None:
        hint = " (here it is not called 'parameters')" if "parameters" in item else ""
        check.missing(f"{param}.input_schema", f"a JSON Schema of the tool's input{hint}")
    check.mapping(f"{param}.input_schema", schema, '{"type": "object"}')
    about, strict = item.get("description"), item.get("strict")
    return Tool(
        kind="function",
        name=name,
        description=None if about is None else check.string(f"{param}.description", about),
        parameters=schema,
        strict=None if strict is None else check.boolean(f"{param}.strict", strict),
        extra=rest(item, *_KNOWN),
    )


def _typed(param: str, kind: str, item: dict[str, Any]) -> Tool:
    name = item.get("name")
    if name is not None:
        name = check.string(f"{param}.name", name, NAME_CHARS_MAX)
    own = published(kind)
    tool = Tool(kind=kind, name=name or "", value=item, dialect=DIALECT, optional=True)
    if own is not None and name:
        tool.description, tool.parameters = own
    return tool


def write_tools(tools: list[Tool]) -> list[Json]:
    """The ``tools`` of a request of this dialect, as they came."""
    written: list[Json] = []
    for tool in tools:
        if tool.extra is not None and ADDED in tool.extra:
            continue
        if tool.kind != "function":
            written.append(tool.value)
            continue
        entry: dict[str, Json] = {"name": tool.name}
        if tool.description is not None:
            entry["description"] = tool.description
        entry["input_schema"] = tool.parameters
        if tool.strict is not None:
            entry["strict"] = tool.strict
        entry.update(tool.extra or {})
        written.append(entry)
    return written


# ---- choice ---------------------------------------------------------------------------------


def read_tool_choice(param: str, value: Any) -> tuple[ToolChoice, bool | None]:
    """Read ``tool_choice``: the choice, and whether calls may be parallel (None: unsaid).

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    if type(value) is str:
        meant = f'{{"type": "{value}"}}' if value in ("auto", "any", "none") else None
        meant = _MEANT_MODES.get(value, meant)
        check.wrong(param, value, f"one of {_CHOICES}", f"Did you mean {meant}?" if meant else "")
    form = check.mapping(param, value, '{"type": "auto"}')
    kind = form.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"auto", "any", "tool" or "none"')
    if type(kind) is str and kind in _MEANT_MODES:
        hint = f"Did you mean {_MEANT_MODES[kind]}?"
        check.wrong(f"{param}.type", kind, 'one of "auto", "any", "tool", "none"', hint)
    kind = check.one_of(f"{param}.type", kind, tuple(_MODES))
    names: tuple[str, ...] = ()
    if kind == "tool":
        if form.get("name") is None:
            check.missing(f"{param}.name", "the tool to call")
        names = (check.string(f"{param}.name", form["name"]),)
    parallel = None
    if form.get(ONE_AT_A_TIME) is not None:
        parallel = not check.boolean(f"{param}.{ONE_AT_A_TIME}", form[ONE_AT_A_TIME])
    more = rest(form, "type", ONE_AT_A_TIME, *(("name",) if names else ()))
    return ToolChoice(_MODES[kind], names, more), parallel


def write_tool_choice(choice: ToolChoice, *, parallel: bool | None) -> dict[str, Json]:
    """The value of ``tool_choice`` for auto, required, named or none.

    Args:
        choice: which; its ``value`` holds members of this dialect that are not known.
        parallel: whether calls may be parallel; None: unsaid.
    """
    written: dict[str, Json] = {"type": _TYPES[choice.mode]}
    if choice.mode == "named":
        written["name"] = choice.names[0]
    if parallel is not None:
        written[ONE_AT_A_TIME] = not parallel
    return {**written, **(choice.value or {})}
