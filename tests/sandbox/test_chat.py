from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.sandbox.memory import CACHE_BLOCK_TOKENS, PREFIXES_MAX, Memory
from sandbox.answers import (
    QUESTION,
    STOCKS,
    WEATHER,
    folded,
    frames,
    message,
    post,
    raw,
    reply,
    whole,
)

MODEL = "glm-4.7-flash"


def test_the_same_request_gets_the_same_bytes() -> None:
    assert reply(MODEL).body == reply(MODEL).body
    assert raw(MODEL) == raw(MODEL)
    assert reply(MODEL).body != reply(MODEL, "Something else").body
    assert whole(MODEL, seed=1) != whole(MODEL, seed=2)


def test_a_stream_says_what_the_whole_answer_says() -> None:
    said, streamed = message(MODEL), folded(frames(MODEL))
    assert streamed["text"] == said["content"]
    assert streamed["thought"] == said["reasoning_content"]
    assert streamed["usage"] == whole(MODEL)["usage"]
    assert streamed["finish"] == "stop"


def test_the_answer_echoes_words_of_the_prompt_and_the_model_s_plain_name() -> None:
    answer = whole(MODEL + ":fast")
    assert QUESTION in answer["choices"][0]["message"]["content"]
    assert answer["model"] == MODEL


@pytest.mark.parametrize(
    "off",
    [
        {"thinking": {"type": "disabled"}},
        {"enable_thinking": False},
        {"reasoning_effort": "none"},
        {"reasoning": {"enabled": False}},
        {"reasoning": {"effort": "none"}},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_args": {"enable_thinking": False}},
    ],
)
def test_every_spelling_turns_thinking_off(off: dict[str, Any]) -> None:
    answer = whole(MODEL, **off)
    assert "reasoning_content" not in answer["choices"][0]["message"]
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0
    assert folded(frames(MODEL, **off))["thought"] == ""


def test_usage_is_counted_by_the_rule() -> None:
    answer = whole(MODEL)
    said, usage = answer["choices"][0]["message"], answer["usage"]
    thought, text = len(said["reasoning_content"].encode()), len(said["content"].encode())
    assert usage["prompt_tokens"] == 4 + -(-len(QUESTION) // 4)
    assert usage["completion_tokens_details"]["reasoning_tokens"] == -(-thought // 4)
    assert usage["completion_tokens"] == -(-thought // 4) + -(-text // 4)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("limit", [1, 10, 45, 60])
def test_a_limit_cuts_thinking_first_and_costs_what_it_says(name: str, limit: int) -> None:
    limited: Any = {name: limit}
    answer = whole(MODEL, **limited)
    said = answer["choices"][0]
    assert said["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == limit
    free = message(MODEL)
    assert free["content"].startswith(said["message"]["content"])
    assert free["reasoning_content"].startswith(said["message"].get("reasoning_content", ""))
    assert folded(frames(MODEL, **limited))["text"] == said["message"]["content"]


def test_a_limit_that_is_not_reached_changes_nothing() -> None:
    assert whole(MODEL, max_tokens=5_000) == whole(MODEL)


@pytest.mark.parametrize("stop", ["wrote", ["nothing like it", "wrote"]])
def test_a_stop_string_ends_the_text_before_itself(stop: Any) -> None:
    said = whole(MODEL, stop=stop)["choices"][0]
    assert said["finish_reason"] == "stop"
    assert "wrote" not in said["message"]["content"]
    assert message(MODEL)["content"].startswith(said["message"]["content"] + "wrote")


def test_several_choices_differ_and_are_summed() -> None:
    answer = whole(MODEL, n=3)
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    assert len(set(texts)) == 3
    assert texts[0] == message(MODEL)["content"]
    streamed = frames(MODEL, n=3)
    assert [folded(streamed, index)["text"] for index in range(3)] == texts
    assert streamed[-1]["usage"] == answer["usage"]
    assert sum("usage" in frame for frame in streamed) == 1
    assert answer["usage"]["completion_tokens"] > whole(MODEL)["usage"]["completion_tokens"] * 2


def test_json_mode_answers_an_object() -> None:
    made = json.loads(message(MODEL, response_format={"type": "json_object"})["content"])
    assert isinstance(made, dict)
    assert "Paris" in made["topics"]


def test_a_schema_is_satisfied() -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "sunny": {"type": "boolean"}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema}}
    said = message("gpt-x", response_format=form)
    assert json.loads(said["content"]) == {"city": "Paris", "sunny": True}


def call(**body: Any) -> Any:
    answer = whole(MODEL, tools=body.pop("tools", [WEATHER, STOCKS]), **body)["choices"][0]
    streamed = folded(frames(MODEL, tools=[WEATHER, STOCKS], **body))
    calls = answer["message"].get("tool_calls", [])
    assert [made["function"]["name"] for made in calls] == [
        made["name"] for made in streamed["calls"]
    ]
    assert [made["id"] for made in calls] == [made["id"] for made in streamed["calls"]]
    assert answer["finish_reason"] == streamed["finish"] == ("tool_calls" if calls else "stop")
    return calls


def test_a_tool_is_called_when_the_prompt_mentions_a_word_of_its_name() -> None:
    (made,) = call()
    assert made["function"]["name"] == "get_weather"
    assert made["type"] == "function"
    assert json.loads(made["function"]["arguments"]) == {"city": "Paris", "days": 1}


def test_common_words_of_a_name_call_nothing() -> None:
    assert call(text="Get me a coffee") == []


def test_several_tools_are_called_in_parallel_unless_that_is_off() -> None:
    text = "Weather in Oslo and the stock price of Equinor"
    names = [made["function"]["name"] for made in call(text=text)]
    assert names == ["get_weather", "stock_price"]
    assert len(call(text=text, parallel_tool_calls=False)) == 1
    assert len({made["id"] for made in call(text=text)}) == 2


def test_a_tool_can_be_required_named_or_forbidden() -> None:
    named = {"type": "function", "function": {"name": "stock_price"}}
    assert call(text="Sing!", tool_choice="required")[0]["function"]["name"] == "get_weather"
    assert call(tool_choice=named)[0]["function"]["name"] == "stock_price"
    assert call(tool_choice="none") == []


def test_a_result_is_quoted_and_ends_the_loop() -> None:
    made = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": "{}"},
    }
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "", "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees and sunny"},
    ]
    for script in ("", ":tool-no-id"):
        said = message(MODEL + script, messages=messages, tools=[WEATHER])
        assert "get_weather returned: 21 degrees and sunny" in said["content"]
        assert "tool_calls" not in said


def test_z_ai_s_calls_come_whole_unless_tool_stream_is_asked() -> None:
    pieces = [f for f in frames(MODEL, tools=[WEATHER]) if "tool_calls" in f["choices"][0]["delta"]]
    assert len(pieces) == 1
    streamed = frames(MODEL, tools=[WEATHER], tool_stream=True)
    assert sum("tool_calls" in f["choices"][0]["delta"] for f in streamed) > 2


def test_the_prompt_cache_remembers_whole_messages_in_blocks() -> None:
    memory = Memory()
    first = {"role": "system", "content": "You are a careful assistant. " * 20}

    def cached(*texts: str) -> int:
        messages = [first, *({"role": "user", "content": text} for text in texts)]
        body = json.loads(post({"model": MODEL, "messages": messages}, memory=memory).body)
        return int(body["usage"]["prompt_tokens_details"]["cached_tokens"])

    assert cached("one") == 0
    system = cached("two")
    assert system % CACHE_BLOCK_TOKENS == 0
    assert 128 <= system <= 150
    assert cached("two") >= system
    assert cached("two", "three " * 50) >= system
    assert cached("two", "three " * 50) > system
    first = {"role": "system", "content": "Another one. " * 30}
    assert cached("two") == 0


def test_the_prompt_cache_is_bounded() -> None:
    memory = Memory()
    first = (b"first", 64)
    memory.cached([first])
    assert memory.cached([first]) == 64
    for number in range(PREFIXES_MAX):
        memory.cached([(str(number).encode(), 64)])
    assert memory.cached([first]) == 0


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": ["x"]}, "messages[0].role"),
        ({"n": 0}, "n"),
        ({"n": 99}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"stream": "true"}, "stream"),
        ({"stop": 5}, "stop"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "tool_choice"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
    ],
)
def test_a_wrong_request_is_refused_with_its_field(body: dict[str, Any], param: str) -> None:
    said = reply("gpt-x", **body)
    assert said.status == 400
    error = json.loads(said.body)["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": 5}', b"{}", b"\xff", b"[" * 9_999])
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    assert post(body).status == 400


def test_z_ai_refuses_a_conversation_without_a_user() -> None:
    said = reply(MODEL, messages=[{"role": "system", "content": "x"}])
    assert (said.status, json.loads(said.body)["error"]["code"]) == (400, "1214")
    assert reply("gpt-x", messages=[{"role": "system", "content": "x"}]).status == 200


def test_content_parts_are_read() -> None:
    parts = [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": "data:,"}},
    ]
    answer = whole(MODEL, messages=[{"role": "user", "content": parts}])
    assert QUESTION in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["prompt_tokens"] > 256
