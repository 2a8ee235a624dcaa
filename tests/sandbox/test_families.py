from __future__ import annotations

import json
import re
from typing import Any

import pytest

from glimway.sandbox.families import FAMILIES
from glimway.sandbox.faults import CODES, STATUSES
from sandbox.answers import WEATHER, folded, frames, message, raw, reply, whole

MODEL = "glm-4.7-flash"
ALL = sorted(FAMILIES)


@pytest.mark.parametrize("family", ALL)
def test_every_family_says_the_same(family: str) -> None:
    clean = message(MODEL)
    streamed = folded(frames(MODEL, family=family, stream_options={"include_usage": True}))
    text = streamed["text"].removesuffix("</s>")
    assert text == clean["content"]
    assert streamed["thought"] == clean["reasoning_content"]
    assert streamed["finish"] == "stop"
    assert streamed["usage"]["prompt_tokens"] == whole(MODEL)["usage"]["prompt_tokens"]
    answer = whole(MODEL, family=family)
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] == streamed["usage"]["completion_tokens"]


@pytest.mark.parametrize("family", ALL)
def test_every_family_calls_tools_in_both_forms(family: str) -> None:
    (made,) = message(MODEL, family=family, tools=[WEATHER])["tool_calls"]
    assert json.loads(made["function"]["arguments"]) == {"city": "Paris", "days": 1}
    streamed = folded(frames(MODEL, family=family, tools=[WEATHER]))
    assert streamed["finish"] == "tool_calls"
    assert streamed["calls"] == [
        {"id": made["id"], "name": "get_weather", "arguments": made["function"]["arguments"]}
    ]


@pytest.mark.parametrize("family", ALL)
def test_a_family_is_chosen_by_path_or_by_script(family: str) -> None:
    assert raw(MODEL, family=family) == raw(f"{MODEL}:family-{family}")
    assert raw(f"{MODEL}:family-{family}", family="mistral") == raw(MODEL, family=family)


def test_a_family_that_is_not_known_is_refused_with_the_known_ones() -> None:
    said = reply(MODEL + ":family-acme")
    assert said.status == 400
    assert "sglang" in json.loads(said.body)["error"]["message"]


def test_a_name_chooses_z_ai_or_openai() -> None:
    assert "request_id" in whole("GLM-4.7")
    assert "request_id" not in whole("some-model")


def choices(items: list[Any]) -> list[Any]:
    return [choice for item in items for choice in item["choices"] or ()]


def asked(family: str, **body: Any) -> list[Any]:
    return frames(MODEL, family=family, stream_options={"include_usage": True}, **body)


def test_z_ai() -> None:
    items = asked("zai")
    assert all(choice["delta"]["role"] == "assistant" for choice in choices(items))
    assert all("finish_reason" not in choice for choice in choices(items[:-1]))
    assert items[-2]["choices"][0]["delta"]["content"] == ""
    assert items[-1]["choices"][0]["finish_reason"] == "stop"
    assert items[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert re.fullmatch(r"\d{14}[0-9a-f]{16}", items[0]["id"])
    assert whole(MODEL)["request_id"] == whole(MODEL)["id"]
    assert reply(MODEL, stream=True).content_type == "text/event-stream;charset=UTF-8"


def test_openai() -> None:
    items = asked("openai")
    assert items[0]["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert all(item["usage"] is None for item in items[:-1])
    assert items[-1]["choices"] == []
    assert items[-1]["usage"]["total_tokens"] > 0
    assert all("usage" not in item for item in frames(MODEL, family="openai"))


def test_deepinfra() -> None:
    items = asked("deepinfra")
    assert items[-3]["choices"][0]["delta"]["content"] == "</s>"
    assert items[-2]["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert items[-1]["usage"]["estimated_cost"] > 0
    assert items[0]["choices"][0]["delta"]["role"] == "assistant"


def test_acedata() -> None:
    items = frames(MODEL, family="acedata")
    assert all(item["usage"] is None for item in items[:-1])
    assert items[-1]["choices"] == []
    assert set(items[-1]["usage"]) == {"prompt_tokens", "completion_tokens", "total_tokens"}
    assert set(json.loads(reply(MODEL + ":429", family="acedata").body)) == {"trace_id", "error"}


def test_openrouter() -> None:
    assert raw(MODEL, family="openrouter").startswith(b": OPENROUTER PROCESSING\n\n")
    items = frames(MODEL, family="openrouter")
    thinking, text = items[1]["choices"][0]["delta"], items[-4]["choices"][0]["delta"]
    assert thinking["reasoning"] == thinking["reasoning_details"][0]["text"]
    assert (text["reasoning"], text["reasoning_details"]) == ("", [])
    assert items[0]["provider"]
    assert items[-2]["choices"][0]["native_finish_reason"] == "stop"
    assert items[-1]["choices"][0]["finish_reason"] is None
    assert items[-1]["usage"]["cost"] > 0
    failed = raw(MODEL + ":error-frame-4", family="openrouter").split(b"\n\n")
    error = json.loads(next(event for event in failed if b'"error"' in event)[6:])
    assert error["choices"][0]["finish_reason"] == "error"


def test_vllm() -> None:
    items = asked("vllm")
    assert "reasoning" in items[1]["choices"][0]["delta"]
    assert items[-1]["choices"] == []
    assert all("usage" not in item for item in frames(MODEL, family="vllm"))
    stopped = whole(MODEL, family="vllm", stop="wrote")["choices"][0]
    assert (stopped["finish_reason"], stopped["stop_reason"]) == ("stop", "wrote")
    error = json.loads(reply(MODEL + ":429", family="vllm").body)["error"]
    assert error["code"] == 429


def test_sglang() -> None:
    items = asked("sglang")
    assert items[3]["choices"][0]["delta"]["content"] is None
    assert items[3]["choices"][0]["matched_stop"] is None
    assert items[-2]["choices"][0]["matched_stop"] == 154827
    assert items[-1]["usage"]["reasoning_tokens"] > 0
    assert json.loads(reply(MODEL + ":400", family="sglang").body)["object"] == "error"


def test_llamacpp() -> None:
    assert "timings" in asked("llamacpp")[-1]
    assert "timings" in frames(MODEL, family="llamacpp")[-1]
    assert whole(MODEL, family="llamacpp")["timings"]["predicted_n"] > 0


def test_cerebras() -> None:
    answer = whole(MODEL, family="cerebras")
    assert answer["choices"][0]["message"]["reasoning"]
    assert answer["time_info"]["total_time"] > 0
    details = answer["usage"]["completion_tokens_details"]
    assert details["accepted_prediction_tokens"] == 0
    assert reply(MODEL, family="cerebras").headers[0][0] == "inference-id"


def test_mistral() -> None:
    items = frames(MODEL, family="mistral")
    assert items[1]["choices"][0]["delta"]["content"][0]["type"] == "thinking"
    assert items[-2]["choices"][0]["delta"]["content"][0]["type"] == "text"
    assert items[-1]["usage"]["total_tokens"] > 0
    said = message(MODEL, family="mistral")
    assert said["content"][0]["type"] == "text"
    assert said["reasoning"]


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500, 502, 503, 529])
def test_errors_have_their_status_and_a_json_body(family: str, status: int) -> None:
    said = reply(f"{MODEL}:{status}", family=family)
    assert said.status == status
    text = json.dumps(json.loads(said.body))
    assert STATUSES[status].message in text
    assert said.frames is None


@pytest.mark.parametrize("code", list(CODES))
def test_business_codes_come_in_z_ai_s_body(code: str) -> None:
    said = reply(f"{MODEL}:code-{code}", family="vllm")
    assert said.status == CODES[code][0]
    assert json.loads(said.body) == {"error": {"code": code, "message": CODES[code][1]}}


def test_a_code_that_z_ai_has_not_is_refused() -> None:
    assert "1302" in json.loads(reply(MODEL + ":code-7", family="openai").body)["error"]["message"]


STRICT: list[tuple[str, dict[str, Any], str]] = [
    ("zai", {"temperature": 1.5}, "temperature"),
    ("zai", {"stop": ["a", "b"]}, "stop"),
    ("zai", {"stop": "a"}, "stop"),
    ("zai", {"tools": [WEATHER], "tool_choice": "required"}, "tool_choice"),
    ("zai", {"chat_template_kwargs": {}}, "chat_template_kwargs"),
    ("vllm", {"thinking": {"type": "disabled"}}, "thinking"),
    (
        "zai",
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}},
        "json_schema",
    ),
]


@pytest.mark.parametrize(("family", "body", "word"), STRICT)
def test_a_strict_host_refuses_what_it_does_not_take(
    family: str, body: dict[str, Any], word: str
) -> None:
    assert reply(MODEL, family=family, **body).status == 200
    said = reply(MODEL + ":strict", family=family, **body)
    assert said.status == 400
    assert word in json.dumps(json.loads(said.body))


@pytest.mark.parametrize("family", ALL)
def test_a_strict_host_answers_a_plain_request(family: str) -> None:
    assert reply(MODEL + ":strict", family=family, temperature=0.5, stop=["a"]).status == 200
