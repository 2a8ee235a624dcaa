"""A JSON Schema that a value is held to.

Knows the keywords that ``KEYWORDS`` lists and where schemas lie inside schemas. Refuses to fetch a
schema from anywhere and to know ``format``; keywords that it does not know are told to the model
and not checked.

Schema and value both come from outside, so everything is bounded: size and depth of the schema
when it is read, the steps of a check while it runs.
Source: https://json-schema.org/draft/2020-12/json-schema-validation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from glimway.wire.refusal import Refusal, shown
from glimway.wire.talk import Json

SCHEMA_NODES_MAX: Final = 5_000
"""Schemas inside one schema. OpenAI takes 5,000 properties in all
(https://platform.openai.com/docs/guides/structured-outputs)."""
SCHEMA_DEPTH_MAX: Final = 64
"""How deep schemas may nest, references not followed."""

TYPES: Final = ("object", "array", "string", "number", "integer", "boolean", "null")

_Kind = tuple[Callable[[Any], bool], str]


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def _is_names(value: Any) -> bool:
    return type(value) is list and all(type(one) is str for one in value)


def _is_type(value: Any) -> bool:
    names = value if type(value) is list else [value]
    return bool(names) and all(type(one) is str and one in TYPES for one in names)


_COUNT: _Kind = (_is_count, "a whole number of at least 0")
_NUMBER: _Kind = (_is_number, "a number")
_STEP: _Kind = (lambda value: _is_number(value) and value > 0, "a number above 0")
_TEXT: _Kind = (lambda value: type(value) is str, "a string")
_FLAG: _Kind = (lambda value: type(value) is bool, "true or false")
_LIST: _Kind = (lambda value: type(value) is list, "an array")
_NAMES: _Kind = (_is_names, "an array of strings")
_ANY: _Kind = (lambda value: True, "anything")

KEYWORDS: Final[dict[str, _Kind]] = {
    "type": (_is_type, "one of " + ", ".join(TYPES) + ", or several of them"),
    "enum": _LIST,
    "const": _ANY,
    "required": _NAMES,
    "minProperties": _COUNT,
    "maxProperties": _COUNT,
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "uniqueItems": _FLAG,
    "minContains": _COUNT,
    "maxContains": _COUNT,
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "pattern": _TEXT,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": _STEP,
    "$ref": _TEXT,
}
"""Keywords with plain values, and what their values must be."""

ONE: Final = frozenset(
    """
    additionalItems additionalProperties contains else if items not propertyNames then
    """.split()
)
"""Keywords whose value is one schema."""
SEVERAL: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords whose value is an array of schemas."""
NAMED: Final = frozenset({"$defs", "definitions", "patternProperties", "properties"})
"""Keywords whose value is an object of schemas."""


class Schema:
    """A schema that is sound, as far as it is understood.

    Args:
        root: the schema, as JSON.
        param: where it stands in the request, for what is said of mistakes.

    Raises:
        Refusal: ``invalid``: a keyword has a value that it cannot have, or a reference leads
            nowhere; ``unsupported``: it is too large or too deep to be checked.
    """

    __slots__ = ("_left", "_param", "_pending", "_refs", "root")

    def __init__(self, root: Json, param: str) -> None:
        self.root = {} if root is None else root
        self._param = param
        self._left = SCHEMA_NODES_MAX
        self._refs: dict[str, Json] = {}
        self._pending: list[tuple[str, Json]] = []
        self._read(self.root, "schema", 0)
        # What a reference means may lie where no keyword leads.
        while self._pending:
            where, schema = self._pending.pop()
            self._read(schema, where, 0)

    def at(self, ref: str) -> Json:
        """The schema that a reference of this schema means."""
        return self._refs[ref]

    def _read(self, schema: Json, where: str, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > SCHEMA_DEPTH_MAX:
            raise Refusal(
                "unsupported",
                f"'{self._param}' is too large to be checked here: at most {SCHEMA_NODES_MAX} "
                f"schemas, nested at most {SCHEMA_DEPTH_MAX} deep. Send a smaller one, or choose "
                "an endpoint that lists json_schema.",
                param=self._param,
            )
        if type(schema) is bool:
            return
        if type(schema) is not dict:
            raise self._wrong(where, schema, "a schema: an object, true or false")
        for name, value in schema.items():
            kind = KEYWORDS.get(name)
            inner = f"{where}.{name}"
            if kind is not None:
                if not kind[0](value):
                    raise self._wrong(inner, value, kind[1])
                if name == "$ref" and value not in self._refs:
                    self._refs[value] = self._pointed(value, inner)
                    self._pending.append((inner, self._refs[value]))
            elif name in SEVERAL or (name == "items" and type(value) is list):
                self._several(value, inner, depth)
            elif name in ONE:
                self._read(value, inner, depth + 1)
            elif name in NAMED:
                self._named(value, inner, depth)

    def _several(self, value: Json, where: str, depth: int) -> None:
        if type(value) is not list:
            raise self._wrong(where, value, "an array of schemas")
        for at, one in enumerate(value):
            self._read(one, f"{where}[{at}]", depth + 1)

    def _named(self, value: Json, where: str, depth: int) -> None:
        if type(value) is not dict:
            raise self._wrong(where, value, "an object of schemas")
        for name, one in value.items():
            self._read(one, f"{where}.{name}", depth + 1)

    def _pointed(self, ref: str, where: str) -> Json:
        node = self.root
        if ref not in ("#", ""):
            if not ref.startswith("#/"):
                raise self._wrong(where, ref, "a place in this schema, such as #/$defs/name")
            for step in ref[2:].split("/"):
                key = unquote(step).replace("~1", "/").replace("~0", "~")
                if type(node) is dict and key in node:
                    node = node[key]
                elif type(node) is list and key.isdecimal() and int(key[:9]) < len(node):
                    node = node[int(key[:9])]
                else:
                    raise self._wrong(where, ref, "a place that exists in this schema")
        if type(node) is not dict and type(node) is not bool:
            raise self._wrong(where, ref, "the place of a schema")
        return node

    def _wrong(self, where: str, value: Json, accepted: str) -> Refusal:
        return Refusal(
            "invalid",
            f"'{where[:200]}' is {shown(value)}; it must be {accepted}.",
            param=self._param,
        )


def wants_object(schema: Json, of: Schema, depth: int = 0) -> bool:
    """Whether an object is what is asked for: the mode of hosts that give any JSON object may then
    be switched on; it would spoil an array."""
    if type(schema) is not dict or depth > SCHEMA_DEPTH_MAX:
        return False
    kind = schema.get("type")
    if kind is not None:
        return kind in ("object", ["object"])
    if "$ref" in schema and wants_object(of.at(schema["$ref"]), of, depth + 1):
        return True
    if any(wants_object(one, of, depth + 1) for one in schema.get("allOf", ())):
        return True
    for name in ("anyOf", "oneOf"):
        branches = schema.get(name)
        if branches and all(wants_object(one, of, depth + 1) for one in branches):
            return True
    return "properties" in schema
