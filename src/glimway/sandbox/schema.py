"""A value for a JSON schema, made of the words of a prompt.

Knows types, enum, const, ``$ref``, the first branch of anyOf and oneOf, allOf merged, bounds,
formats and simple patterns. Refuses to validate, and to follow what needs it (``not``, ``if``,
``dependentSchemas``).

Bounded: a schema comes from a request, and may be recursive or ask for a billion items.
"""

from __future__ import annotations

import math
from typing import Any, Final

from glimway.sandbox.pattern import example
from glimway.sandbox.words import Words

Json = Any

DEPTH_FULL: Final = 6
"""Below this depth optional members and items are left out, so that recursion ends."""
DEPTH_MAX: Final = 32
NODES_MAX: Final = 2_000
ITEMS_MAX: Final = 64
ITEMS_WANTED: Final = 2
STRING_CHARS_MAX: Final = 2_000
REFS_MAX: Final = 16
ALL_OF_DEPTH_MAX: Final = 8

FORMATS: Final[dict[str, str]] = {
    "date": "2026-01-19",
    "date-time": "2026-01-19T08:30:00Z",
    "time": "08:30:00Z",
    "duration": "PT15M",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/page",
    "url": "https://example.com/page",
    "uuid": "3f2b8c1e-5d4a-4e6f-9a7b-0c1d2e3f4a5b",
}


def instance(schema: Json, words: Words) -> Json:
    """A value that fits ``schema``.

    Args:
        schema: a JSON schema; anything that is no schema counts as "any value".
        words: where strings and numbers come from.
    """
    return _Maker(schema, words).value(schema, 0)


class _Maker:
    def __init__(self, root: Json, words: Words) -> None:
        self._root = root
        self._words = words
        self._nodes = 0

    def value(self, schema: Json, depth: int, name: str = "") -> Json:
        self._nodes += 1
        schema = self._resolved(schema)
        if type(schema) is not dict or depth > DEPTH_MAX or self._nodes > NODES_MAX:
            return None if schema is False or type(schema) is dict else self._words.topic()
        if "const" in schema:
            return schema["const"]
        enum = schema.get("enum")
        if type(enum) is list and enum:
            named = self._words.chosen([option for option in enum if type(option) is str])
            return enum[0] if named is None else named
        kind = self._kind(schema, depth)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind in ("integer", "number"):
            return self._number(schema, whole=kind == "integer")
        if kind == "boolean":
            return True
        return None if kind == "null" else self._string(schema, name)

    def _resolved(self, schema: Json, depth: int = 0) -> Json:
        """Follow references, first branches and allOf until a plain schema is left."""
        for _ in range(REFS_MAX):
            self._nodes += 1
            if type(schema) is not dict or depth > ALL_OF_DEPTH_MAX or self._nodes > NODES_MAX:
                break
            rest = {key: part for key, part in schema.items() if key not in _JOINING}
            if type(schema.get("$ref")) is str:
                schema = _merged(rest, self._pointed(schema["$ref"]))
            elif branches := (schema.get("anyOf") or schema.get("oneOf")):
                if type(branches) is not list:
                    return rest
                schema = _merged(rest, self._branch(branches))
            elif type(schema.get("allOf")) is list:
                for part in schema["allOf"]:
                    rest = _merged(rest, self._resolved(part, depth + 1))
                schema = rest
            else:
                break
        return schema

    def _branch(self, branches: list[Json]) -> Json:
        # Deep inside a recursive type the branch that ends is the right one.
        if self._nodes > NODES_MAX // 4:
            for branch in branches:
                if type(branch) is dict and branch.get("type") in _ENDING:
                    return branch
        return branches[0]

    def _pointed(self, ref: str) -> Json:
        node = self._root
        if ref in ("#", ""):
            return node
        for step in ref.removeprefix("#/").split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            if type(node) is dict and key in node:
                node = node[key]
            elif type(node) is list and key.isdecimal() and int(key) < len(node):
                node = node[int(key)]
            else:
                return {}
        return node

    def _kind(self, schema: dict[str, Json], depth: int) -> str:
        kind = schema.get("type")
        if type(kind) is list:
            kinds = [item for item in kind if type(item) is str]
            if depth > DEPTH_FULL and "null" in kinds:
                return "null"
            kind = next((item for item in kinds if item != "null"), "null")
        if type(kind) is str:
            return kind
        for member, meant in _MEANS.items():
            if member in schema:
                return meant
        return "string"

    def _object(self, schema: dict[str, Json], depth: int) -> dict[str, Json]:
        properties = schema.get("properties")
        properties = properties if type(properties) is dict else {}
        required = schema.get("required")
        required = [n for n in required if type(n) is str] if type(required) is list else []
        names = list(properties) if depth <= DEPTH_FULL else []
        names += [name for name in required if name not in names]
        made = {n: self.value(properties.get(n, True), depth + 1, n) for n in names[:NODES_MAX]}
        other = schema.get("additionalProperties", True)
        least = min(_bound(schema.get("minProperties"), 0), ITEMS_MAX)
        if not properties and type(other) is dict:
            least = max(least, 1)
        while len(made) < least and other is not False:
            word = self._words.topic()
            key = word if word not in made else f"{word}_{len(made)}"
            made[key] = self.value(other, depth + 1, key)
        return made

    def _array(self, schema: dict[str, Json], depth: int) -> list[Json]:
        first = schema.get("prefixItems")
        first = first[:ITEMS_MAX] if type(first) is list else []
        least = _bound(schema.get("minItems"), 0)
        most = _bound(schema.get("maxItems"), ITEMS_MAX)
        items = schema.get("items", True)
        wanted = ITEMS_WANTED if depth <= DEPTH_FULL else 0
        size = min(max(least, min(wanted, most), min(len(first), most)), ITEMS_MAX)
        if items is False:
            size = min(size, len(first))
        unique = schema.get("uniqueItems") is True
        made: list[Json] = []
        for at in range(size):
            item = self.value(first[at] if at < len(first) else items, depth + 1)
            if unique and item in made:
                item = self._other(items, item, made)
                if item in made:
                    break
            made.append(item)
        return made

    def _other(self, items: Json, item: Json, made: list[Json]) -> Json:
        """An item unlike those made so far."""
        schema = self._resolved(items)
        options = schema.get("enum") if type(schema) is dict else None
        if type(options) is list:
            return next((option for option in options if option not in made), item)
        if type(item) is str:
            return f"{item} {len(made) + 1}"
        if type(item) is int or type(item) is float:
            step = schema.get("multipleOf", 1) if type(schema) is dict else 1
            return max(m for m in made if type(m) in (int, float)) + step
        return item

    def _string(self, schema: dict[str, Json], name: str) -> str:
        pattern = schema.get("pattern")
        if type(pattern) is str:
            return example(pattern)
        form = schema.get("format")
        if type(form) is str and form in FORMATS:
            return FORMATS[form]
        text = self._words.phrase() if name.lower() in _PHRASES else self._words.topic()
        least = min(_bound(schema.get("minLength"), 0), STRING_CHARS_MAX)
        while len(text) < least:
            text += " " + self._words.topic()
        return text[: _bound(schema.get("maxLength"), STRING_CHARS_MAX)]

    def _number(self, schema: dict[str, Json], *, whole: bool) -> int | float:
        fits = _Fits(schema, whole=whole)
        number = self._words.number(fits)
        if number is None:
            number = next((option for option in fits.options() if fits(option)), 1.0)
        return int(number) if float(number).is_integer() else number


class _Fits:
    """Says whether a number keeps a schema's bounds, and offers some that may."""

    def __init__(self, schema: dict[str, Json], *, whole: bool) -> None:
        self._low = _number(schema, "minimum", -math.inf)
        self._high = _number(schema, "maximum", math.inf)
        self._above = _number(schema, "exclusiveMinimum", -math.inf)
        self._below = _number(schema, "exclusiveMaximum", math.inf)
        step = _number(schema, "multipleOf", 0.0)
        self._step = step if step > 0 else (1.0 if whole else 0.0)
        self._whole = whole

    def __call__(self, number: float) -> bool:
        if not (self._low <= number <= self._high and self._above < number < self._below):
            return False
        if self._whole and not number.is_integer():
            return False
        return not self._step or abs(number / self._step - round(number / self._step)) < 1e-9

    def options(self) -> list[float]:
        low, high = max(self._low, self._above), min(self._high, self._below)
        near = [bound for bound in (low, high) if math.isfinite(bound)]
        made = [1.0, *near, *(bound + 1 for bound in near), *(bound - 1 for bound in near)]
        if len(near) == 2:
            made.append((low + high) / 2)
        if self._step:
            steps = [self._step * math.floor(number / self._step) for number in made]
            made += [number + more for number in steps for more in (0.0, self._step)]
        return [float(number) for number in made]


_JOINING: Final = frozenset({"$ref", "anyOf", "oneOf", "allOf"})
_ENDING: Final = frozenset({"null", "string", "integer", "number", "boolean"})
_PHRASES: Final = frozenset({"query", "question", "text", "title", "prompt", "message", "search"})
_MEANS: Final[dict[str, str]] = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minimum": "number",
    "maximum": "number",
}


def _merged(left: dict[str, Json], right: Json) -> Json:
    """Both schemas at once: properties and required are joined, other members replaced."""
    if type(right) is not dict:
        return left if right is True or left else right
    made = {**left, **right}
    ours, theirs = left.get("properties"), right.get("properties")
    if type(ours) is dict and type(theirs) is dict:
        made["properties"] = {**ours, **theirs}
    needed, more = left.get("required"), right.get("required")
    if type(needed) is list and type(more) is list:
        made["required"] = [*needed, *more]
    return made


def _bound(value: Json, otherwise: int) -> int:
    return value if type(value) is int and value >= 0 else otherwise


def _number(schema: dict[str, Json], member: str, otherwise: float) -> float:
    value = schema.get(member)
    return float(value) if type(value) is int or type(value) is float else otherwise
