"""Tool calls that hosts get wrong: each shape by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.chat.calls import CALLS_MAX
from wire.chat.grammar import Clean, check_whole
from wire.chat.replies import (
    NOW,
    READ,
    TOOLS,
    WEATHER,
    Told,
    answer,
    call,
    calls,
    chunk,
    named,
    sse,
    text,
    told,
    told_whole,
)

END = chunk({}, "tool_calls")
PARIS = {"city": "Paris"}
ARGS = '{"city":"Paris"}'

SHAPES: dict[str, list[Any]] = {
    "as OpenAI": [
        call(0, "get_weather", "", id="a", type="function"),
        call(0, None, '{"city"'),
        call(0, None, ':"Paris"}'),
    ],
    "whole": [call(0, "get_weather", ARGS, id="a", type="function")],
    "no id": [call(0, "get_weather", ""), call(0, None, ARGS)],
    "numeric id": [call(0, "get_weather", "", id=7), call(0, None, ARGS, id=7)],
    "an id in each delta": [
        call(0, "get_weather", "", id="a"),
        call(0, None, '{"city":', id="b"),
        call(0, None, '"Paris"}', id="c"),
    ],
    "no index": [
        call(..., "get_weather", "", id="a"),
        call(..., None, '{"city":', id="a"),
        call(..., None, '"Paris"}'),
    ],
    "no index, no id": [
        call(..., "get_weather", ""),
        call(..., None, '{"city":'),
        call(..., None, '"Paris"}'),
    ],
    "an index that is text": [call("0", "get_weather", ""), call("0", None, ARGS)],
    "name in pieces": [call(0, "get_", "", id="a"), call(0, "weather"), call(0, None, ARGS)],
    "name growing": [call(0, "get", "", id="a"), call(0, "get_weather"), call(0, None, ARGS)],
    "name repeated": [
        call(0, "get_weather", "", id="a"),
        call(0, "get_weather", '{"city":'),
        call(0, "get_weather", '"Paris"}'),
        call(0, "get_weather", ""),
    ],
    "name repeated, no index, no id": [
        call(..., "get_weather", '{"city":'),
        call(..., "get_weather", '"Paris"}'),
    ],
    "name with white space": [call(0, "get_weather\n", ARGS)],
    "nulls": [
        call(0, "get_weather", "", id="a"),
        {"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": ARGS}},
    ],
    "arguments an object": [call(0, "get_weather", PARIS, id="a")],
    "arguments before the name": [
        call(0, None, '{"city":', id="a"),
        call(0, "get_weather", ""),
        call(0, None, '"Paris"}'),
    ],
    "empty deltas around": [
        {"index": 0},
        call(0, "get_weather", ARGS, id="a"),
        {"index": 0, "function": {}},
        {},
    ],
}


def twice(frames: list[Any], tools: list[Any] | None = None) -> Told:
    found = told(sse(*frames), tools=tools)
    if found.fault is None:
        Clean(found.written, n=1)
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tools", [TOOLS, None], ids=["declared", "unknown"])
def test_every_shape_of_one_call(shape: str, tools: list[Any] | None) -> None:
    """github.com/CherryHQ/cherry-studio/pull/16322 (ids), github.com/anomalyco/opencode/issues/1880
    (no id), github.com/vllm-project/vllm/issues/39757 (names), vllm issue 32829 (long arguments in
    one piece)."""
    if shape == "name with white space" and tools is None:
        return  # nothing says that the space does not belong to it
    found = twice([*(calls(delta) for delta in SHAPES[shape]), END], tools)
    assert found.fault is None
    assert named(found) == [("get_weather", PARIS)]
    together = twice([calls(*SHAPES[shape]), END], tools)
    assert named(together) == [("get_weather", PARIS)]


PAIRS: dict[str, list[Any]] = {
    "as OpenAI": [call(0, "get_weather", ARGS, id="a"), call(1, "now", "{}", id="b")],
    "always index 0, ids": [call(0, "get_weather", ARGS, id="a"), call(0, "now", "{}", id="b")],
    "always index 0, no ids": [call(0, "get_weather", ARGS), call(0, "now", "{}")],
    "no index, ids": [call(..., "get_weather", ARGS, id="a"), call(..., "now", "{}", id="b")],
    "no index, no ids": [call(..., "get_weather", ARGS), call(..., "now", "{}")],
    "one id for both": [call(0, "get_weather", ARGS, id="a"), call(1, "now", "{}", id="a")],
    "no arguments at first": [
        call(0, "get_weather", "", id="a"),
        call(0, None, ARGS),
        call(1, "now", "", id="b"),
    ],
    "an index that skips": [call(1, "get_weather", ARGS, id="a"), call(3, "now", "", id="b")],
}


@pytest.mark.parametrize("shape", PAIRS)
@pytest.mark.parametrize("tools", [TOOLS, None], ids=["declared", "unknown"])
def test_every_shape_of_two_calls(shape: str, tools: list[Any] | None) -> None:
    found = twice([*(calls(delta) for delta in PAIRS[shape]), END], tools)
    assert named(found) == [("get_weather", PARIS), ("now", {})]
    assert named(twice([calls(*PAIRS[shape]), END], tools)) == named(found)


@pytest.mark.parametrize("index", [0, ...])
def test_the_same_tool_twice_without_ids(index: Any) -> None:
    one, two = '{"city":"Paris"}', '{"city":"Rome"}'
    whole = twice([calls(call(index, "get_weather", a)) for a in (one, two)] + [END])
    parts = twice(
        [
            frame
            for args in (one, two)
            for frame in (
                calls(call(index, "get_weather", "")),
                calls(call(index, None, args[:8])),
                calls(call(index, None, args[8:])),
            )
        ]
        + [END]
    )
    for found in (whole, parts):
        assert named(found) == [("get_weather", PARIS), ("get_weather", {"city": "Rome"})]


def test_calls_that_are_equal_stay_as_many_as_they_are() -> None:
    """DeepInfra's 38 equal calls under tool_choice ``required`` (docs.rs harn-vm): which of them
    is too many only the client knows; each has its id and index."""
    deltas = [call(at, "get_weather", ARGS, id=f"c{at}") for at in range(38)]
    assert len(twice([calls(*deltas), END]).calls) == 38


def test_a_call_without_arguments_waits_for_its_place() -> None:
    """A zero-argument call in front of another opens first, with the lower index."""
    frames = [calls(call(0, "now", "", id="a")), calls(call(1, "get_weather", ARGS, id="b")), END]
    assert named(twice(frames)) == [("now", {}), ("get_weather", PARIS)]


@pytest.mark.parametrize("arguments", [None, "", "  ", "null", {}, []])
def test_no_arguments_become_an_empty_object(arguments: Any) -> None:
    """github.com/vllm-project/vllm/issues/32436 (empty text), 44326 (zero-argument calls)."""
    found = twice([calls(call(0, "now", arguments, id="a")), END])
    if arguments != []:
        assert named(found) == [("now", {})]
    message = {"content": None, "tool_calls": [call(0, "now", arguments, id="a")]}
    whole = told_whole(answer(message, "tool_calls"))
    check_whole(whole.written)


def test_arguments_are_streamed_as_they_come() -> None:
    found = told(sse(*(calls(delta) for delta in SHAPES["as OpenAI"]), END))
    assert found.written.count(b'"arguments"') == 2


def test_arguments_that_are_not_json_at_the_end_are_a_fault() -> None:
    """github.com/zai-org/GLM-4.5/issues/146; github.com/charmbracelet/crush/issues/1237."""
    frames = [calls(call(0, "get_weather", '{"city":"Par', id="a"))]
    found = twice([*frames, END])
    assert found.fault is not None
    assert Clean(found.written).failed
    assert twice([*frames, chunk({}, "stop")]).fault is not None
    message = {"content": "", "tool_calls": [call(0, "get_weather", '{"city":"Par')]}
    assert told_whole(answer(message, "tool_calls")).fault is not None


@pytest.mark.parametrize("reason", ["length", "model_context_window_exceeded"])
def test_arguments_cut_by_the_length_stay_cut(reason: str) -> None:
    found = twice([calls(call(0, "get_weather", '{"city":"Par', id="a")), chunk({}, reason)])
    assert found.fault is None
    assert found.calls == [("a", "get_weather", '{"city":"Par')]
    assert Clean(found.written).finish == {0: "length"}


def test_escaped_half_surrogates_in_arguments_are_json() -> None:
    assert twice([calls(call(0, "f", '{"a":"\\ud83d"}', id="a")), END]).fault is None


def test_finish_tool_calls_without_a_call_is_stop() -> None:
    """github.com/vllm-project/vllm/issues/44326, 42400: finish ``tool_calls``, no call."""
    assert twice([text("A"), END]).finish == "stop"
    assert twice([calls(), END]).finish == "stop"
    whole = told_whole(answer({"content": "A", "tool_calls": []}, "tool_calls"))
    assert check_whole(whole.written)["choices"][0]["finish_reason"] == "stop"


def test_calls_with_finish_stop_are_tool_calls() -> None:
    assert twice([calls(SHAPES["whole"][0]), chunk({}, "stop")]).finish == "tool_calls"
    whole = told_whole(answer({"content": "", "tool_calls": SHAPES["whole"]}, "stop"))
    assert check_whole(whole.written)["choices"][0]["finish_reason"] == "tool_calls"


def test_text_and_calls_both_arrive() -> None:
    """github.com/sgl-project/sglang/issues/34214: both in one answer, both in one delta."""
    both = {"content": "Let me see.", "tool_calls": SHAPES["whole"]}
    found = twice([chunk(both), END])
    assert (found.text, found.order, len(found.calls)) == ("Let me see.", "TC", 1)
    whole = told_whole(answer(both, "tool_calls"))
    assert (whole.text, named(whole)) == ("Let me see.", [("get_weather", PARIS)])


def test_text_behind_a_call_stays_behind_it() -> None:
    found = twice([calls(SHAPES["whole"][0]), text("Done."), END])
    assert found.order == "CT"


@pytest.mark.parametrize("content", [None, ""])
def test_null_or_empty_content_beside_calls(content: Any) -> None:
    whole = told_whole(answer({"content": content, "tool_calls": SHAPES["whole"]}, "tool_calls"))
    assert check_whole(whole.written)["choices"][0]["message"]["content"] is None


@pytest.mark.parametrize("size", [3, 1000])
def test_markup_in_the_name_of_a_call(size: int) -> None:
    """github.com/zai-org/GLM-5/issues/84: ``read<arg_key>filePath</arg_key>...`` as the name."""
    name = "read<arg_key>filePath</arg_key><arg_value>/home/a b.txt</arg_value>"
    pieces = [name[at : at + size] for at in range(0, len(name), size)]
    for end in ([], [call(0, None, "{}")], [call(0, None, "")]):
        frames = [*(calls(call(0, p, id="a")) for p in pieces), *(calls(e) for e in end), END]
        assert named(twice(frames, [READ])) == [("read", {"filePath": "/home/a b.txt"})]
    for form in (name, name + "</tool_call>", name.replace("><", ">\n<")):
        message = {"content": "", "tool_calls": [{"function": {"name": form, "arguments": ""}}]}
        whole = told_whole(answer(message, "tool_calls"), tools=[READ])
        assert named(whole) == [("read", {"filePath": "/home/a b.txt"})]


def test_markup_in_the_name_of_an_unknown_tool_is_left_alone() -> None:
    name = "write<arg_key>a</arg_key><arg_value>b</arg_value>"
    assert twice([calls(call(0, name, "{}", id="a")), END], [READ]).calls == [("a", name, "{}")]


def test_a_name_that_no_tool_has_is_passed_on() -> None:
    """A cut name is not completed by a guess: the client knows what it declared, and says so to
    the model (github.com/vllm-project/vllm/issues/39757)."""
    found = twice([calls(call(0, "get_w", ARGS, id="a")), END], [WEATHER, NOW])
    assert found.calls == [("a", "get_w", ARGS)]


def test_a_call_without_any_name_is_a_fault() -> None:
    assert twice([calls(call(0, None, "{}", id="a")), END]).fault is not None
    assert twice([calls(call(0, None, "{", id="a")), chunk({}, "length")]).fault is None


def test_more_calls_than_any_answer_has_are_a_fault() -> None:
    deltas = [call(at, "f", "{}", id=f"c{at}") for at in range(CALLS_MAX + 1)]
    assert told(sse(calls(*deltas), END)).fault is not None


def test_ids_are_made_where_none_came_and_stay_the_same() -> None:
    found = twice([calls(call(0, "a", "{}")), calls(call(1, "b", "{}")), END])
    assert [one[0] for one in found.calls] == ["call_stem_0_0", "call_stem_0_1"]


def test_a_custom_tools_input_is_free_text() -> None:
    delta = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "not {json"}}
    whole = told_whole(answer({"content": None, "tool_calls": [delta]}, "tool_calls"))
    message = json.loads(whole.written)["choices"][0]["message"]
    assert message["tool_calls"][0]["custom"] == {"name": "f", "input": "not {json"}


def test_a_name_whose_rest_comes_behind_the_arguments() -> None:
    frames = [calls(call(0, "get_", ARGS, id="a")), calls(call(0, "weather")), END]
    assert named(twice(frames, TOOLS)) == [("get_weather", PARIS)]
