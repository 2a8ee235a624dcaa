"""Untyped argument text to JSON values, by a tool's JSON Schema.

Knows what GLM's chat template does: strings are written verbatim, everything else as JSON (Python's
``True`` and ``None`` are seen too), so only the schema can tell ``5`` from ``"5"``. Refuses to
check values against their schema: a tool does that itself.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

Json = Any

_decode = msgspec.json.Decoder().decode

DEPTH_MAX = 8
"""References and unions are followed so far."""

_ANY = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})
_PYTHON = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:True|False|None)\b')
_WORDS = {"True": "true", "False": "false", "None": "null"}
_UNKNOWN = object()


def typed(text: str, schema: Json, root: Json) -> Json:
    """The value that ``text`` stands for.

    Args:
        text: as the model wrote it.
        schema: the argument's own schema; None where the tool does not name it.
        root: the tool's ``parameters``, for references.
    """
    types = _types(schema, root, DEPTH_MAX)
    if types == {"string"}:
        return text
    value = _json(text)
    if value is _UNKNOWN:
        return text
    if "string" in types and types != _ANY and not _is(value, types - {"string"}):
        return text  # a union: another type only where the text is clearly of it
    if type(value) is float and value.is_integer() and "integer" in types and "number" not in types:
        return int(value)
    return value


def _json(text: str) -> Json:
    stripped = text.strip()
    try:
        return _decode(stripped)
    except (msgspec.DecodeError, RecursionError):
        pass
    plain = _PYTHON.sub(lambda found: _WORDS.get(found[0], found[0]), stripped)
    try:
        return _decode(plain)
    except (msgspec.DecodeError, RecursionError):
        return _UNKNOWN


def _types(schema: Json, root: Json, depth: int) -> frozenset[str]:
    """The JSON types a schema allows; all of them where it does not say."""
    if type(schema) is not dict or depth == 0:
        return _ANY
    if type(schema.get("$ref")) is str:
        return _types(_target(schema["$ref"], root), root, depth - 1)
    named = schema.get("type")
    if type(named) is str:
        return frozenset({named})
    if type(named) is list:
        return frozenset(one for one in named if type(one) is str) or _ANY
    for word in ("anyOf", "oneOf"):
        if type(schema.get(word)) is list and schema[word]:
            return frozenset().union(*(_types(one, root, depth - 1) for one in schema[word]))
    if type(schema.get("allOf")) is list:
        return frozenset(_ANY).intersection(
            *(_types(one, root, depth - 1) for one in schema["allOf"])
        )
    if type(schema.get("enum")) is list:
        return frozenset().union(*(_kinds(one) for one in schema["enum"])) or _ANY
    if "const" in schema:
        return _kinds(schema["const"])
    return _ANY


def _target(reference: str, root: Json) -> Json:
    if not reference.startswith("#/"):
        return None
    for name in reference[2:].split("/"):
        if type(root) is not dict:
            return None
        root = root.get(name.replace("~1", "/").replace("~0", "~"))
    return root


def _is(value: Json, types: frozenset[str]) -> bool:
    return not types.isdisjoint(_kinds(value))


def _kinds(value: Json) -> frozenset[str]:
    if value is None:
        return frozenset({"null"})
    if type(value) is float:
        return frozenset({"number", "integer"} if value.is_integer() else {"number"})
    return _KINDS[type(value)]


_KINDS: dict[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    str: frozenset({"string"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}
