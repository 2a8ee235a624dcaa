"""Tables of request parameters: how they build on one another, and what a value may be."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.data import load_models, load_parameters
from glimway.domain.model import Model
from glimway.domain.parameters import Parameter, Table, table_of, tables
from glimway.domain.strict import DataError
from glimway.wire.refusal import Refusal

TEXT: dict[str, Any] = {
    "low": {
        "parameters": [
            {"name": "temperature", "type": "number", "low": 0, "high": 2, "meaning": "How free."},
            {"name": "stream", "type": "boolean", "meaning": "In pieces."},
            {"name": "max_tokens", "type": "integer", "low": 1, "meaning": "Length."},
        ]
    },
    "high": {
        "extends": "low",
        "without": ["stream"],
        "changes": {"temperature": {"default": 0.6}},
        "parameters": [{"name": "seed", "type": "integer", "meaning": "The same again."}],
    },
}


def _refused(row: Parameter, value: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        row.validate(value)
    assert caught.value.kind == "invalid"
    assert caught.value.param == row.name
    return caught.value


def _row(table: Table, name: str) -> Parameter:
    row = table.get(name)
    assert row is not None
    return row


def test_a_table_builds_on_another() -> None:
    built = tables(TEXT, "x")
    assert [row.name for row in built["high"].parameters] == ["temperature", "max_tokens", "seed"]
    assert _row(built["high"], "temperature").default == 0.6
    assert _row(built["high"], "temperature").high == 2
    assert _row(built["low"], "temperature").default is None
    assert built["high"].get("stream") is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"extends": "lo"}, "no table 'lo', did you mean 'low'"),
        ({"extends": "high"}, "in a circle"),
        ({"extends": "low", "without": ["strem"]}, "no row 'strem', did you mean 'stream'"),
        ({"extends": "low", "changes": {"x": {}}}, "no row 'x'"),
        ({"extends": "low", "changes": {"stream": {"defalt": 1}}}, "did you mean 'default'"),
        ({"extend": "low"}, "did you mean 'extends'"),
    ],
)
def test_a_wrong_file_is_told(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        tables({**TEXT, "high": change}, "parameters.toml")


@pytest.mark.parametrize(
    ("row", "value", "words"),
    [
        ({"type": "number", "low": 0, "high": 1}, 1.5, ["1.5", "a number from 0 to 1"]),
        ({"type": "number"}, "0.2", ['"0.2"', "send the number 0.2, without quotes"]),
        ({"type": "number"}, "warm", ['"warm"', "a number"]),
        ({"type": "number"}, True, ["true", "a number"]),
        ({"type": "integer", "low": 1}, 0, ["0", "a whole number, 1 or more"]),
        ({"type": "integer", "high": 5}, 6, ["5 or less"]),
        ({"type": "integer"}, 1.5, ["1.5", "a whole number"]),
        ({"type": "boolean"}, "true", ["send the boolean true, without quotes"]),
        ({"type": "boolean"}, 1, ["Send the boolean true"]),
        ({"type": "string"}, 5, ["5", "a string"]),
        ({"type": "string", "chars_max": 3}, "four", ["at most 3 characters"]),
        ({"type": "enum", "values": ["low", "high"]}, "HIGH", ['Did you mean "high"']),
        ({"type": "enum", "values": ["low", "high"]}, "mid", ['one of "low", "high"']),
        ({"type": "array"}, {}, ["an array"]),
        ({"type": "array", "items_max": 2}, [1, 2, 3], ["at most 2 (it has 3)"]),
        ({"type": "object"}, [], ["an object"]),
        ({"type": "array", "also": "string", "chars_max": 1}, "ab", ["at most 1 characters"]),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_meant(
    row: dict[str, Any], value: Any, words: list[str]
) -> None:
    parameter = Parameter(name="field", meaning="", **row)
    message = _refused(parameter, value).message
    assert message.startswith("Invalid value for 'field': ")
    for word in words:
        assert word in message


def test_a_long_value_is_shown_shortened() -> None:
    row = Parameter(name="field", type="number", meaning="")
    assert len(_refused(row, "9" * 100_000).message) < 250


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ({"type": "number", "low": 0, "high": 1}, 0),
        ({"type": "number", "low": 0, "high": 1}, 1.0),
        ({"type": "integer"}, 3.0),
        ({"type": "boolean"}, False),
        ({"type": "enum", "values": ["auto"], "also": "object"}, {"type": "function"}),
        ({"type": "enum", "values": ["auto"], "also": "object"}, "auto"),
        ({"type": "array", "also": "string"}, "STOP"),
        ({"type": "array", "also": "string"}, ["STOP"]),
        ({"type": "object"}, None),
        ({"type": "string", "chars_max": 3}, "abc"),
    ],
)
def test_a_right_value_passes(row: dict[str, Any], value: Any) -> None:
    Parameter(name="field", meaning="", **row).validate(value)


def test_a_table_judges_the_members_that_it_knows() -> None:
    table = tables(TEXT, "x")["low"]
    table.validate({"temperature": 0.2, "model": 5, "unknown": object()})
    with pytest.raises(Refusal, match="'temperature': 3"):
        table.validate({"stream": True, "temperature": 3})


def test_a_model_sets_the_bounds_of_its_output() -> None:
    known = tables(TEXT, "x")
    model = Model(id="a/b", parameters="high", max_output=500, default_max_tokens=100)
    table = table_of(known, model)
    assert table is not None
    row = _row(table, "max_tokens")
    assert (row.low, row.high, row.default) == (1, 500, 100)
    assert _row(known["high"], "max_tokens").high is None
    assert table_of(known, Model(id="a/b")) is None


def test_range_texts() -> None:
    def text(**row: Any) -> str:
        return Parameter(name="x", meaning="", **row).range_text()

    assert text(type="number", low=0, high=2) == "0 to 2"
    assert text(type="number", low=0) == "0 or more"
    assert text(type="number", high=2) == "2 or less"
    assert text(type="enum", values=("low", "high")) == "low, high"
    assert text(type="array", items_max=4) == "at most 4"
    assert text(type="string", chars_max=4) == "at most 4 characters"
    assert text(type="boolean") == ""


def test_shipped_differences_between_models() -> None:
    known = load_parameters()
    models = {entry.model.id: entry.model for entry in load_models()}

    def row(model: str, name: str) -> Parameter:
        table = table_of(known, models[model])
        assert table is not None
        return _row(table, name)

    assert row("zai/glm-4.5", "temperature").default == 0.6
    assert row("zai/glm-4.7-flash", "temperature").default == 1.0
    assert row("zai/glm-4.7-flash", "max_tokens").high == 131072
    assert row("zai/glm-4.7-flash", "max_tokens").default == 65536
    assert row("zai/glm-4.5-air", "max_tokens").high == 98304
    assert "high" in row("zai/glm-5.2", "reasoning_effort").values
    assert known["glm-4.5"].get("tool_stream") is None
    assert known["glm-4.7"].get("reasoning_effort") is None


def test_every_shipped_default_keeps_its_own_row() -> None:
    for table in load_parameters().values():
        for row in table.parameters:
            assert row.meaning.endswith("."), f"{table.name}.{row.name}"
            row.validate(row.default)
