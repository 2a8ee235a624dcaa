"""``:online`` asks for a web search: in the host's own words, or with a refusal that names it.

Over real sockets, with a host that has a tool for it, one that has members, and one that has
neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider

CONFIG = """
[[providers]]
id = "tooled"
profile = "zai"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}

[[providers]]
id = "switched"
profile = "empiriolabs"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}

[[providers]]
id = "plain"
profile = "openai"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}
"""
MODEL = """
[[models]]
id = "lab/{name}"
context = 200000
{endpoints}
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{provider}"
  model = "glm-4.7"
  price = {{ input = "1", output = "1" }}
"""
MODELS = {
    "tooled": ("tooled",),
    "switched": ("switched",),
    "plain": ("plain",),
    "mixed": ("plain", "tooled"),
}


class Hosts(NamedTuple):
    """A gateway before one scripted provider under three names."""

    gateway: Gateway
    provider: ScriptedProvider

    def ask(self, model: str, target: str = CHAT, **more: Any) -> Response:
        """One call."""
        body = {"model": model, "messages": [{"role": "user", "content": "News?"}], **more}
        return self.gateway.post(target, body)

    def sent(self, model: str, target: str = CHAT, **more: Any) -> dict[str, Any]:
        """What the provider got of one call, which it answers."""
        self.provider.script(answers.whole(answers.chat("Here.")))
        response = self.ask(model, target, **more)
        assert response.status == 200, response.body
        document = self.provider.requests[-1].json()
        assert isinstance(document, dict)
        return document


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with ExitStack() as stack:
        provider = stack.enter_context(ScriptedProvider())
        text = CONFIG.format(url=provider.url)
        for name, served in MODELS.items():
            endpoints = "".join(ENDPOINT.format(provider=one) for one in served)
            text += MODEL.format(name=name, endpoints=endpoints)
        environment = {"P_API_KEY": "sk-of-this-test"}
        yield Hosts(stack.enter_context(Gateway(text, environment=environment)), provider)


SEARCH = {
    "type": "web_search",
    "web_search": {"enable": True, "search_engine": "search_pro_jina", "search_result": True},
}


def test_a_host_with_a_tool_gets_its_own_tool(hosts: Hosts) -> None:
    assert hosts.sent("lab/tooled:online")["tools"] == [SEARCH]
    assert "tools" not in hosts.sent("lab/tooled")


def test_a_host_with_members_gets_its_members(hosts: Hosts) -> None:
    sent = hosts.sent("lab/switched:online")
    assert sent["tool_web_search"] is True
    assert "tools" not in sent


def test_every_dialect_may_ask_so(hosts: Hosts) -> None:
    assert hosts.sent("lab/tooled:online", "/v1/messages", max_tokens=100)["tools"] == [SEARCH]
    hosts.provider.script(answers.whole(answers.chat("Here.")))
    body = {"model": "lab/tooled:online", "input": "News?"}
    assert hosts.gateway.post("/v1/responses", body).status == 200
    assert hosts.provider.requests[-1].json()["tools"] == [SEARCH]


def test_the_callers_own_tools_stay_and_its_own_search_counts(hosts: Hosts) -> None:
    function = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    sent = hosts.sent("lab/tooled:online", tools=[function])
    assert [tool["type"] for tool in sent["tools"]] == ["function", "web_search"]
    own = {"type": "web_search", "web_search": {"enable": True, "search_engine": "search_std"}}
    assert hosts.sent("lab/tooled:online", tools=[own])["tools"] == [own]


def test_only_hosts_that_search_are_asked(hosts: Hosts) -> None:
    for _ in range(4):
        assert hosts.sent("lab/mixed:online")["tools"] == [SEARCH]


@pytest.mark.parametrize("model", ["lab/plain:online", "lab/plain:floor:online"])
def test_where_nobody_searches_the_refusal_names_the_suffix(hosts: Hosts, model: str) -> None:
    seen = len(hosts.provider.requests)
    response = hosts.ask(model)
    assert response.status == 400
    error = response.json()["error"]
    assert error["param"] == "model"
    assert error["code"] == "unsupported"
    assert "':online'" in error["message"]
    assert "plain" in error["message"]
    assert len(hosts.provider.requests) == seen


def test_the_answer_echoes_the_name_with_its_suffix(hosts: Hosts) -> None:
    hosts.provider.script(answers.whole(answers.chat("Here.")))
    assert hosts.ask("lab/tooled:online").json()["model"] == "lab/tooled:online"
