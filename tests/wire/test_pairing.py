"""Every call has an id of its own, and its result is found under it."""

from __future__ import annotations

import pytest

from glimway.wire.pairing import paired
from glimway.wire.talk import CallPart, ResultPart, TextPart, Turn

Given = list[str | None]


def talk(calls: Given, results: Given) -> list[Turn]:
    asked = Turn("assistant", [TextPart("x"), *(CallPart(one, "f", "{}") for one in calls)])
    answered = [Turn("tool", [ResultPart(one, [TextPart("y")])]) for one in results]
    return [Turn("user", [TextPart("x")]), asked, *answered]


def ids(turns: list[Turn]) -> tuple[list[str | None], list[str | None]]:
    parts = [part for turn in turns for part in turn.parts]
    return (
        [part.id for part in parts if isinstance(part, CallPart)],
        [part.id for part in parts if isinstance(part, ResultPart)],
    )


@pytest.mark.parametrize(
    ("calls", "results", "written_calls", "written_results"),
    [
        ([None, None], [None, None], ["call_0", "call_1"], ["call_0", "call_1"]),
        (["", "a"], ["a", ""], ["call_0", "a"], ["a", "call_0"]),
        (["a", "a", "a"], ["a", "a", "a"], ["a", "a_2", "a_3"], ["a", "a_2", "a_3"]),
        (["a", "a_2", "a"], ["a", "a_2", "a"], ["a", "a_2", "a_3"], ["a", "a_2", "a_3"]),
        (["call_0", None], [None, None], ["call_0", "call_1"], ["call_0", "call_1"]),
        ([], [None], [], ["call_0"]),
        (["a"], ["b", None], ["a"], ["b", "a"]),
    ],
)
def test_ids(calls: Given, results: Given, written_calls: Given, written_results: Given) -> None:
    turns = talk(calls, results)
    assert ids(paired(turns)) == (written_calls, written_results)
    assert ids(turns) == (calls, results)  # the given ones are not changed


def test_what_is_in_order_is_given_back() -> None:
    turns = talk(["a", "b"], ["b", "a"])
    assert paired(turns) is turns
