"""The messages dialect over HTTP, at both of its base paths and in front of a host of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import Response, call
from kit.provider import ScriptedProvider

BASES = ("/v1", "/anthropic/v1")
SAY = {"max_tokens": 4096, "messages": [{"role": "user", "content": "Say hello."}]}
SANDBOX = "sandbox/glm-4.7-flash"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


def events(answer: Response) -> list[dict[str, Any]]:
    """The events of a stream; each is named as its data is typed."""
    read = []
    for block in answer.body.decode().split("\n\n"):
        if block:
            name, data = block.split("\n")
            read.append(json.loads(data.removeprefix("data: ")))
            assert name == f"event: {read[-1]['type']}"
    return read


@pytest.mark.parametrize("base", BASES)
def test_a_whole_answer(gateway: Gateway, base: str) -> None:
    answer = gateway.post(f"{base}/messages", {"model": SANDBOX, **SAY})
    assert answer.status == 200, answer.body
    document = answer.json()
    assert document["id"].startswith("msg_")
    assert [block["type"] for block in document["content"]] == ["thinking", "text"]
    assert document["stop_reason"] == "end_turn"
    assert document["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("base", BASES)
def test_a_stream(gateway: Gateway, base: str) -> None:
    said = events(gateway.post(f"{base}/messages", {"model": SANDBOX, "stream": True, **SAY}))
    assert said[0]["type"] == "message_start"
    assert said[0]["message"]["usage"]["input_tokens"] > 0
    assert [one["type"] for one in said[-2:]] == ["message_delta", "message_stop"]
    assert said[-2]["usage"]["output_tokens"] > 0


@pytest.mark.parametrize("base", BASES)
def test_the_request_id_is_where_the_makers_clients_look(gateway: Gateway, base: str) -> None:
    answer = gateway.post(f"{base}/messages", {"model": SANDBOX, **SAY})
    assert answer.header("request-id") == answer.header("x-request-id") is not None
    answer = gateway.post(f"{base}/messages", {"model": "nobody/nothing", **SAY})
    assert answer.header("request-id") == answer.header("x-request-id") is not None
    assert answer.status == 404
    refused = answer.json()
    assert refused["type"] == "error"
    assert refused["error"]["type"] == "not_found_error"
    assert refused["request_id"] == answer.header("request-id")


def test_the_makers_header_wins_over_a_bearer_token(gateway: Gateway) -> None:
    url, body = f"{gateway.url}/v1/messages", {"model": SANDBOX, **SAY}
    assert call(url, body, {"x-api-key": gateway.key}).status == 200
    assert call(url, body, {"x-api-key": gateway.key, "authorization": "Bearer x"}).status == 200
    wrong = call(url, body, {**gateway.headers(), "x-api-key": "glim_wrong"})
    assert wrong.status == 401
    assert wrong.json()["error"]["type"] == "authentication_error"


def test_a_missing_bound_is_told_by_its_name(gateway: Gateway) -> None:
    answer = gateway.post("/v1/messages", {"model": SANDBOX, "messages": SAY["messages"]})
    assert answer.status == 400
    assert "max_tokens" in answer.json()["error"]["message"]


def test_query_parameters_of_betas_do_not_matter(gateway: Gateway) -> None:
    # Claude Code calls /v1/messages?beta=true.
    assert gateway.post("/v1/messages?beta=true", {"model": SANDBOX, **SAY}).status == 200


@pytest.mark.parametrize("base", BASES)
def test_a_browser_may_ask_first(gateway: Gateway, base: str) -> None:
    answer = gateway.get(f"{base}/messages")
    assert answer.status == 405
    assert answer.json()["type"] == "error"


# ---- a host of this dialect ---------------------------------------------------------------------


def own(content: list[dict[str, Any]]) -> bytes:
    """A whole reply of a host that speaks this dialect."""
    return answers.whole(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": content,
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 7, "output_tokens": 5},
        }
    )


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def relay(provider: ScriptedProvider) -> Iterator[Gateway]:
    with Gateway(config(provider.url, profile="anthropic")) as running:
        yield running


def test_a_host_of_the_dialect_gets_its_own(provider: ScriptedProvider, relay: Gateway) -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}
    provider.script(own([thought, {"type": "text", "text": "Hello."}]))
    asked = {
        "model": "lab/m",
        **SAY,
        "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
        "context_management": {"edits": []},
    }
    betas = {"anthropic-beta": "context-management-2025-06-27"}
    answer = relay.post("/v1/messages", asked, {**betas, "anthropic-version": "2023-06-01"})
    assert answer.status == 200, answer.body
    request = provider.requests[-1]
    assert request.target == "/v1/messages"
    headers = dict(request.headers)
    assert headers["anthropic-beta"] == betas["anthropic-beta"]
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["x-api-key"] == "sk-rack1-of-the-test"
    assert request.json() == {**asked, "model": "m"}
    shown, text = answer.json()["content"]
    assert (shown["thinking"], text) == ("Hm.", {"type": "text", "text": "Hello."})
    assert shown["signature"].startswith("gw1.")  # the maker's own is sealed in it
    assert answer.json()["usage"]["input_tokens"] == 7


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v1/chat/completions", {"messages": SAY["messages"]}),
        ("/v1/responses", {"input": "Say hello."}),
    ],
)
def test_other_dialects_reach_such_a_host(
    provider: ScriptedProvider, relay: Gateway, path: str, more: dict[str, Any]
) -> None:
    provider.script(own([{"type": "text", "text": "Hello."}]))
    answer = relay.post(path, {"model": "lab/m", **more})
    assert answer.status == 200, answer.body
    assert b"Hello." in answer.body
    assert "max_tokens set to 16384" in (answer.header("x-glimway-adjusted") or "")
    assert "anthropic-beta" not in dict(provider.requests[-1].headers)


def test_an_overloaded_host_is_said_as_the_maker_says_it(
    provider: ScriptedProvider,
) -> None:
    more = "[routing]\nattempts = 1\n"
    with Gateway(config(provider.url, profile="anthropic", more=more)) as gateway:
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        provider.script(answers.whole(error, status=529))
        answer = gateway.post("/v1/messages", {"model": "lab/m", **SAY})
    assert answer.status == 529
    assert answer.json()["error"]["type"] == "overloaded_error"
    assert answer.header("retry-after") is not None
