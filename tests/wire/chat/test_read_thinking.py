"""Thinking, wherever a host puts it."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.chat.healing.think import SPACE_CHARS_MAX
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Thinking
from wire.chat.grammar import Clean, check_whole
from wire.chat.replies import (
    USAGE,
    answer,
    asking,
    chunk,
    sse,
    text,
    thought,
    told,
    told_whole,
)

END = chunk({}, "stop")
TAGS = Quirks(reasoning_out=("reasoning_content", "think_tags"))
OPEN = Quirks(reasoning_out=("think_open",))

FORMS: dict[str, list[Any]] = {
    "reasoning_content": [{"reasoning_content": "Hm"}, {"content": "A"}],
    "reasoning": [{"reasoning": "Hm"}, {"content": "A"}],
    "both names": [{"reasoning": "Hm", "reasoning_content": "Hm"}, {"content": "A"}],
    "reasoning_details": [
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]},
        {"content": "A"},
    ],
    "reasoning and reasoning_details": [
        {"content": "", "reasoning": "Hm", "reasoning_details": [{"text": "Hm"}]},
        {"content": "A", "reasoning": "", "reasoning_details": []},
    ],
    "nulls beside": [
        {"reasoning_content": "Hm", "content": None, "tool_calls": None},
        {"reasoning_content": None, "content": "A", "role": None},
    ],
    "typed parts": [
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]},
        {"content": [{"type": "text", "text": "A"}]},
    ],
    "typed parts, thinking as text": [
        {"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "A"}]},
    ],
    "typed parts and plain text": [
        {"content": [{"type": "thinking", "thinking": "Hm"}], "reasoning": "Hm"},
        {"content": "A"},
    ],
    "in one delta": [{"reasoning_content": "Hm", "content": "A"}],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("order", [("reasoning_content", "reasoning"), ("typed_parts",)])
def test_each_form_of_thinking_comes_once_and_under_one_name(
    form: str, order: tuple[Any, ...]
) -> None:
    """github.com/mistralai/mistral-vibe/issues/1119 (typed parts); docs.vllm.ai (``reasoning``)."""
    quirks = Quirks(reasoning_out=order)
    found = told(sse(*(chunk(delta) for delta in FORMS[form]), END), quirks)
    assert (found.thought, found.text, found.order) == ("Hm", "A", "HT")
    Clean(found.written, n=1)
    message: dict[str, Any] = {}
    for delta in FORMS[form]:
        for key, value in delta.items():
            both = isinstance(message.get(key), type(value)) and isinstance(value, str | list)
            message[key] = message[key] + value if both else value or message.get(key)
    whole = told_whole(answer(message), quirks)
    assert whole.thought + whole.text == "HmA"


def test_details_that_are_sealed_travel_and_say_nothing() -> None:
    sealed = [{"type": "reasoning.encrypted", "data": "x", "index": 0}]
    found = told(sse(chunk({"reasoning_details": sealed}), text("A"), END))
    assert (found.thought, found.text) == ("", "A")
    assert ("delta", {"reasoning_details": sealed}) in found.opaque


def test_unknown_parts_of_a_content_array_travel() -> None:
    parts = [{"type": "text", "text": "A"}, {"type": "reference", "reference_ids": [1]}]
    found = told(sse(chunk({"content": parts}), END))
    assert found.text == "A"
    assert ("delta", {"content_parts": parts[1:]}) in found.opaque


def pieces(said: str, size: int) -> list[Any]:
    return [text(said[at : at + size]) for at in range(0, len(said), size)]


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize(
    ("said", "thinking", "rest"),
    [
        ("<think>Hm</think>A", "Hm", "A"),
        ("\n<think>\nHm\n</think>\n\nA b", "\nHm\n", "A b"),
        ("<think></think>A", "", "A"),
        ("<think>a < b, </thin</think>A", "a < b, </thin", "A"),
        ("<think>Hm</think><think>Hm2</think>A", "HmHm2", "A"),
        ("<think>Hm</think>Use <think> and </think>", "Hm", "Use <think> and </think>"),
        ("Use <think>, then </think>", "", "Use <think>, then </think>"),
        (" <thin", "", " <thin"),
        ("<think>Hm", "Hm", ""),
        ("<think>Hm</thi", "Hm</thi", ""),
        ("  A", "", "  A"),
    ],
)
def test_think_tags_split_anywhere(said: str, thinking: str, rest: str, size: int) -> None:
    """docs.z.ai (vision models), hosts without a reasoning parser (vllm issue 36833)."""
    found = told(sse(*pieces(said, size), END), TAGS)
    assert (found.thought, found.text) == (thinking, rest)
    whole = told_whole(answer({"content": said}), TAGS)
    assert (whole.thought, whole.text) == (thinking, rest)


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize(
    ("said", "thinking", "rest"),
    [
        ("Hm</think>A", "Hm", "A"),
        ("\nHm\n</think>\nA", "\nHm\n", "A"),
        ("<think>Hm</think>A", "Hm", "A"),
        ("</think>A", "", "A"),
        ("Hm, a<b </think>A </think>", "Hm, a<b ", "A </think>"),
    ],
)
def test_only_a_closing_think_tag(said: str, thinking: str, rest: str, size: int) -> None:
    """GLM-4.7's prompt ends in ``<think>``, so its text begins inside the block."""
    found = told(sse(*pieces(said, size), END), OPEN)
    assert (found.thought, found.text) == (thinking, rest)
    for quirks in (OPEN, TAGS):
        whole = told_whole(answer({"content": said}), quirks)
        assert (whole.thought, whole.text) == (thinking, rest)


def test_an_open_block_that_never_closes() -> None:
    """A stream cannot know; a whole reply keeps its answer unless it was cut by its length."""
    assert told(sse(text("Hm"), chunk({}, "length")), OPEN).thought == "Hm"
    assert told_whole(answer({"content": "Hm"}, "length"), OPEN).thought == "Hm"
    assert told_whole(answer({"content": "A"}), OPEN).text == "A"
    assert told_whole(answer({"content": "A"}, "length"), TAGS).text == "A"


def test_without_thinking_an_open_block_is_not_expected() -> None:
    off: dict[str, Any] = {"thinking": {"type": "disabled"}}
    assert asking(**off).thinking == Thinking(on=False, raw=off)
    assert told(sse(text("A"), END), OPEN, None, **off).text == "A"
    assert told_whole(answer({"content": "A"}), OPEN, None, **off).text == "A"


def test_a_host_that_parsed_the_thinking_left_no_block_in_the_text() -> None:
    for quirks in (OPEN, TAGS):
        found = told(sse(thought("Hm"), text("<think>"), text("A"), END), quirks)
        assert (found.thought, found.text) == ("Hm", "<think>A")
        whole = told_whole(answer({"reasoning_content": "Hm", "content": "<think>A"}), quirks)
        assert (whole.thought, whole.text) == ("Hm", "<think>A")


def test_tags_are_text_where_the_host_is_not_known_for_them() -> None:
    said = "<think>Hm</think>A"
    assert told(sse(*pieces(said, 3), END)).text == said
    assert told_whole(answer({"content": said})).text == said


def test_white_space_that_is_held_back_is_bounded() -> None:
    space = " " * (SPACE_CHARS_MAX + 1)
    found = told(sse(text(space), text("<think>"), END), TAGS)
    assert found.text == space + "<think>"


def test_a_turn_of_thinking_alone_is_an_answer() -> None:
    """github.com/mistralai/client-python/issues/628: finish ``stop``, no text, and usage that
    counts no output. It is passed on as it is: an empty text, the thinking, the finish."""
    none = {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7}
    found = told(sse(thought("Hm"), chunk({}, "stop", usage=none)))
    assert (found.thought, found.text, found.finish) == ("Hm", "", "stop")
    assert found.usage is not None
    assert found.usage.output == 0
    assert found.usage.reasoning is None, "who counts it is told that the host did not"
    assert Clean(found.written, n=1).thought == {0: "Hm"}
    whole = told_whole(answer({"content": None, "reasoning_content": "Hm"}))
    assert check_whole(whole.written)["choices"][0]["message"]["content"] == ""


def test_thinking_that_uses_the_whole_budget() -> None:
    """github.com/cloudflare/langchain-cloudflare/issues/30: content null, finish ``length``."""
    whole = told_whole(answer({"content": None, "reasoning_content": "Hm"}, "length"))
    assert (whole.thought, whole.text, whole.finish) == ("Hm", "", "length")
    check_whole(whole.written)


def test_a_finish_with_usage_and_no_text_is_an_answer() -> None:
    found = told(sse(chunk({"role": "assistant"}), chunk({}, "stop", usage=USAGE)))
    assert found.fault is None
    Clean(found.written, n=1)


def test_a_refusal_is_passed_on() -> None:
    found = told(sse(chunk({"refusal": "I can"}), chunk({"refusal": "not."}), END))
    assert found.declined == "I cannot."
    whole = told_whole(answer({"content": None, "refusal": "No."}))
    assert check_whole(whole.written)["choices"][0]["message"]["refusal"] == "No."
