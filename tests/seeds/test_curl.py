"""The curl commands of the services' pages, streaming and not."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from kit.gateway import Gateway
from sandbox.stage import Stage
from seeds.frames import Json, frames_of, read
from seeds.running import printed, run
from seeds.setting import LARGE

INPUT, CACHED, OUTPUT = (Decimal(text) for text in LARGE)

MOUNTS = ["/v1/openai", "/v1"]


def at(mount: str) -> dict[str, str]:
    return {"/v1/openai/": f"{mount}/"}


def whole(text: str, model: str) -> Json:
    """A whole answer, whose shape is checked."""
    answer: Json = json.loads(text, parse_float=Decimal)
    assert answer["object"] == "chat.completion"
    assert answer["id"].startswith("chatcmpl-")
    assert type(answer["created"]) is int
    assert answer["model"] == model
    (choice,) = answer["choices"]
    assert choice["index"] == 0
    assert choice["message"]["role"] == "assistant"
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["cost"] == usage["estimated_cost"]
    return answer


def cost_of(usage: Json) -> Decimal:
    """What the tokens of a DeepInfra command's model cost, in USD."""
    cached: int = usage["prompt_tokens_details"]["cached_tokens"]
    fresh: int = usage["prompt_tokens"] - cached
    written: int = usage["completion_tokens"]
    return (INPUT * fresh + CACHED * cached + OUTPUT * written) / 1_000_000


def test_wavespeed_a_whole_answer(gateway: Gateway) -> None:
    answer = whole(printed("wavespeed-whole.sh", gateway), "GLM-4.7-Flash")
    assert "GLM-4.7-Flash API quick test." in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] <= 120


def test_wavespeed_a_stream(gateway: Gateway) -> None:
    frames = frames_of(printed("wavespeed-stream.sh", gateway))
    answer = read(frames, "GLM-4.7-Flash")
    assert "quiet tools" in answer.text
    assert answer.finish in ("stop", "length")


def test_empiriolabs_with_hyphens_in_the_name(gateway: Gateway) -> None:
    answer = whole(printed("empiriolabs.sh", gateway), "glm-4-7-flash")
    assert "haiku" in answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["cost"] == 0


def test_empiriolabs_streaming(gateway: Gateway) -> None:
    changes = {'"messages"': '"stream": true, "messages"'}
    text = printed("empiriolabs.sh", gateway, changes=changes)
    assert "haiku" in read(frames_of(text), "glm-4-7-flash").text


@pytest.mark.parametrize("mount", MOUNTS)
def test_deepinfra_a_whole_answer_with_its_cost(gateway: Gateway, mount: str) -> None:
    text = printed("deepinfra-whole.sh", gateway, changes=at(mount))
    answer = whole(text, "zai-org/GLM-4.7")
    assert answer["choices"][0]["message"]["content"].startswith("Hello!")
    assert answer["usage"]["estimated_cost"] == cost_of(answer["usage"])


@pytest.mark.parametrize("mount", MOUNTS)
def test_deepinfra_a_conversation(gateway: Gateway, hosts: Stage, mount: str) -> None:
    text = printed("deepinfra-conversation.sh", gateway, changes=at(mount))
    answer = whole(text, "zai-org/GLM-4.7")
    assert "second method" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["estimated_cost"] == cost_of(answer["usage"])
    sent = json.loads(hosts.sandbox.seen[-1].body)["messages"]
    assert [turn["role"] for turn in sent] == ["system", "user", "assistant", "user"]
    assert sent[0]["content"] == "Respond like a michelin starred chef."
    assert "I'm more than happy" in sent[2]["content"]
    assert '"Hot Smoking."' in sent[2]["content"]


@pytest.mark.parametrize("mount", MOUNTS)
def test_deepinfra_a_stream(gateway: Gateway, mount: str) -> None:
    text = printed("deepinfra-stream.sh", gateway, changes=at(mount))
    answer = read(frames_of(text), "zai-org/GLM-4.7")
    assert answer.finish == "stop"
    assert answer.text.startswith("Hello!")
    assert answer.pieces > 1
    assert "</s>" not in answer.text, "the host's end mark is no text"


@pytest.mark.parametrize("mount", MOUNTS)
def test_deepinfra_any_request_can_be_streamed(gateway: Gateway, mount: str) -> None:
    changes = at(mount) | {'"messages": [': '"stream": true, "messages": ['}
    text = printed("deepinfra-conversation.sh", gateway, changes=changes)
    assert "second method" in read(frames_of(text), "zai-org/GLM-4.7").text


@pytest.mark.parametrize("name", ["wavespeed-stream.sh", "deepinfra-stream.sh"])
def test_a_stream_that_is_asked_for_with_a_string_is_told_so(gateway: Gateway, name: str) -> None:
    changes = {'"stream": true': '"stream": "true"'}
    error = json.loads(printed(name, gateway, changes=changes))["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_value")
    assert error["param"] == "stream"
    assert "send the boolean true" in error["message"]


def test_a_command_without_its_key_is_told_so(gateway: Gateway) -> None:
    done = run("deepinfra-whole.sh", gateway, key="")
    answer = json.loads(done.stdout)
    assert answer["error"]["type"] == "authentication_error"
    assert answer["error"]["code"] == "invalid_api_key"
    assert answer["trace_id"]
