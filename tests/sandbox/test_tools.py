from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.answers import STOCKS, WEATHER, frames, message, reply, whole

MODEL = "glm-4.7-flash"


def called(script: str, **body: Any) -> Any:
    return message(f"{MODEL}:{script}", tools=[WEATHER, STOCKS], **body)


def entries(script: str) -> list[Any]:
    said = [c for item in frames(f"gpt-x:{script}", tools=[WEATHER]) for c in item["choices"]]
    return [entry for choice in said for entry in choice["delta"].get("tool_calls", ())]


def test_a_script_of_tools_calls_one_also_unasked() -> None:
    assert called("tool-whole", text="Sing!")["tool_calls"][0]["function"]["name"] == "get_weather"


def test_a_script_of_tools_without_tools_is_refused() -> None:
    said = reply(MODEL + ":tool-no-id")
    assert said.status == 400
    assert "declares no tools" in json.loads(said.body)["error"]["message"]


MARKUP = (
    "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value>"
    "<arg_key>days</arg_key><arg_value>1</arg_value></tool_call>"
)


def test_markup_in_text_and_in_thinking() -> None:
    said = called("tool-markup")
    assert said["content"] == MARKUP
    assert "tool_calls" not in said
    answer = whole(MODEL + ":tool-in-thinking", tools=[WEATHER])["choices"][0]
    assert answer["finish_reason"] == "tool_calls"
    assert answer["message"]["reasoning_content"].endswith(MARKUP)
    assert "tool_calls" not in answer["message"]


def test_markup_of_a_tool_that_nobody_declared() -> None:
    assert "<tool_call>look_up<arg_key>query" in message(MODEL + ":tool-markup")["content"]


def test_a_finish_without_its_call() -> None:
    answer = whole(MODEL + ":finish-tool-no-call")["choices"][0]
    assert answer["finish_reason"] == "tool_calls"
    assert "tool_calls" not in answer["message"]


def test_names_that_are_wrong() -> None:
    name = called("tool-name-markup")["tool_calls"][0]["function"]["name"]
    assert name.startswith("get_weather<arg_key>city</arg_key>")
    assert called("tool-name-cut")["tool_calls"][0]["function"]["name"] == "get_w"
    names = [
        entry["function"]["name"]
        for entry in entries("tool-name-split")
        if "name" in entry["function"]
    ]
    assert len(names) > 2
    assert "".join(names) == "get_weather"


def test_ids_and_indexes_that_are_wrong() -> None:
    assert "id" not in called("tool-no-id")["tool_calls"][0]
    assert all("id" not in entry for entry in entries("tool-no-id"))
    assert isinstance(called("tool-numeric-id")["tool_calls"][0]["id"], int)
    assert all("index" not in entry for entry in entries("tool-no-index"))


def test_arguments_that_are_wrong() -> None:
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(called("tool-bad-args")["tool_calls"][0]["function"]["arguments"])
    assert called("tool-empty-args")["tool_calls"][0]["function"]["arguments"] == ""
    (entry,) = entries("tool-whole")
    assert json.loads(entry["function"]["arguments"])


def test_calls_with_text_without_need_and_too_many() -> None:
    said = called("tool-with-text")
    assert said["content"].endswith("and th")
    assert said["tool_calls"]
    assert "tool_calls" not in called("tool-ignored", tool_choice="required")
    many = called("tool-repeat-38")["tool_calls"]
    assert len(many) == len({entry["id"] for entry in many}) == 38
