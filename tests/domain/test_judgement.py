"""Calls held to the parameter table of their model."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from glimway.data import load_models, load_parameters
from glimway.domain.endpoint import capped
from glimway.domain.judgement import MODELS_KEPT_MAX, Judge
from glimway.domain.model import Model
from glimway.domain.parameters import tables
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode
from glimway.wire.quirks import Quirks, Range
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

TABLES = load_parameters()
MODELS = {entry.model.id: entry.model for entry in load_models()}
FLASH = MODELS["zai/glm-4.7-flash"]


def call(**members: Any) -> Call:
    return decode({"model": "m", "messages": [{"role": "user", "content": "x"}], **members})


def refused(model: Model, param: str, **members: Any) -> str:
    with pytest.raises(Refusal) as caught:
        Judge(TABLES).judge(call(**members), model)
    assert (caught.value.kind, caught.value.param) == ("invalid", param)
    assert param in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"temperature": 0.0},
        {"temperature": 1.0},
        {"temperature": 2},
        {"top_p": 0.0},
        {"top_p": 1.0},
        {"max_tokens": 1},
        {"max_tokens": 131072},
        {"n": 128},
        {"seed": -1},
        {"stop": ["a"] * 16},
        {"frequency_penalty": -2.0},
        {"later_invention": "x"},
    ],
)
def test_borders_are_inside(members: dict[str, Any]) -> None:
    Judge(TABLES).judge(call(**members), FLASH)


@pytest.mark.parametrize(
    ("members", "param", "words"),
    [
        ({"temperature": 2.01}, "temperature", "from 0 to 2"),
        ({"temperature": -0.01}, "temperature", "from 0 to 2"),
    ],
)
def test_beyond_the_borders(members: dict[str, Any], param: str, words: str) -> None:
    assert words in refused(FLASH, param, **members)


def test_a_models_own_words_count() -> None:
    effort = {"reasoning_effort": "none"}
    Judge(TABLES).judge(call(**effort), MODELS["zai/glm-5.2"])
    assert '"minimal"' in refused(MODELS["zai/glm-5.3"], "reasoning_effort", **effort)


def test_lists_are_held_to_their_length() -> None:
    row = {"type": "array", "items_max": 1, "meaning": "A few of them."}
    rows = [{"name": name, **row} for name in ("messages", "tools", "stop")]
    judge = Judge(tables({"few": {"parameters": rows}}, "test"))
    model = Model(id="lab/m", parameters="few")
    function = {"type": "function", "function": {"name": "f"}}
    judge.judge(call(tools=[function], stop=["a"]), model)
    said = {"role": "user", "content": "x"}
    for name, value in (("messages", said), ("tools", function), ("stop", "a")):
        with pytest.raises(Refusal, match="at most 1") as caught:
            judge.judge(call(**{name: [value] * 2}), model)
        assert caught.value.param == name


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_cap_above_the_models_is_lowered_where_it_is_sent(name: str) -> None:
    asked = call(**{name: 10_000_000})
    Judge(TABLES).judge(asked, FLASH)
    outgoing = encode(asked, capped(Quirks(), FLASH.max_output), "m")
    assert json.loads(outgoing.body)[name] == 131072
    assert outgoing.adjusted == (f"{name} lowered to 131072",)


def test_a_hosts_own_cap_counts_where_it_is_narrower() -> None:
    narrow = Quirks(ranges={"max_tokens": Range(low=16, high=100)})
    assert capped(narrow, 500) is narrow
    assert capped(narrow, 50).ranges["max_tokens"] == Range(low=16, high=50)
    assert capped(narrow, None) is narrow


def test_nothing_is_judged_without_a_table() -> None:
    judge = Judge(TABLES)
    judge.judge(call(temperature=99), None)
    judge.judge(call(temperature=99), Model(id="lab/m"))


def test_a_model_that_changed_is_read_again() -> None:
    judge = Judge(TABLES)
    lenient = msgspec.structs.replace(FLASH, parameters="")
    with pytest.raises(Refusal):
        judge.judge(call(temperature=3), FLASH)
    judge.judge(call(temperature=3), lenient)
    for at in range(MODELS_KEPT_MAX + 1):
        judge.judge(call(), msgspec.structs.replace(FLASH, id=f"lab/m{at}"))
    with pytest.raises(Refusal):
        judge.judge(call(temperature=3), FLASH)
