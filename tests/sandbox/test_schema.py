from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.sandbox.pattern import TEXT_CHARS_MAX, example
from glimway.sandbox.schema import ITEMS_MAX, instance
from glimway.sandbox.words import Words

PROMPT = "Plan a trip to Lisbon for 3 people with 250 euros, please"

PATTERNS = [
    r"^\d{4}-\d{2}-\d{2}$",
    r"^[A-Z]{3}$",
    r"^[a-z_]+$",
    r"^\+?[0-9]{10}$",
    r"^(foo|bar)-\w+$",
    r"^(?:a|b){2,4}c?$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    r"^\S+$",
    r"^.{5,}$",
    r"^\/api\/v\d+$",
    r"^#[0-9a-fA-F]{6}$",
    r"^[^a-z]$",
    r"^(?P<year>\d{4})$",
    r"^x*$",
    r"^[\w.-]+$",
    r"^[]a]$",
    r"^a{0}b$",
    r"^\t\n$",
    r"^a+?b*?$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_example_fits_its_pattern(pattern: str) -> None:
    assert re.search(pattern, example(pattern)), example(pattern)


@given(st.text(alphabet=r"ab01^$.|()[]{}?*+\-,<>=!dwsDWSbB:P", max_size=40))
def test_any_text_taken_as_a_pattern_ends_and_is_bounded(pattern: str) -> None:
    assert len(example(pattern)) <= TEXT_CHARS_MAX


def test_a_pattern_may_not_grow_without_end() -> None:
    assert len(example("((((a{900}){900}){900}){900})")) <= TEXT_CHARS_MAX
    assert example("(" * 5_000) == ""


def made(schema: Any, prompt: str = PROMPT) -> Any:
    return instance(schema, Words(prompt))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": {"a": 1}}, {"a": 1}),
        ({"enum": [7, "x"]}, 7),
        ({"enum": ["Oslo", "Lisbon"]}, "Lisbon"),
        ({"type": "null"}, None),
        ({"type": "boolean"}, True),
        ({"type": "string"}, "Lisbon"),
        ({"type": ["null", "string"]}, "Lisbon"),
        ({"type": "integer"}, 3),
        ({"type": "integer", "minimum": 100}, 250),
        ({"type": "integer", "minimum": 400}, 400),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "integer", "exclusiveMinimum": 400}, 401),
        ({"type": "integer", "multipleOf": 7, "minimum": 300}, 301),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}, 0.25),
        ({"type": "string", "format": "date"}, "2026-01-19"),
        ({"type": "string", "maxLength": 3}, "Lis"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 3),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "a"),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 3}, [True, True, True]),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False}, [1, 2]),
        ({"properties": {"a": {"const": 1}}, "required": ["b"]}, {"a": 1, "b": "Lisbon"}),
        ({"type": "object", "additionalProperties": {"const": 1}}, {"Lisbon": 1}),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"const": 5}}}, 5),
        ({"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"const": 6}}}, 6),
        (
            {"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]},
            {"a": 1, "b": 2},
        ),
        (True, "Lisbon"),
        (False, None),
        ({}, "Lisbon"),
    ],
)
def test_a_value_fits_its_schema(schema: Any, value: Any) -> None:
    assert made(schema) == value


def test_strings_and_numbers_are_words_of_the_prompt() -> None:
    schema = {
        "properties": {
            "city": {"type": "string"},
            "people": {"type": "integer"},
            "euros": {"type": "number"},
        }
    }
    assert made(schema) == {"city": "Lisbon", "people": 3, "euros": 250}


def test_unique_items_differ() -> None:
    values = made(
        {"type": "array", "items": {"type": "string"}, "minItems": 9, "uniqueItems": True}
    )
    assert len(values) == len(set(values)) == 9
    values = made(
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True}
    )
    assert sorted(values) == ["a", "b", "c"]


def test_a_recursive_schema_ends() -> None:
    tree = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["name", "children", "next"],
            }
        },
    }
    json.dumps(made(tree))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/nowhere"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": []},
        {"anyOf": 3},
        {"type": 7},
        {"type": "array", "minItems": 10**12},
        {"type": "string", "minLength": 10**12},
        {"type": "object", "minProperties": 10**12},
        {"type": "object", "required": ["a", 3], "properties": 4},
        {"type": "number", "minimum": 5, "maximum": 1},
        {"type": "number", "multipleOf": 0},
        {"items": {"items": {"items": {"items": {"$ref": "#"}}}}, "minItems": 64, "type": "array"},
    ],
)
def test_a_schema_that_makes_no_sense_or_asks_too_much_ends(schema: Any) -> None:
    assert len(json.dumps(made(schema))) < 1_000_000
    value = made(schema)
    assert not isinstance(value, list) or len(value) <= ITEMS_MAX


def schemas() -> st.SearchStrategy[Any]:
    numbers = st.integers(-50, 50)
    leaves = st.one_of(
        st.just({"type": "null"}),
        st.just({"type": "boolean"}),
        st.builds(
            lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
            numbers,
            st.integers(0, 30),
        ),
        st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, numbers),
        st.builds(
            lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
            st.integers(0, 20),
            st.integers(0, 9),
        ),
        st.builds(lambda options: {"enum": options}, st.lists(st.text(max_size=5), min_size=1)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(
                lambda i, low: {"type": "array", "items": i, "minItems": low},
                inner,
                st.integers(0, 4),
            ),
            st.builds(
                lambda p: {
                    "type": "object",
                    "properties": p,
                    "required": sorted(p),
                    "additionalProperties": False,
                },
                st.dictionaries(st.sampled_from("abcdef"), inner, max_size=4),
            ),
            st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
        ),
        max_leaves=12,
    )


@given(schemas(), st.text(max_size=40))
def test_a_value_fits_any_plain_schema(schema: Any, prompt: str) -> None:
    assert fits(schema, made(schema, prompt))


def fits(schema: Any, value: Any) -> bool:
    if "anyOf" in schema:
        return any(fits(option, value) for option in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kind = schema["type"]
    if kind == "object":
        names = set(schema["properties"])
        return (
            isinstance(value, dict)
            and set(value) == names
            and all(fits(schema["properties"][name], value[name]) for name in names)
        )
    if kind == "array":
        return (
            isinstance(value, list)
            and len(value) >= schema["minItems"]
            and all(fits(schema["items"], item) for item in value)
        )
    if kind == "string":
        return isinstance(value, str) and schema["minLength"] <= len(value) <= schema["maxLength"]
    if kind == "integer":
        return type(value) is int and schema["minimum"] <= value <= schema["maximum"]
    if kind == "number":
        return type(value) in (int, float) and value > schema["exclusiveMinimum"]
    return value is (True if kind == "boolean" else None)
