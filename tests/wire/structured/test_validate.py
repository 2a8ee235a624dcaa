"""A value is held to a schema, keyword by keyword, and in bounded steps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glimway.sandbox.schema import instance
from glimway.sandbox.words import Words
from glimway.wire.refusal import Refusal
from glimway.wire.structured.schema import SCHEMA_DEPTH_MAX, Schema, wants_object
from glimway.wire.structured.validate import Check, TooCostly


def problems(schema: Any, value: Any) -> list[str]:
    check = Check(Schema(schema, "response_format"))
    assert check.holds(value) == (not check.problems)
    return check.problems


TREE = {
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    "$ref": "#/$defs/node",
}
BRANCHES = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "required": ["a"],
            "additionalProperties": False,
        },
        {"type": "null"},
    ]
}


@pytest.mark.parametrize(
    ("schema", "fits", "fails"),
    [
        ({"type": "integer"}, [1, 1.0, -3], [1.5, True, "1", None]),
        ({"type": "number"}, [1, 1.5], [True, "1"]),
        ({"type": ["string", "null"]}, ["", None], [1]),
        ({"const": 1}, [1, 1.0], [True, 2]),
        ({"enum": ["a", 1, None, {"b": [1]}]}, ["a", 1, None, {"b": [1]}], [True, {"b": [True]}]),
        ({"required": ["a"]}, [{"a": 1}, 3], [{}]),
        ({"additionalProperties": {"type": "string"}}, [{"a": "b"}, {}], [{"a": 1}]),
        (
            {"properties": {"a": {}}, "patternProperties": {"^x": {"type": "integer"}}}
            | {"additionalProperties": False},
            [{"a": "?", "x1": 2}],
            [{"x1": "no"}, {"b": 1}],
        ),
        ({"propertyNames": {"maxLength": 2}}, [{"ab": 1}], [{"abc": 1}]),
        ({"minProperties": 1, "maxProperties": 2}, [{"a": 1}], [{}, {"a": 1, "b": 1, "c": 1}]),
        ({"items": {"type": "integer"}}, [[], [1, 2]], [[1, "2"]]),
        (
            {"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
            [["a", 1], ["a"], []],
            [["a", 1, 2], [1]],
        ),
        ({"items": [{"type": "string"}], "additionalItems": False}, [["a"]], [["a", 1], [1]]),
        ({"minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
        ({"uniqueItems": True}, [[1, 2, True], [[1], [2]]], [[1, 1], [{"a": 1}, {"a": 1}]]),
        ({"contains": {"const": 1}, "maxContains": 2}, [[1], [0, 1, 1]], [[], [0], [1, 1, 1]]),
        ({"minLength": 1, "maxLength": 2}, ["a", "äö"], ["", "abc"]),
        ({"pattern": "^a+$"}, ["aa", 3], ["ab"]),
        ({"minimum": 1, "exclusiveMaximum": 3}, [1, 2.9], [0.9, 3]),
        ({"exclusiveMinimum": 1, "maximum": 3}, [1.1, 3], [1, 3.1]),
        ({"multipleOf": 0.01}, [0.07, 19.99, 3], [0.005]),
        ({"multipleOf": 3}, [9, 0, -3], [10]),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, [1], [3, 0]),
        ({"oneOf": [{"minimum": 1}, {"maximum": 2}]}, [3, 0], [1.5]),
        ({"not": {"type": "null"}}, [1], [None]),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
            [{"a": 1, "b": 1}, {"c": 1}],
            [{"a": 1}, {}],
        ),
        (BRANCHES, [None, {"a": 1}], [{}, {"a": "x"}, 1]),
        (TREE, [{"next": {"next": {}}}], [{"next": {"next": 1}}]),
        (True, [1, None], []),
        ({}, [1, None], []),
        (False, [], [1]),
        ({"format": "email", "x-mine": 1}, ["no mail"], []),
    ],
)
def test_a_keyword(schema: Any, fits: list[Any], fails: list[Any]) -> None:
    for value in fits:
        assert not problems(schema, value), value
    for value in fails:
        assert problems(schema, value), value


def test_what_is_wrong_is_said_where_it_is() -> None:
    schema = {"type": "object", "properties": {"days": {"items": BRANCHES}}}
    assert problems(schema, {"days": [{"a": "x"}, 7]}) == [
        'days[0].a is "x"; it must be of type integer',
        "days[1] is 7, which fits none of the alternatives",
    ]
    assert problems({"type": "array"}, {"a": 1}) == [
        "the answer is an object; it must be of type array"
    ]


def test_few_problems_are_told() -> None:
    assert len(problems({"items": {"type": "string"}}, list(range(100)))) == 8


@pytest.mark.parametrize(
    "schema",
    [
        5,
        {"type": "text"},
        {"type": []},
        {"type": [1]},
        {"properties": []},
        {"properties": {"a": 1}},
        {"anyOf": {}},
        {"required": "a"},
        {"minLength": -1},
        {"multipleOf": 0},
        {"$ref": "#/nowhere"},
        {"$ref": "#anchor"},
        {"x": {"y": {"type": "text"}}, "$ref": "#/x/y"},
        {"x": [1], "$ref": "#/x/0"},
    ],
)
def test_what_is_no_schema_is_refused(schema: Any) -> None:
    with pytest.raises(Refusal) as caught:
        Schema(schema, "response_format")
    assert caught.value.kind == "invalid"


def test_schemas_are_bounded() -> None:
    deep: Any = {}
    for _ in range(SCHEMA_DEPTH_MAX + 2):
        deep = {"items": deep}
    wide: Any = {"properties": {str(at): {} for at in range(6_000)}}
    for schema in (deep, wide):
        with pytest.raises(Refusal) as caught:
            Schema(schema, "response_format")
        assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"$ref": "#"}, 1),
        ({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, 1),
        ({"items": {"not": {"anyOf": [{"minimum": n} for n in range(1, 900)]}}}, [0] * 1_000),
        ({"items": {"pattern": "^(a|b)*c$"}}, ["ab" * 5_000] * 50),
        ({"uniqueItems": True}, [["x" * 1000] * 100] * 100),
    ],
)
def test_a_check_ends(schema: Any, value: Any) -> None:
    with pytest.raises(TooCostly):
        problems(schema, value)


SCALARS = st.one_of(
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean")]),
    st.just({"type": "string", "minLength": 3, "maxLength": 9}),
    st.just({"type": "integer", "minimum": 3, "maximum": 7}),
    st.just({"enum": ["one", "two"]}),
    st.just({"type": ["string", "null"]}),
)


def _composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "c"])
    return st.one_of(
        st.dictionaries(names, inner, max_size=3).map(
            lambda made: {
                "type": "object",
                "properties": made,
                "required": list(made),
                "additionalProperties": False,
            }
        ),
        inner.map(lambda made: {"type": "array", "items": made, "minItems": 1, "maxItems": 3}),
        inner.map(lambda made: {"anyOf": [made, {"type": "null"}]}),
        inner.map(lambda made: {"$defs": {"x": made}, "allOf": [made]}),
    )


@settings(max_examples=60)
@given(st.recursive(SCALARS, _composed, max_leaves=8))
def test_what_is_made_for_a_schema_fits_it(schema: Any) -> None:
    assert not problems(schema, instance(schema, Words("three words about Lisbon 5")))


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": "object"}, True),
        ({"properties": {}}, True),
        ({"$defs": {"a": {"type": "object"}}, "$ref": "#/$defs/a"}, True),
        ({"anyOf": [{"type": "object"}, {"properties": {}}]}, True),
        ({"anyOf": [{"type": "object"}, {"type": "array"}]}, False),
        ({"allOf": [{"minProperties": 1}, {"type": "object"}]}, True),
        ({"type": "array"}, False),
        ({"type": ["object", "null"]}, False),
        ({"$ref": "#"}, False),
        ({}, False),
        (True, False),
    ],
)
def test_whether_an_object_is_asked_for(schema: Any, wanted: bool) -> None:
    assert wants_object(schema, Schema(schema, "x")) is wanted
