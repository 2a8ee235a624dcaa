"""Which requests are twins."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from glimway.domain.coalesce import Rule, twin_key
from glimway.wire.talk import Call, TextPart, Tool, Turn

EXACT, NEAR = Rule(), Rule(alike="near")


def call(text: str = "What is 2+2?", **more: Any) -> Call:
    made = Call(model="m", turns=[Turn("user", [TextPart(text)])], dialect="chat", temperature=0)
    return msgspec.structs.replace(made, **more)


def key(asked: Call, rule: Rule = EXACT, project: str = "p", model: str = "zai/m") -> bytes | None:
    return twin_key(asked, project, model, rule)


@pytest.mark.parametrize(
    "same",
    [
        {"stream": True},
        {"usage_asked": True},
        {"user": "someone"},
        {"model": "another-name"},
        {"extra": {"metadata": {"a": "b"}}},
        {"dialect": "messages"},
        {"temperature": 0.0},
        {"turns": [Turn("user", [TextPart("What is 2+2?")], "parts")]},
        {"spelled": {"max_tokens": "max_completion_tokens"}},
    ],
)
def test_what_concerns_the_way_back_makes_no_difference(same: dict[str, Any]) -> None:
    assert key(call(**same)) == key(call())


@pytest.mark.parametrize(
    "other",
    [
        {"max_tokens": 5},
        {"temperature": None, "seed": 5},
        {"stop": ["a"]},
        {"extra": {"top_k": 3}},
        {"preferences": {"zdr": True}},
        {"temperature": None, "extra": {"do_sample": False}},
        {"turns": [Turn("user", [TextPart("What is 2+2?", {"cache_control": {}})])]},
        {"turns": [Turn("system", [TextPart("What is 2+2?")])]},
        {"tools": [Tool("function", "f")]},
    ],
)
def test_what_changes_an_answer_makes_another_key(other: dict[str, Any]) -> None:
    assert key(call(**other)) not in (key(call()), None)


def test_projects_and_models_share_nothing() -> None:
    assert len({key(call()), key(call(), project="q"), key(call(), model="zai/n")}) == 3


@pytest.mark.parametrize(
    "alone",
    [
        {"temperature": 0.7},
        {"temperature": None},
        {"n": 2},
        {"tools": [Tool("web_search")]},
        {"extra": {"web_search_options": {}}},
    ],
)
def test_requests_that_want_variety_have_no_twins(alone: dict[str, Any]) -> None:
    assert key(call(**alone)) is None


def test_a_project_may_call_any_sampling_the_same() -> None:
    rule = Rule(any_sampling=True)
    assert key(call(temperature=0.7), rule) is not None
    assert key(call(temperature=0.7), rule) != key(call(temperature=0.8), rule)


@pytest.mark.parametrize("text", ["what  is\n2+2", "WHAT IS 2+2?!", " What is 2+2 ? "])
def test_near_twins_differ_in_space_case_and_endings(text: str) -> None:
    assert key(call(text), NEAR) == key(call(), NEAR)
    assert key(call(text)) != key(call())


def test_order_of_members_is_no_difference() -> None:
    one = call(extra={"top_k": 1, "min_p": 0.1})
    other = call(extra={"min_p": 0.1, "top_k": 1})
    assert key(one) == key(other)


def test_what_only_one_dialect_understands_keeps_dialects_apart() -> None:
    own: dict[str, Any] = {"extra": {"top_k": 1}}
    assert key(call(**own)) != key(call(**own, dialect="messages"))


def test_pieces_that_do_not_add_up_keep_streams_apart() -> None:
    own: dict[str, Any] = {"extra": {"logprobs": True}}
    assert key(call(**own)) != key(call(**own, stream=True))
