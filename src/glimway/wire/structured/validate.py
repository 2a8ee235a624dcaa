"""Whether a value fits a schema, and what is wrong with it in words.

Knows the keywords of a sound schema (``schema``). Refuses to stop a server: a check takes a bounded
number of steps, then it gives up.
Source: https://json-schema.org/draft/2020-12/json-schema-validation.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

import msgspec

from glimway.wire.refusal import shown
from glimway.wire.structured.pattern import Pattern, Steps, TooCostly, pattern_of
from glimway.wire.structured.schema import Schema
from glimway.wire.talk import Json

__all__ = ["Check", "TooCostly"]

STEPS_MAX: Final = 100_000
"""Schemas held against values, and characters against patterns, in one check: some 50 ms."""
DEPTH_MAX: Final = 120
"""How deep schemas may be followed, references included."""
PROBLEMS_MAX: Final = 8
"""Problems that are told; more say nothing new."""
NAMES_SHOWN_MAX: Final = 12
PATTERNS_KEPT_MAX: Final = 256

_TYPE_OF: Final[dict[type, str]] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
_encode = msgspec.json.Encoder(order="deterministic").encode


class Check:
    """Holds one value to a schema.

    Args:
        schema: what it must fit.
    """

    __slots__ = ("_patterns", "_schema", "_steps", "problems")

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._steps = Steps(STEPS_MAX)
        self._patterns: dict[str, Pattern | None] = {}
        self.problems: list[str] = []

    def holds(self, value: Json) -> bool:
        """Whether the value fits; if not, ``problems`` says why.

        Raises:
            TooCostly: it takes more steps than a check may.
        """
        self._hold(self._schema.root, value, "", self.problems, 0)
        return not self.problems

    # ---- one schema -------------------------------------------------------------------------

    def _hold(self, schema: Json, value: Json, at: str, out: list[str], depth: int) -> None:
        self._steps.take(1)
        if depth > DEPTH_MAX:
            raise TooCostly
        if len(out) >= PROBLEMS_MAX or schema is True:
            return
        if schema is False:
            out.append(f"{at or _ROOT} must not be there")
            return
        if "$ref" in schema:
            self._hold(self._schema.at(schema["$ref"]), value, at, out, depth + 1)
        if not self._plain(schema, value, at, out):
            return
        kind = type(value)
        if kind is dict:
            self._object(schema, value, at, out, depth)
        elif kind is list:
            self._array(schema, value, at, out, depth)
        elif kind is str:
            self._string(schema, value, at, out)
        elif kind is int or kind is float:
            _number(schema, value, at, out)
        if not _JOINING.isdisjoint(schema):
            self._joined(schema, value, at, out, depth)

    def _plain(self, schema: dict[str, Any], value: Json, at: str, out: list[str]) -> bool:
        """Type, ``enum`` and ``const``; False: nothing else needs to be said."""
        wanted = schema.get("type")
        if wanted is not None and not _is_a(value, wanted):
            names = " or ".join(wanted) if type(wanted) is list else wanted
            out.append(f"{at or _ROOT} is {_shown(value)}; it must be of type {names}")
            return False
        if "const" in schema and not self._same(value, schema["const"]):
            out.append(f"{at or _ROOT} is {_shown(value)}; it must be {_shown(schema['const'])}")
            return False
        options = schema.get("enum")
        if options is not None and not any(self._same(value, one) for one in options):
            names = ", ".join([_shown(one) for one in options[:NAMES_SHOWN_MAX]])
            out.append(f"{at or _ROOT} is {_shown(value)}; it must be one of {names}")
            return False
        return True

    def _same(self, value: Json, other: Json) -> bool:
        self._steps.take(1)
        if type(value) is bool or type(other) is bool:
            return value is other
        if isinstance(value, dict | list) or isinstance(other, dict | list):
            one, two = _encode(value), _encode(other)
            self._steps.take(len(one) // 64)
            return one == two
        return bool(value == other)

    # ---- by type ----------------------------------------------------------------------------

    def _object(
        self, schema: dict[str, Any], value: dict[str, Any], at: str, out: list[str], depth: int
    ) -> None:
        missing = [name for name in schema.get("required", ()) if name not in value]
        out += [f"{at or _ROOT} lacks {_shown(name)}" for name in missing]
        _count(schema, "Properties", len(value), "members", at, out)
        properties = schema.get("properties", {})
        by_pattern = schema.get("patternProperties")
        names, other = schema.get("propertyNames"), schema.get("additionalProperties")
        for name, inner in value.items():
            where = f"{at}.{name}" if at else name
            known = name in properties
            if known:
                self._hold(properties[name], inner, where, out, depth + 1)
            if names is not None:
                self._hold(names, name, f"the name {_shown(name)}", out, depth + 1)
            for pattern, one in (by_pattern or {}).items():
                if self._matches(pattern, name):
                    known = True
                    self._hold(one, inner, where, out, depth + 1)
            if not known and other is False:
                out.append(f"{at or _ROOT} has {_shown(name)}, which does not belong there")
            elif not known and other is not None:
                self._hold(other, inner, where, out, depth + 1)

    def _array(
        self, schema: dict[str, Any], value: list[Any], at: str, out: list[str], depth: int
    ) -> None:
        _count(schema, "Items", len(value), "items", at, out)
        items = schema.get("items")
        # Before 2020 an array of ``items`` was what ``prefixItems`` is now.
        first = schema.get("prefixItems", items if type(items) is list else ())
        rest = schema.get("additionalItems") if type(items) is list else items
        for index, inner in enumerate(value):
            wanted = first[index] if index < len(first) else rest
            if wanted is not None:
                self._hold(wanted, inner, f"{at}[{index}]", out, depth + 1)
        if schema.get("uniqueItems") is True:
            items = [_encode(one) for one in value]
            self._steps.take(sum(map(len, items)) // 64)
            if len(set(items)) < len(items):
                out.append(f"{at or _ROOT} has the same item twice")
        wanted = schema.get("contains")
        if wanted is not None:
            found = sum(not self._tried(wanted, one, at, depth) for one in value)
            least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
            if not least <= found <= most:
                out.append(f"{at or _ROOT} has {found} items of a kind that it must contain")

    def _string(self, schema: dict[str, Any], value: str, at: str, out: list[str]) -> None:
        _count(schema, "Length", len(value), "characters", at, out)
        pattern = schema.get("pattern")
        if pattern is not None and not self._matches(pattern, value):
            out.append(f"{at or _ROOT} is {_shown(value)}; it must match {_shown(pattern)}")

    def _matches(self, pattern: str, text: str) -> bool:
        """Whether a pattern is found; one that is not understood is found everywhere."""
        if pattern not in self._patterns:
            if len(self._patterns) >= PATTERNS_KEPT_MAX:
                raise TooCostly
            self._patterns[pattern] = pattern_of(pattern)
        made = self._patterns[pattern]
        return made is None or made.found_in(text, self._steps)

    # ---- several schemas --------------------------------------------------------------------

    def _joined(
        self, schema: dict[str, Any], value: Json, at: str, out: list[str], depth: int
    ) -> None:
        for one in schema.get("allOf", ()):
            self._hold(one, value, at, out, depth + 1)
        if "anyOf" in schema:
            self._alternatives(schema["anyOf"], value, at, out, depth)
        if "oneOf" in schema:
            fitting = self._alternatives(schema["oneOf"], value, at, out, depth, every=True)
            if fitting > 1:
                out.append(f"{at or _ROOT} fits {fitting} alternatives; it must fit one")
        if "not" in schema and not self._tried(schema["not"], value, at, depth):
            out.append(f"{at or _ROOT} is {_shown(value)}, which is ruled out")
        if "if" in schema:
            branch = "else" if self._tried(schema["if"], value, at, depth) else "then"
            if branch in schema:
                self._hold(schema[branch], value, at, out, depth + 1)

    def _alternatives(
        self,
        branches: list[Any],
        value: Json,
        at: str,
        out: list[str],
        depth: int,
        *,
        every: bool = False,
    ) -> int:
        """How many branches fit (with ``every`` all are counted). Where none does, what is told
        is what is wrong by the branch that came nearest: whose trouble lies deeper inside."""
        fitting = 0
        nearest: list[str] | None = None
        for branch in branches:
            tried = self._tried(branch, value, at, depth)
            if not tried:
                fitting += 1
                if not every:
                    return fitting
            elif nearest is None and not tried[0].startswith(f"{at or _ROOT} is "):
                nearest = tried
        if not fitting:
            none = f"{at or _ROOT} is {_shown(value)}, which fits none of the alternatives"
            out += nearest or [none]
        return fitting

    def _tried(self, schema: Json, value: Json, at: str, depth: int) -> list[str]:
        out: list[str] = []
        self._hold(schema, value, at, out, depth + 1)
        return out


_ROOT: Final = "the answer"
_JOINING: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if"})


def _is_a(value: Json, wanted: Json) -> bool:
    if type(wanted) is list:
        return any(_is_a(value, one) for one in wanted)
    kind = _TYPE_OF[type(value)]
    if kind == "integer":
        return wanted in ("integer", "number")
    if wanted == "integer":
        return kind == "number" and math.isfinite(value) and float(value).is_integer()
    return bool(kind == wanted)


def _number(schema: dict[str, Any], value: float, at: str, out: list[str]) -> None:
    for name, wrong, words in _BOUNDS:
        bound = schema.get(name)
        if bound is not None and wrong(value, bound):
            out.append(f"{at or _ROOT} is {_shown(value)}; it must be {words} {_shown(bound)}")
    step = schema.get("multipleOf")
    if step is not None and not _divides(step, value):
        out.append(f"{at or _ROOT} is {_shown(value)}; it must be a multiple of {_shown(step)}")


_BOUNDS: Final[tuple[tuple[str, Callable[[float, float], bool], str], ...]] = (
    ("minimum", operator.lt, "at least"),
    ("maximum", operator.gt, "at most"),
    ("exclusiveMinimum", operator.le, "above"),
    ("exclusiveMaximum", operator.ge, "below"),
)


def _divides(step: float, value: float) -> bool:
    if type(step) is int and type(value) is int:
        return value % step == 0
    try:
        parts = value / step
    except OverflowError:
        return False
    # Decimal steps such as 0.01 have no exact floats: the nearest whole number must be near.
    return math.isfinite(parts) and abs(parts - round(parts)) <= 1e-9 * max(1.0, abs(parts))


def _count(schema: dict[str, Any], of: str, size: int, what: str, at: str, out: list[str]) -> None:
    least, most = schema.get("min" + of), schema.get("max" + of)
    if least is not None and size < least:
        out.append(f"{at or _ROOT} has {size} {what}; it must have at least {least}")
    if most is not None and size > most:
        out.append(f"{at or _ROOT} has {size} {what}; it must have at most {most}")


def _shown(value: Json) -> str:
    if type(value) is dict:
        return "an object"
    return "an array" if type(value) is list else shown(value)
