"""A stream that starts slower than its endpoint ever does is left before the client sees it.

Over real sockets, with two providers of one model in a fixed order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider
from kit.steps import Pause, Step, WaitForClose

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[statistics]
refresh_s = 0.1

[routing.slowness]
leave = "always"
"""
PROVIDER = """
[[providers]]
id = "{name}"
profile = "openai"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{name}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""
MEASURED = 210
"""Streams after which the slowest hundredth says something."""


def usual() -> list[Step]:
    """Ten tokens in some 60 ms."""
    head, role, first, *rest = answers.stream(answers.chat_frames(with_usage=False)[:-1])
    last = {**answers.chat_chunk({}), "choices": [], "usage": answers.usage(7, 10)}
    end = [answers.chunk(answers.frame(last) + answers.DONE)]
    return [head, role, first, Pause(0.06), *rest[:-1], *end, answers.LAST_CHUNK]


def opened(*texts: str) -> list[Step]:
    """A stream that has begun."""
    head, role, *_ = answers.stream(answers.chat_frames())
    frames = [answers.frame(answers.chat_chunk({"content": text})) for text in texts]
    return [head, role, *map(answers.chunk, frames)]


def quick(text: str) -> list[Step]:
    return [*answers.stream(answers.chat_frames([text]))]


class Road:
    """A gateway before two providers, asked in their order."""

    def __init__(self, gateway: Gateway, lead: ScriptedProvider, second: ScriptedProvider) -> None:
        self.gateway = gateway
        self.lead = lead
        self.second = second

    def ask(self, **wishes: Any) -> Response:
        body = {
            "model": "lab/m",
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": True,
            "provider": {"order": ["lead", "second"], **wishes},
        }
        with self.gateway.client() as client:
            client.post_json(CHAT, body, self.gateway.headers())
            return client.read_response()

    def measure(self) -> None:
        self.lead.always(*usual())
        with ThreadPoolExecutor(8) as pool:
            for response in pool.map(lambda _: self.ask(only=["lead"]), range(MEASURED)):
                assert response.status == 200, response.body
        due_s = time.monotonic() + 10
        while self._measured() < MEASURED:
            assert time.monotonic() < due_s
            time.sleep(0.02)
        time.sleep(0.15)  # what came last is read at the next turn

    def _measured(self) -> int:
        shown = self.gateway.get("/v1/models/lab/m/endpoints").json()["data"]
        measured = shown[0]["statistics"]["5m"]["measured"]
        assert isinstance(measured, int)
        return measured

    def tries(self, response: Response) -> list[tuple[str, str]]:
        found = self.gateway.get(f"/v1/generations/{response.header('x-request-id')}").json()
        return [(one["provider"], one["outcome"]) for one in found["attempts"]]


@pytest.fixture(scope="module")
def road() -> Iterator[Road]:
    with ExitStack() as stack:
        lead, second = (stack.enter_context(ScriptedProvider()) for _ in range(2))
        text = CONFIG
        text += PROVIDER.format(name="lead", url=lead.url)
        text += PROVIDER.format(name="second", url=second.url)
        text += '\n[[models]]\nid = "lab/m"\ncontext = 200000\n'
        text += ENDPOINT.format(name="lead") + ENDPOINT.format(name="second")
        environment = {"P_API_KEY": "sk-of-this-test"}
        made = Road(stack.enter_context(Gateway(text, environment=environment)), lead, second)
        made.measure()
        yield made


def text_of(response: Response) -> str:
    blocks = response.body.decode().split("\n\n")
    frames = [block.removeprefix("data: ") for block in blocks if block.startswith("data: {")]
    return "".join(
        choice["delta"].get("content") or ""
        for frame in frames
        for choice in json.loads(frame).get("choices", ())
    )


def test_an_endpoint_whose_answer_crawls_is_left_for_another(road: Road) -> None:
    road.lead.script(*opened("one ", "two "), WaitForClose())
    road.second.script(*quick("from the second"))
    response = road.ask()
    assert text_of(response) == "from the second"
    assert road.tries(response) == [("lead", "timeout"), ("second", "ok")]
    road.lead.wait_for_leave(road.lead.requests[-1], 1.0)


def test_an_endpoint_whose_first_token_is_far_beyond_its_time_is_left(road: Road) -> None:
    road.lead.script(answers.head(200, answers.EVENT_STREAM), WaitForClose())
    road.second.script(*quick("from the second"))
    began_s = time.monotonic()
    response = road.ask()
    assert 1.0 <= time.monotonic() - began_s < 5.0
    assert text_of(response) == "from the second"
    assert road.tries(response) == [("lead", "timeout"), ("second", "ok")]


def test_whoever_keeps_its_pace_is_heard(road: Road) -> None:
    texts = [f"{number} " for number in range(150)]
    stream = opened(*texts)
    tail = answers.stream(answers.chat_frames(["end"]))[2:]
    road.lead.script(*stream, Pause(0.7), *tail)
    response = road.ask()
    assert text_of(response) == "".join([*texts, "end"])
    assert road.tries(response) == [("lead", "ok")]


def test_nobody_is_left_for_nobody(road: Road) -> None:
    tail = answers.stream(answers.chat_frames(["end"]))[2:]
    road.lead.script(*opened("one ", "two "), Pause(0.8), *tail)
    response = road.ask(only=["lead"])
    assert text_of(response) == "one two end"
    assert road.tries(response) == [("lead", "ok")]


def test_a_fault_while_frames_are_held_back_is_another_providers_answer(road: Road) -> None:
    error = answers.frame({"error": {"message": "engine lost", "code": 500}})
    road.lead.script(*opened("one "), answers.chunk(error), WaitForClose())
    road.second.script(*quick("from the second"))
    response = road.ask()
    assert text_of(response) == "from the second"
    assert road.tries(response) == [("lead", "overloaded"), ("second", "ok")]
