"""Declared tools and tool choice.

Knows functions, free-text tools and the tools that some provider or gateway runs itself. Refuses
to know what a host offers.
Source: ``LanguageModelV4FunctionTool``, ``LanguageModelV4ProviderTool`` and
``LanguageModelV4ToolChoice`` of ``@ai-sdk/provider``; version 3 has the same.

A provider's tool is named ``provider.kind``. Its kind becomes the neutral one, so that a search of
the web (``web_search``, also dated) finds the host's own.
"""

from __future__ import annotations

import difflib
from typing import Any

from glimway.wire import check
from glimway.wire.aisdk.content import DIALECT, extra_of, own_options
from glimway.wire.talk import Tool, ToolChoice

TOOLS_MAX = 1024
NAME_CHARS_MAX = 256

_FUNCTION = '{"type": "function", "name": "...", "inputSchema": {...}}'
_KNOWN = frozenset({"type", "name", "description", "inputSchema", "strict", "providerOptions"})
_CHOICES = ("auto", "none", "required", "tool")
_CUSTOM = "custom"


def read_tools(param: str, value: Any) -> list[Tool]:
    """Read ``tools``.

    Raises:
        Refusal: ``invalid``, naming the tool and member.
    """
    items = check.sequence(param, value, f"tools such as {_FUNCTION}")
    if len(items) > TOOLS_MAX:
        check.wrong(param, f"{len(items)} tools", f"at most {TOOLS_MAX} tools")
    return [_tool(f"{param}[{at}]", item) for at, item in enumerate(items)]


def _tool(param: str, value: Any) -> Tool:
    item = check.mapping(param, value, _FUNCTION)
    kind = item.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"function" or "provider"')
    kind = check.one_of(f"{param}.type", kind, ("function", "provider", "provider-defined"))
    if item.get("name") is None:
        nested = kind in item and type(item[kind]) is dict
        advice = ". Its members stand beside the type here" if nested else ""
        check.missing(f"{param}.name", f"the name the model calls{advice}")
    name = check.string(f"{param}.name", item["name"], NAME_CHARS_MAX)
    if not name:
        check.wrong(f"{param}.name", name, "a name that is not empty")
    return _function(param, name, item) if kind == "function" else _provided(param, name, item)


def _function(param: str, name: str, item: dict[str, Any]) -> Tool:
    about = item.get("description")
    if about is not None:
        about = check.string(f"{param}.description", about)
    if "inputSchema" not in item and "parameters" in item:
        check.missing(f"{param}.inputSchema", "the schema, which is not called 'parameters' here")
    schema = item.get("inputSchema")
    if schema is not None:
        check.mapping(f"{param}.inputSchema", schema, '{"type": "object"}')
    strict = item.get("strict")
    extra = extra_of(own_options(param, item)) or {}
    extra |= {key: member for key, member in item.items() if key not in _KNOWN}
    return Tool(
        "function",
        name,
        about,
        schema,
        None if strict is None else check.boolean(f"{param}.strict", strict),
        extra=extra or None,
    )


def _provided(param: str, name: str, item: dict[str, Any]) -> Tool:
    tool_id = item.get("id")
    if tool_id is None:
        check.missing(f"{param}.id", 'whose tool it is, for example "openai.web_search"')
    maker, _, kind = check.string(f"{param}.id", tool_id, NAME_CHARS_MAX).partition(".")
    if not (maker and kind):
        check.wrong(f"{param}.id", tool_id, 'of the form "provider.tool"')
    settings = item.get("args")
    if settings is not None:
        check.mapping(f"{param}.args", settings)
    about = (settings or {}).get("description") if kind == _CUSTOM else None
    about = about if type(about) is str else None
    return Tool(kind, name, about, value=item, dialect=DIALECT, optional=True)


def custom_names(tools: list[Tool]) -> frozenset[str]:
    """The names of tools that take free text."""
    return frozenset(tool.name for tool in tools if tool.kind == _CUSTOM)


def read_choice(param: str, value: Any) -> ToolChoice:
    """Read ``toolChoice``.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    if type(value) is str:
        hint = f'Send {{"type": "{value}"}}.' if value in _CHOICES else ""
        check.wrong(param, value, 'an object such as {"type": "auto"}', hint)
    form = check.mapping(param, value, '{"type": "auto"}')
    if form.get("type") is None:
        check.missing(f"{param}.type", "one of " + ", ".join(_CHOICES))
    mode = check.one_of(f"{param}.type", form["type"], _CHOICES)
    if mode != "tool":
        return ToolChoice(mode=mode)  # type: ignore[arg-type]  # one_of checked it
    if form.get("toolName") is None:
        check.missing(f"{param}.toolName", "the tool to call")
    return ToolChoice("named", (check.string(f"{param}.toolName", form["toolName"]),))


def hold_to_tools(choice: ToolChoice, tools: list[Tool]) -> None:
    """Hold a choice that names a tool to those that are declared.

    Raises:
        Refusal: ``invalid``: no such tool; the message has the nearest name.
    """
    if choice.mode != "named":
        return
    names = [tool.name for tool in tools]
    wanted = choice.names[0]
    if wanted not in names:
        near = difflib.get_close_matches(wanted[:NAME_CHARS_MAX], names, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else ""
        accepted = "the name of one of the tools in 'tools'"
        check.wrong("toolChoice.toolName", wanted, accepted, hint)
