"""``require_parameters``: an endpoint whose API has no place for a member is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import Response
from kit.provider import ScriptedProvider


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedProvider]:
    with ScriptedProvider() as running:
        running.always(answers.whole(answers.chat()))
        yield running


@pytest.fixture(scope="module")
def gateway(provider: ScriptedProvider) -> Iterator[Gateway]:
    """One model at a host of messages, which is cheaper, and at a host of chat."""
    text = config(provider.url, profile="anthropic")
    text += f"""
  [[models.endpoints]]
  provider = "rack2"
  model = "m"
  price = {{ input = "1", output = "1" }}

[[providers]]
id = "rack2"
profile = "openai"
base_url = "{provider.url}/v1"
private = true
"""
    with Gateway(text) as running:
        yield running


def ask(gateway: Gateway, **members: Any) -> Response:
    body = {"model": "lab/m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    wishes = {"require_parameters": True, **members.pop("provider", {})}
    return gateway.post("/v1/chat/completions", {**body, **members, "provider": wishes})


@pytest.mark.parametrize(
    "members", [{"logit_bias": {"5": 1}}, {"seed": 1}, {"verbosity": "low"}, {"new": 1}]
)
def test_who_has_no_place_for_a_member_is_left_out(
    gateway: Gateway, members: dict[str, Any]
) -> None:
    answer = ask(gateway, **members)
    assert answer.status == 200, answer.body
    assert answer.header("x-glimway-provider") == "rack2"
    assert answer.header("x-glimway-adjusted") is None


def test_where_nobody_is_left_it_says_what_would_be_changed(gateway: Gateway) -> None:
    answer = ask(gateway, seed=1, provider={"only": ["rack1"]})
    assert answer.status == 400, answer.body
    message = answer.json()["error"]["message"]
    assert "takes no seed as it is (seed left out)" in message
