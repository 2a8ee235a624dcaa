"""What becomes of a request whose providers fail, where it is not as simple as one of each fault.

Over real sockets; ``failover`` has every fault in every dialect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from engine.failover.pack import ENDPOINT, PROVIDER
from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider
from kit.steps import WaitForClose

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[deadlines]
connect_ms = 300
first_token_ms = 1200
answer_ms = 1200
between_tokens_ms = 400
commit_after_ms = 100
"""
MODEL = """
[[models]]
id = "lab/m"
context = 200000
"""


def head(**headers: str) -> bytes:
    return answers.head(200, {"content-type": "text/event-stream", **headers})


class Ring:
    """A gateway and its providers; each marks whatever it says with its number."""

    def __init__(self, gateway: Gateway, providers: list[ScriptedProvider]) -> None:
        self.gateway = gateway
        self.providers = providers

    def well(self, number: int, *, stream: bool) -> None:
        """Provider ``number`` answers well, once."""
        text = f"from {number}"
        if stream:
            self.providers[number].script(*answers.stream(answers.chat_frames(text)))
        else:
            self.providers[number].script(answers.whole(answers.chat(text)))

    def ask(self, *, stream: bool) -> Response:
        """One call, in the order of the providers' numbers."""
        order = [f"p{number + 1}" for number in range(len(self.providers))]
        body: dict[str, Any] = {
            "model": "lab/m",
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": stream,
            "provider": {"order": order},
        }
        with self.gateway.client() as client:
            client.post_json(CHAT, body, self.gateway.headers())
            return client.read_response()

    def receipt(self, response: Response) -> dict[str, Any]:
        """The receipt of an answer."""
        found = self.gateway.get("/v1/generations/" + str(response.header("x-request-id")))
        document = found.json()
        assert isinstance(document, dict)
        return document


@contextmanager
def ring(count: int) -> Iterator[Ring]:
    with ExitStack() as stack:
        providers = [stack.enter_context(ScriptedProvider()) for _ in range(count)]
        numbered = list(enumerate(providers, 1))
        text = CONFIG
        text += "".join(PROVIDER.format(number=n, url=one.url) for n, one in numbered)
        text += MODEL + "".join(ENDPOINT.format(number=n) for n, _ in numbered)
        environment = {"P_API_KEY": "sk-of-this-test"}
        yield Ring(stack.enter_context(Gateway(text, environment=environment)), providers)


@pytest.fixture
def two() -> Iterator[Ring]:
    with ring(2) as made:
        yield made


@pytest.fixture
def three() -> Iterator[Ring]:
    with ring(3) as made:
        yield made


def said(response: Response, *, stream: bool) -> tuple[str, str | None, dict[str, Any] | None]:
    """The text, the reason of the end, and an error event if there was one."""
    if not stream:
        (choice,) = response.json()["choices"]
        return choice["message"]["content"], choice["finish_reason"], None
    text, reason, error = "", None, None
    for block in response.body.decode().split("\n\n"):
        data = block.removeprefix("data: ")
        if not block.startswith("data: ") or data == "[DONE]":
            continue
        document = json.loads(data)
        error = document.get("error") or error
        for choice in document.get("choices", ()):
            text += choice["delta"].get("content") or ""
            reason = choice["finish_reason"] or reason
    return text, reason, error


STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@STREAMED
def test_when_all_fail_the_caller_learns_it_and_pays_nothing(three: Ring, stream: bool) -> None:
    for provider in three.providers:
        provider.script(answers.error(503, "away"))
    response = three.ask(stream=stream)
    assert response.status == 503
    assert response.header("retry-after") is not None
    receipt = three.receipt(response)
    assert (receipt["status"], receipt["cost_nanousd"]) == ("failed", 0)
    assert len(receipt["attempts"]) == 3


@STREAMED
def test_what_is_wrong_with_the_request_is_not_asked_of_others(two: Ring, stream: bool) -> None:
    two.providers[0].script(answers.error(400, "temperature must not be purple"))
    response = two.ask(stream=stream)
    assert response.status == 400
    assert "purple" in response.body.decode()
    assert len(two.receipt(response)["attempts"]) == 1


def test_the_head_that_went_out_early_does_not_keep_another_from_answering(two: Ring) -> None:
    two.providers[0].script(head(), WaitForClose())  # silent for longer than ``commit_after_ms``
    two.well(1, stream=True)
    response = two.ask(stream=True)
    assert said(response, stream=True)[0] == "from 1"
    assert response.body.startswith(b":")  # the head and a comment were there first


def test_a_provider_that_is_away_is_left_alone_after_five_faults(two: Ring) -> None:
    for _ in range(5):
        two.providers[0].script(answers.error(503, "away"))
    for _ in range(8):
        two.well(1, stream=False)
    tried = [len(two.receipt(two.ask(stream=False))["attempts"]) for _ in range(8)]
    assert tried == [2, 2, 2, 2, 2, 1, 1, 1]
    assert len(two.providers[0].requests) == 5


def test_who_asks_for_a_rest_gets_it(two: Ring) -> None:
    two.providers[0].script(answers.error(429, "slow", {"retry-after": "30"}))
    two.well(1, stream=False)
    two.well(1, stream=False)
    assert len(two.receipt(two.ask(stream=False))["attempts"]) == 2
    assert len(two.receipt(two.ask(stream=False))["attempts"]) == 1
