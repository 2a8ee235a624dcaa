"""The tools that a request declared, as healing needs them.

Knows their names and the schemas of their arguments. Refuses to know what they do.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.healing.values import typed
from glimway.wire.talk import Call, Tool

Json = Any

_encode = msgspec.json.Encoder().encode


class Declared:
    """The function tools of one request.

    Args:
        schemas: name -> JSON Schema of the arguments.
    """

    __slots__ = ("_schemas",)

    def __init__(self, schemas: dict[str, Json]) -> None:
        self._schemas = schemas

    def __contains__(self, name: object) -> bool:
        return name in self._schemas

    def begins(self, start: str) -> bool:
        """Whether some tool's name begins so."""
        return any(name.startswith(start) for name in self._schemas)

    def arguments(self, name: str, pairs: list[tuple[str, str]]) -> str:
        """Untyped pairs as the JSON text of arguments, typed by the tool's schema."""
        root = self._schemas.get(name)
        properties = root.get("properties") if type(root) is dict else None
        known = properties if type(properties) is dict else {}
        members = {key: typed(value, known.get(key), root) for key, value in pairs}
        return _encode(members).decode()


def is_function(tool: Tool, call: Call) -> bool:
    """Whether the provider was given a tool as a function: a tool of another dialect is one where
    that dialect says how its input looks."""
    if tool.kind == "function":
        return True
    return call.dialect != "chat" and bool(tool.name) and type(tool.parameters) is dict


def declared(call: Call | None) -> Declared | None:
    """The tools that may be called; None where none may."""
    if call is None or not call.tools:
        return None
    if call.tool_choice is not None and call.tool_choice.mode == "none":
        return None
    schemas = {tool.name: tool.parameters for tool in call.tools if is_function(tool, call)}
    return Declared(schemas) if schemas else None
