"""Calls held to the parameter table of their model."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from glimway.data import load_models, load_parameters
from glimway.domain.judgement import MODELS_KEPT_MAX, Judge, judge_parameters
from glimway.domain.model import Model
from glimway.domain.parameters import table_of
from glimway.wire.chat.request import decode
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
        ({"max_tokens": 131073}, "max_tokens", "131072"),
        ({"max_completion_tokens": 131073}, "max_completion_tokens", "131072"),
        ({"tools": [{"function": {"name": "f"}}] * 129}, "tools", "at most 128"),
    ],
)
def test_beyond_the_borders(members: dict[str, Any], param: str, words: str) -> None:
    assert words in refused(FLASH, param, **members)


def test_a_models_own_words_count() -> None:
    effort = {"reasoning_effort": "none"}
    Judge(TABLES).judge(call(**effort), MODELS["zai/glm-5.2"])
    assert '"minimal"' in refused(MODELS["zai/glm-5.3"], "reasoning_effort", **effort)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_table_agrees_with_the_judge(model: Model) -> None:
    table = table_of(TABLES, model)
    if table is None or model.max_output is None:
        return
    at_most, beyond = call(max_tokens=model.max_output), call(max_tokens=model.max_output + 1)
    judge_parameters(at_most, table)
    with pytest.raises(Refusal, match=str(model.max_output)):
        judge_parameters(beyond, table)


def test_nothing_is_judged_without_a_table() -> None:
    judge = Judge(TABLES)
    judge.judge(call(temperature=99), None)
    judge.judge(call(temperature=99), Model(id="lab/m"))


def test_a_model_that_changed_is_read_again() -> None:
    judge = Judge(TABLES)
    wide = msgspec.structs.replace(FLASH, max_output=500_000)
    with pytest.raises(Refusal):
        judge.judge(call(max_tokens=400_000), FLASH)
    judge.judge(call(max_tokens=400_000), wide)
    for at in range(MODELS_KEPT_MAX + 1):
        judge.judge(call(), msgspec.structs.replace(FLASH, id=f"lab/m{at}"))
    with pytest.raises(Refusal):
        judge.judge(call(max_tokens=400_000), FLASH)
