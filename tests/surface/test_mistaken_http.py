"""Requests to almost the right place, or by the wrong method: what is meant is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.gateway import Gateway
from kit.http import Client, Response

CHAT = {"model": "sandbox/glm-4.7-flash", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway() as running:
        yield running


def ask(gateway: Gateway, method: str, target: str, body: bytes | None = None) -> Response:
    with Client(gateway.url) as client:
        client.request(method, target, gateway.headers(), body)
        return client.read_response()


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("//v1/chat/completions", "/v1/chat/completions"),
        ("/v1/v1/chat/completions", "/v1/chat/completions"),
        ("/V1/chat/completions", "/v1/chat/completions"),
        ("/v1/messages/", "/v1/messages"),
        ("/v1/messages/count_tokens/", "/v1/messages/count_tokens"),
        ("/anthropic/messages", "/anthropic/v1/messages"),
        ("/glm/v1/chat/completions", "/glm/chat/completions"),
        ("/api/coding/paas/v4/chat/completions", "/api/paas/v4/chat/completions"),
        ("/v3/language-model", "/v3/ai/language-model"),
        ("/v1/responses/", "/v1/responses"),
        ("/glm", "/glm/chat/completions"),
    ],
)
def test_the_path_that_was_meant_is_named(gateway: Gateway, target: str, meant: str) -> None:
    answer = ask(gateway, "POST", target, b"{}")
    assert answer.status == 404
    assert answer.json()["error"]["message"].endswith(f" Did you mean {meant}?")


@pytest.mark.parametrize("target", ["/v1/embeddings", "/zz", "/v1/models/zz/endpoints/"])
def test_nothing_is_guessed_where_nothing_is_near(gateway: Gateway, target: str) -> None:
    answer = ask(gateway, "GET", target)
    assert answer.status == 404
    assert "Did you mean" not in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("GET", "/v1/chat/completions", "POST, OPTIONS"),
        ("PUT", "/v1/messages", "POST, OPTIONS"),
        ("GET", "/v1/messages/count_tokens", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("DELETE", "/v1/models/zai/glm-4.7-flash", "GET, HEAD"),
        ("POST", "/v1/key", "GET, HEAD"),
        ("PATCH", "/v1/generations/x", "GET, HEAD"),
        ("PUT", "/health/live", "GET, HEAD"),
        ("POST", "/v1/responses/resp_x", "GET, HEAD, DELETE"),
        ("GET", "/v1/responses/resp_x/cancel", "POST"),
        ("POST", "/v1/responses/resp_x/input_items", "GET, HEAD"),
        ("GET", "/v1/responses/compact", "POST"),
    ],
)
def test_a_wrong_method_learns_the_right_ones(
    gateway: Gateway, method: str, target: str, allow: str
) -> None:
    answer = ask(gateway, method, target, b"" if method in ("POST", "PUT", "PATCH") else None)
    assert answer.status == 405
    assert answer.header("allow") == allow
    message = answer.json()["error"]["message"]
    assert method in message
    assert all(name in message for name in allow.split(", ") if name not in ("HEAD", "OPTIONS"))


def test_options_of_a_call_without_an_origin_are_told(gateway: Gateway) -> None:
    answer = ask(gateway, "OPTIONS", "/v1/chat/completions")
    assert (answer.status, answer.header("allow"), answer.body) == (204, "POST, OPTIONS", b"")


@pytest.mark.parametrize("form", [{}, {"type": None}, {"type": "item_reference"}])
def test_an_item_is_referred_to_with_and_without_saying_so(
    gateway: Gateway, form: dict[str, Any]
) -> None:
    asked = {"model": CHAT["model"], "input": "Hi", "store": True}
    first = gateway.post("/v1/responses", asked).json()
    items = [{"role": "user", "content": "Hi"}, {**form, "id": first["output"][-1]["id"]}]
    for reference in (items[1], dict(reversed(items[1].items()))):
        body = {"model": CHAT["model"], "input": [items[0], reference, items[0]]}
        answer = gateway.post("/v1/responses", body)
        assert answer.status == 200, answer.body


def test_a_background_answer_must_be_kept(gateway: Gateway) -> None:
    body = {"model": CHAT["model"], "input": "Hi", "background": True, "store": False}
    answer = gateway.post("/v1/responses", body)
    assert answer.status == 400
    assert 'It must be false beside "store": false.' in answer.json()["error"]["message"]


def test_a_message_holds_no_control_characters(gateway: Gateway) -> None:
    tool = {"type": "\nfunction\u202e", "name": "f"}
    body = {"model": CHAT["model"], "input": "Hi", "tools": [tool]}
    answer = gateway.post("/v1/responses", body)
    assert answer.status == 400
    assert answer.json()["error"]["message"].isprintable()
