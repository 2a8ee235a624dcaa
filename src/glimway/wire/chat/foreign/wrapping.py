"""Free text inside the arguments of a function.

Knows the one string property in which a tool that takes text gets it from a provider that has
functions only. Refuses to unwrap it: whoever declared such a tool reads its text back.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.talk import Json

PROPERTY = "input"
"""The function's one property."""

_encode = msgspec.json.Encoder().encode


def wrapped(text: str) -> str:
    """The arguments that hold ``text``."""
    return _encode({PROPERTY: text}).decode()


def schema_of(parameters: Json) -> dict[str, Any]:
    """The schema of the function that stands in for a tool of free text: what its dialect gave for
    that, else one text."""
    if type(parameters) is dict:
        return parameters
    return {
        "type": "object",
        "properties": {PROPERTY: {"type": "string", "description": "The tool's whole input."}},
        "required": [PROPERTY],
    }
