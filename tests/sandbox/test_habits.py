from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.answers import folded, frames, message, whole

MODEL = "glm-4.7-flash"


def test_thinking_in_the_wrong_place() -> None:
    clean = message(MODEL)
    tags = message(MODEL + ":think-tags")
    assert "reasoning_content" not in tags
    assert tags["content"] == f"<think>{clean['reasoning_content']}</think>{clean['content']}"
    opened = message(MODEL + ":think-open")["content"]
    assert opened == f"{clean['reasoning_content']}</think>{clean['content']}"


def test_thinking_only_costs_nothing_and_says_nothing() -> None:
    answer = whole(MODEL + ":think-only")
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert not answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["message"]["reasoning_content"]
    assert answer["usage"]["completion_tokens"] == 0
    assert folded(frames(MODEL + ":think-only"))["text"] == ""


@pytest.mark.parametrize("limit", [None, 500])
def test_thinking_without_end_is_cut_somewhere(limit: int | None) -> None:
    answer = whole(MODEL + ":think-loop", max_tokens=limit)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["choices"][0]["message"]["content"] == ""
    expected = limit or 20_000
    assert expected - 10 <= answer["usage"]["completion_tokens"] <= expected


@pytest.mark.parametrize("reason", ["sensitive", "network_error"])
def test_odd_finish_reasons(reason: str) -> None:
    answer = whole(f"{MODEL}:{reason}")["choices"][0]
    assert answer["finish_reason"] == reason
    assert message(MODEL)["content"].startswith(answer["message"]["content"])
    assert folded(frames(f"{MODEL}:{reason}"))["finish"] == reason


def test_tokens_that_leak() -> None:
    assert "<|begin_of_box|>" in message(MODEL + ":box-tokens")["content"]
    assert message(MODEL + ":role-token")["content"].endswith("<|user|>")
    assert set(message(MODEL + ":garbled")["content"]) == {"!"}


def test_a_refusal() -> None:
    said = message(MODEL + ":refusal")
    assert said["refusal"].startswith("I cannot help")
    streamed = "".join(
        choice["delta"].get("refusal") or ""
        for frame in frames(MODEL + ":refusal")
        for choice in frame["choices"]
    )
    assert streamed == said["refusal"]


def test_json_that_is_not_what_was_asked() -> None:
    form: Any = {"response_format": {"type": "json_object"}}
    fenced = message(MODEL + ":json-fenced", **form)["content"]
    assert json.loads(fenced.removeprefix("```json\n").removesuffix("\n```"))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(message(MODEL + ":json-broken", **form)["content"])
    assert json.loads(message(MODEL + ":json-wrong", **form)["content"]) == []


def test_an_echo_and_a_long_answer() -> None:
    text = 'Any text: "quotes", \\ and \u0000, 你好 🚀\r\n'
    assert message(MODEL + ":echo", text)["content"] == text
    assert folded(frames(MODEL + ":echo", text))["text"] == text
    said = whole(MODEL + ":tokens-3000", enable_thinking=False)
    assert 2_980 < said["usage"]["completion_tokens"] <= 3_000


def test_every_frame_carries_the_marker() -> None:
    for family in ("zai", "acedata", "openrouter"):
        said = frames(MODEL + ":mark-A7", family=family)
        for choice in (choice for frame in said for choice in frame["choices"]):
            delta = choice["delta"]
            words = delta.get("content") or delta.get("reasoning") or delta.get("reasoning_content")
            assert not words or words.endswith("[A7]")
