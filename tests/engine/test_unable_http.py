"""What one endpoint cannot be asked at all goes to the next one that can.

Over real sockets: the cheaper host speaks a dialect in which the request cannot be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider

CONFIG = """
[routing]
attempts = 2
[[providers]]
id = "other"
profile = "anthropic"
base_url = "{first}/v1"
private = true
[[providers]]
id = "chat"
profile = "openai"
base_url = "{second}/v1"
private = true
[[models]]
id = "lab/m"
  [[models.endpoints]]
  provider = "other"
  model = "m"
  price = {{ input = "1", output = "1" }}
  [[models.endpoints]]
  provider = "chat"
  model = "m"
  price = {{ input = "9", output = "9" }}
"""
TOOL = {"type": "code_interpreter", "container": {"type": "auto"}}


class Scene:
    def __init__(self, gateway: Gateway, other: ScriptedProvider, chat: ScriptedProvider) -> None:
        self.gateway, self.other, self.chat = gateway, other, chat

    def ask(self, model: str = "lab/m", **more: Any) -> Response:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": "Hi."}],
            "tools": [TOOL],
            **more,
        }
        return self.gateway.post(CHAT, body)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with (
        ScriptedProvider() as other,
        ScriptedProvider() as chat,
        Gateway(CONFIG.format(first=other.url, second=chat.url)) as gateway,
    ):
        yield Scene(gateway, other, chat)


def test_the_next_endpoint_is_asked_and_nobody_is_blamed(scene: Scene) -> None:
    scene.chat.always(answers.whole(answers.chat("heard")))
    for response in [scene.ask() for _ in range(3)]:
        assert response.status == 200, response.body
        assert response.header("x-glimway-provider") == "chat"
    assert scene.other.requests == []
    found = scene.gateway.get("/v1/generations/" + str(response.header("x-request-id"))).json()
    (attempt,) = found["attempts"]
    assert attempt["why"] == "lab/m@other cannot be asked this"


def test_where_nobody_can_be_asked_the_caller_is_told_why(scene: Scene) -> None:
    response = scene.ask("lab/m@other")
    assert (response.status, response.json()["error"]["code"]) == (400, "unsupported")


def test_a_fault_says_more_than_that_the_last_cannot_be_asked(scene: Scene) -> None:
    scene.chat.always(answers.error(500, "oops"))
    response = scene.ask(provider={"order": ["chat", "other"]})
    assert response.status == 503
    assert scene.other.requests == []
