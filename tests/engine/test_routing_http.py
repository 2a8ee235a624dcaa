"""Wishes, projects and canaries over real sockets: who is asked, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0

[[providers]]
id = "near"
profile = "openai"
base_url = "{url}/near"
private = true
zdr = true
regions = ["eu-west-1"]
quantization = "fp8"

[[providers]]
id = "far"
profile = "openai"
base_url = "{url}/far"
private = true
no_train = true

[[models]]
id = "lab/m"
  [[models.endpoints]]
  provider = "near"
  model = "m"
  price = {{ input = "1", output = "2" }}
  [[models.endpoints]]
  provider = "far"
  model = "m"
  price = {{ input = "0.5", output = "4" }}

[[models]]
id = "lab/n"
  [[models.endpoints]]
  provider = "near"
  model = "n"
  price = {{ input = "1", output = "1" }}

[[models]]
id = "team/chat"
split = {{ "lab/m@far" = 95, "lab/n" = 5 }}
split_by = "user"

[projects.default.routing]
ignore = ["nobody"]
max_price = {{ prompt = 2 }}
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with ScriptedProvider() as provider:
        provider.always(answers.whole(answers.chat()))
        with Gateway(CONFIG.format(url=provider.url)) as made:
            yield made


def ask(gateway: Gateway, model: str = "lab/m", **members: Any) -> Response:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi."}]}
    return gateway.post(CHAT, body | members)


@pytest.mark.parametrize(
    ("wishes", "first"),
    [
        ({"zdr": True}, "near"),
        ({"no_train": True}, "far"),
        ({"data_collection": "deny"}, "far"),
        ({"regions": ["eu"]}, "near"),
        ({"quantizations": ["fp8"]}, "near"),
        ({"order": ["far"]}, "far"),
        ({"only": ["near"]}, "near"),
        ({"ignore": "near"}, "far"),
        ({"max_price": {"prompt": 0.5}}, "far"),
        ({"max_price": {"prompt": "0.5", "image": 1}}, "far"),
        ({"max_price": {"input": 0.7}}, "far"),
        ({"max_price": {"completion": 2}}, "near"),
        ({"max_price": {"output": "3.5", "request": 0}}, "near"),
        ({"maxPrice": {"completion": 3}}, "near"),
        ({"only": ["near"], "max_ttft_p90_ms": 1_000_000}, "near"),
        ({"only": ["far"], "max_ttft_p50_ms": 1_000_000, "min_tokens_per_second": 0}, "far"),
        ({"only": ["far"], "preferred_max_latency": {"p90": 100, "p50": 50}}, "far"),
        ({"only": ["far"], "preferred_min_throughput": 0}, "far"),
        ({"sort": {"by": "price"}, "order": ["near"]}, "near"),
    ],
)
def test_each_wish_is_honoured(gateway: Gateway, wishes: dict[str, Any], first: str) -> None:
    response = ask(gateway, provider=wishes)
    assert (response.status, response.header("x-glimway-provider")) == (200, first)


@pytest.mark.parametrize(
    ("wishes", "param"),
    [
        ({"max_price": {"promt": 1}}, "provider.max_price.promt"),
        ({"max_price": {"prompt": "much"}}, "provider.max_price.prompt"),
        ({"max_ttft_p90_ms": "soon"}, "provider.max_ttft_p90_ms"),
        ({"min_tokens_per_second": -1}, "provider.min_tokens_per_second"),
        ({"max_ttft_p42_ms": 1}, "provider.max_ttft_p42_ms"),
        ({"preferred_max_latency": {"p42": 1}}, "provider.preferred_max_latency.p42"),
    ],
)
def test_a_wrong_wish_is_named(gateway: Gateway, wishes: dict[str, Any], param: str) -> None:
    response = ask(gateway, provider=wishes)
    assert (response.status, response.json()["error"]["param"]) == (400, param)


def test_when_nobody_is_left_each_endpoint_is_named_with_its_reason(gateway: Gateway) -> None:
    response = ask(gateway, provider={"zdr": True, "max_price": {"prompt": 0.6}})
    assert response.status == 400
    message = response.json()["error"]["message"]
    assert "lab/m@near costs more than 'max_price'" in message
    assert "lab/m@far is not known to keep no data" in message


def test_a_request_narrows_its_project_and_never_widens_it(gateway: Gateway) -> None:
    wide = {"max_price": {"prompt": 100}, "only": ["near"]}
    assert ask(gateway, provider=wide).status == 200
    # The project lets nobody above 2; there is no such endpoint to leave out, so the receipt says
    # who was asked and why.
    response = ask(gateway)
    found = gateway.get("/v1/generations/" + str(response.header("x-request-id"))).json()
    (attempt,) = found["attempts"]
    assert attempt["why"] == "the first of its plan"
    assert (attempt["wait_ms"], attempt["status"], attempt["outcome"]) == (0, 200, "ok")
    assert attempt["price_version"] == found["price_version"]
    assert "detail" not in attempt


def test_five_in_a_hundred_users_get_the_canary_and_keep_it(gateway: Gateway) -> None:
    draws, canaries = 400, []
    with gateway.client() as client:
        for at in range(draws):
            body = {
                "model": "team/chat",
                "messages": [{"role": "user", "content": "Hi."}],
                "user": f"user {at}",
            }
            client.post_json(CHAT, body, gateway.headers())
            response = client.read_response()
            assert response.json()["model"] == "team/chat"
            if response.header("x-glimway-provider") == "near":
                canaries.append(at)
    assert abs(len(canaries) / draws - 0.05) <= 4 * sqrt(0.05 * 0.95 / draws)
    again = ask(gateway, "team/chat", user=f"user {canaries[0]}")
    assert again.header("x-glimway-provider") == "near"


def test_a_measured_endpoint_is_held_to_the_limits_of_speed() -> None:
    with ScriptedProvider() as provider:
        provider.always(*answers.stream(answers.chat_frames("some words to count")))
        text = "[statistics]\nrefresh_s = 0.1\n" + CONFIG.format(url=provider.url)
        with Gateway(text) as here:
            # Nobody is faster than this; who was never measured gets a chance, and is measured.
            wishes = {"only": ["near"], "max_ttft_p90_ms": 0.000001}
            response = ask(here, stream=True, provider=wishes)
            for _ in range(2000):
                response = ask(here, stream=True, provider=wishes)
                if response.status != 200:
                    break
            assert response.status == 400, "2000 answers were not measured"
            message = response.json()["error"]["message"]
            assert "lab/m@near is slower to its first token than asked" in message
            assert "lab/m@far is not among 'only'" in message
            fair = {"only": ["near"], "max_ttft_p90_ms": 1_000_000}
            assert ask(here, stream=True, provider=fair).status == 200
