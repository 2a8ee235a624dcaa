"""The exact body that each shipped host gets (facts of the hosts: ``data/providers``)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.data import load_models, load_profiles
from glimway.domain.endpoint import narrowed
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode
from glimway.wire.dialect import Outgoing
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal

PROFILES = load_profiles()
HOSTS = [name for name, one in PROFILES.items() if one.dialect == "chat"]
MAKERS = ("zai", "zai-cn", "zai-coding", "zai-coding-cn")
UNKNOWN = ("acedata", "openai", "sandbox", "wavespeed")
"""Hosts of which the profile says nothing about thinking."""

HELLO = {"role": "user", "content": "Hello"}
F = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def out(quirks: Quirks, **members: Any) -> Outgoing:
    return encode(decode({"model": "m", "messages": [HELLO], **members}), quirks, "theirs")


def sent(host: str, **members: Any) -> dict[str, Any]:
    """The body without what every body has."""
    body: dict[str, Any] = json.loads(out(PROFILES[host].quirks, **members).body)
    assert body.pop("model") == "theirs"
    if body["messages"] == [HELLO]:
        del body["messages"]
    return body


def adjusted(host: str, **members: Any) -> tuple[str, ...]:
    return out(PROFILES[host].quirks, **members).adjusted


def spread(table: dict[tuple[str, ...], Any]) -> list[tuple[str, Any]]:
    rows = {host: value for hosts, value in table.items() for host in hosts}
    assert rows.keys() == set(HOSTS), "every shipped host has its row"
    return sorted(rows.items())


KWARGS = ("cloudflare", "llamacpp", "sglang", "vertex", "vllm")
ROUTERS = ("ai-gateway", "deepinfra", "openrouter")

ON: dict[tuple[str, ...], Any] = {
    (*MAKERS, "empiriolabs", "novita"): {"thinking": {"type": "enabled"}},
    UNKNOWN: {"thinking": {"type": "enabled"}},
    ROUTERS: {"reasoning": {"enabled": True}},
    ("baseten",): {"chat_template_args": {"enable_thinking": True}},
    KWARGS: {"chat_template_kwargs": {"enable_thinking": True}},
    ("bedrock", "cerebras", "fireworks", "mistral"): {},
}
OFF: dict[tuple[str, ...], Any] = {
    (*MAKERS, "empiriolabs", "novita", "fireworks"): {"thinking": {"type": "disabled"}},
    UNKNOWN: {"thinking": {"type": "disabled"}},
    ROUTERS: {"reasoning": {"enabled": False}},
    ("baseten",): {"chat_template_args": {"enable_thinking": False}},
    KWARGS: {"chat_template_kwargs": {"enable_thinking": False}},
    ("cerebras",): {"reasoning_effort": "none"},
    ("bedrock", "mistral"): {},
}
HIGH: dict[tuple[str, ...], Any] = {
    (*MAKERS, "empiriolabs", "novita"): {"thinking": {"type": "enabled"}},
    (*UNKNOWN, "fireworks"): {"reasoning_effort": "high"},
    ROUTERS: {"reasoning": {"enabled": True, "effort": "high"}},
    ("baseten",): {"chat_template_args": {"enable_thinking": True}},
    KWARGS: {"chat_template_kwargs": {"enable_thinking": True}},
    ("bedrock", "cerebras", "mistral"): {},
}


@pytest.mark.parametrize(("host", "members"), spread(ON))
def test_thinking_on(host: str, members: dict[str, Any]) -> None:
    assert sent(host, thinking={"type": "enabled"}) == members
    assert adjusted(host, thinking={"type": "enabled"}) == ()


@pytest.mark.parametrize(("host", "members"), spread(OFF))
def test_thinking_off(host: str, members: dict[str, Any]) -> None:
    assert sent(host, thinking={"type": "disabled"}) == members
    named = ("thinking left on",) if host in ("bedrock", "mistral") else ()
    assert adjusted(host, thinking={"type": "disabled"}) == named


@pytest.mark.parametrize(("host", "members"), spread(HIGH))
def test_an_effort(host: str, members: dict[str, Any]) -> None:
    assert sent(host, reasoning_effort="high") == members
    taken = host in (*UNKNOWN, *ROUTERS, "fireworks")
    assert adjusted(host, reasoning_effort="high") == (
        () if taken else ("reasoning_effort left out",)
    )


REPLAYED: dict[tuple[str, ...], Any] = {
    MAKERS: {"thinking": {"clear_thinking": False}},
    ("fireworks",): {"reasoning_history": "preserved"},
    ("cerebras",): {"clear_thinking": False},
    ("llamacpp", "sglang", "vllm"): {"chat_template_kwargs": {"clear_thinking": False}},
    (*UNKNOWN, *ROUTERS, "baseten", "bedrock", "cloudflare"): {},
    ("empiriolabs", "mistral", "novita", "vertex"): {},
}


@pytest.mark.parametrize(("host", "members"), spread(REPLAYED))
def test_replayed_thinking(host: str, members: dict[str, Any]) -> None:
    thought = {"role": "assistant", "content": "Hi", "reasoning_content": "hm"}
    body = sent(host, messages=[HELLO, thought, HELLO])
    [_, turn, _] = body.pop("messages")
    assert body == members
    if host == "cerebras":
        assert turn == {"role": "assistant", "content": "<think>hm</think>Hi"}
    elif host == "mistral":
        assert turn == {"role": "assistant", "content": "Hi"}
    else:
        assert turn == thought


@pytest.mark.parametrize("host", HOSTS)
def test_interleaved_thinking_goes_back_with_its_calls(host: str) -> None:
    within = {"role": "assistant", "content": None, "reasoning": "hm", "tool_calls": [CALL]}
    result = {"role": "tool", "tool_call_id": "c", "content": "ok"}
    [_, turn, last] = sent(host, messages=[HELLO, within, result])["messages"]
    assert turn["tool_calls"] == [CALL]
    assert last == result
    if host == "cerebras":
        assert turn["content"] == "<think>hm</think>"
    elif host == "mistral":
        assert turn["content"] is None
    else:
        member = "reasoning" if host in UNKNOWN else "reasoning_content"
        assert turn[member] == "hm"
        nulls = host in (*UNKNOWN, "ai-gateway", "openrouter")
        assert turn["content"] == (None if nulls else "")


@pytest.mark.parametrize("host", HOSTS)
def test_tools_in_a_stream(host: str) -> None:
    body = sent(host, stream=True, tools=[F], tool_choice="auto")
    own: dict[str, Any] = {}
    if host in (*MAKERS, "empiriolabs"):
        own["tool_stream"] = True
    if host not in (*MAKERS, "acedata"):
        own["stream_options"] = {"include_usage": True}
    assert body == {"stream": True, "tools": [F], "tool_choice": "auto", **own}


def test_a_request_id_fits_the_maker() -> None:
    """Its API takes 6 to 64 characters."""
    for length in (6, 64):
        assert sent("zai", request_id="r" * length) == {"request_id": "r" * length}
    for length in (5, 65):
        assert sent("zai", request_id="r" * length) == {}
        assert adjusted("zai", request_id="r" * length) == ("request_id left out",)


@pytest.mark.parametrize("host", HOSTS)
def test_a_temperature_beyond_the_makers_range(host: str) -> None:
    narrow = host in (*MAKERS, "empiriolabs")
    assert sent(host, temperature=1.5) == {"temperature": 1 if narrow else 1.5}
    assert adjusted(host, temperature=1.5) == (("temperature lowered to 1",) if narrow else ())


@pytest.mark.parametrize("host", HOSTS)
def test_stops(host: str) -> None:
    one = host in (*MAKERS, "empiriolabs")
    assert sent(host, stop="a") == {"stop": ["a"] if one else "a"}
    three = out(PROFILES[host].quirks, stop=["a", "b", "c"])
    assert json.loads(three.body)["stop"] == (["a"] if one else ["a", "b", "c"])
    assert three.cut_here == (("b", "c") if one else ())


@pytest.mark.parametrize("host", HOSTS)
def test_a_seed_and_several_answers(host: str) -> None:
    quirks = PROFILES[host].quirks
    outgoing = out(quirks, seed=7, n=2)
    copies = 2 if quirks.n_max == 1 else 1
    assert sent(host, seed=7, n=2) == {"seed": 7} | ({} if copies == 2 else {"n": 2})
    assert (outgoing.copies, outgoing.adjusted) == (copies, ())


@pytest.mark.parametrize("host", HOSTS)
def test_a_schema_is_sent_or_refused(host: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    if host in (*MAKERS, "empiriolabs"):
        with pytest.raises(Refusal, match="json_schema") as caught:
            sent(host, response_format=form)
        assert (caught.value.kind, caught.value.param) == ("unsupported", "response_format")
    else:
        assert sent(host, response_format=form) == {"response_format": form}


def test_the_makers_whole_spelling() -> None:
    outgoing = out(
        PROFILES["zai"].quirks,
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
        ],
        max_completion_tokens=10,
        temperature=2,
        top_p=0,
        stop="a",
        user="somebody",
        tools=[{"type": "function", "function": {"name": "f"}}],
        tool_choice="required",
        parallel_tool_calls=False,
        frequency_penalty=1,
        logprobs=True,
        do_sample=True,
        request_id="r-123456",
    )
    assert json.loads(outgoing.body) == {
        "model": "theirs",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Continue."},
            {"role": "assistant", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
        ],
        "max_tokens": 10,
        "temperature": 1,
        "top_p": 0.01,
        "stop": ["a"],
        "user_id": "somebody",
        "tools": [{"type": "function", "function": {"name": "f", "description": "f"}}],
        "tool_choice": "auto",
        "do_sample": True,
        "request_id": "r-123456",
    }
    assert outgoing.adjusted == (
        "a user message added",
        "tool_choice changed to auto",
        "parallel_tool_calls left out",
        "frequency_penalty left out",
        "logprobs left out",
        "temperature lowered to 1",
        "top_p raised to 0.01",
    )


def test_cerebras_whole_spelling() -> None:
    asked = {"max_tokens": 10, "tools": [F], "tool_choice": "required", "presence_penalty": 1}
    assert sent("cerebras", **asked) == {
        "max_completion_tokens": 10,
        "tools": [F],
        "tool_choice": "auto",
    }
    assert adjusted("cerebras", **asked) == (
        "tool_choice changed to auto",
        "presence_penalty left out",
    )


def test_the_web_is_searched_where_the_host_can() -> None:
    [tool] = sent("zai", tool_web_search=True, search_result=False, search_prompt="p")["tools"]
    assert tool == {
        "type": "web_search",
        "web_search": {
            "enable": True,
            "search_engine": "search_pro_jina",
            "search_result": False,
            "search_prompt": "p",
        },
    }
    assert sent("empiriolabs", tools=[{"type": "web_search"}]) == {
        "tool_web_search": True,
        "search_result": True,
    }
    with pytest.raises(Refusal, match="web search"):
        sent("vllm", tools=[{"type": "web_search"}])


def test_offers_that_differ_from_their_host() -> None:
    found: dict[tuple[str, str], Quirks] = {
        (entry.model.id, offer.provider): narrowed(
            PROFILES[offer.provider].quirks, offer.quirks, entry.model.id
        )
        for entry in load_models()
        for offer in entry.offers
    }

    def gets(model: str, host: str, **members: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
        outgoing = out(found[model, host], **members)
        body: dict[str, Any] = json.loads(outgoing.body)
        del body["model"], body["messages"]
        return body, outgoing.adjusted

    forced = {"tools": [F], "tool_choice": "required"}
    assert gets("zai/glm-4.7", "zai", **forced) == (forced, ())
    assert gets("zai/glm-5.2", "zai", reasoning_effort="max") == ({"reasoning_effort": "max"}, ())
    always: tuple[dict[str, Any], tuple[str, ...]] = ({}, ("thinking left on",))
    assert gets("zai/glm-5.3", "zai", thinking={"type": "disabled"}) == always
    old = gets("zai/glm-4.5-air", "zai", stream=True, tools=[F])
    assert old == ({"stream": True, "tools": [F]}, ())
