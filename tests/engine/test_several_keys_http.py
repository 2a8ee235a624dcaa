"""Several keys of one provider: the next is used where one is limited, spent or refused.

Over real sockets, with two providers of which the first has three keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Step

CONFIG = """
[routing]
attempts = {attempts}

[[providers]]
id = "keyed"
profile = "openai"
base_url = "{first}/v1"
private = true
api_keys = [{{ env = "ONE_KEY" }}, {{ env = "TWO_KEY" }}, {{ env = "THREE_KEY" }}]

[[providers]]
id = "other"
profile = "openai"
base_url = "{second}/v1"
private = true

[[models]]
id = "lab/m"
  [[models.endpoints]]
  provider = "keyed"
  model = "m"
  price = {{ input = "1", output = "1" }}
  [[models.endpoints]]
  provider = "other"
  model = "m"
  price = {{ input = "9", output = "9" }}
"""
ENVIRONMENT = {"ONE_KEY": "sk-one", "TWO_KEY": "sk-two", "THREE_KEY": "sk-three"}


class Scene:
    """A gateway, the provider with three keys, and the dearer one."""

    def __init__(self, gateway: Gateway, keyed: ScriptedProvider, other: ScriptedProvider) -> None:
        self.gateway, self.keyed, self.other = gateway, keyed, other
        self.bad: dict[str, Step] = {}
        keyed.always_by(self._answer)
        other.always(answers.whole(answers.chat("other")))

    def _answer(self, request: Recorded) -> list[Step]:
        step = self.bad.get(used(request))
        return [answers.whole(answers.chat("keyed")) if step is None else step]

    def ask(self) -> Response:
        body = {"model": "lab/m", "messages": [{"role": "user", "content": "Hi."}]}
        return self.gateway.post(CHAT, body)

    def used(self) -> list[str]:
        """The keys of all requests so far."""
        return [used(request) for request in self.keyed.requests]

    def attempts(self, response: Response) -> list[dict[str, Any]]:
        found = self.gateway.get("/v1/generations/" + str(response.header("x-request-id"))).json()
        attempts = found["attempts"]
        assert isinstance(attempts, list)
        return attempts


def used(request: Recorded) -> str:
    return str(request.header("authorization")).removeprefix("Bearer sk-")


@contextmanager
def scene(attempts: int = 3) -> Iterator[Scene]:
    with ScriptedProvider() as keyed, ScriptedProvider() as other:
        text = CONFIG.format(first=keyed.url, second=other.url, attempts=attempts)
        with Gateway(text, environment=ENVIRONMENT) as gateway:
            yield Scene(gateway, keyed, other)


def text(response: Response) -> str:
    assert response.status == 200, response.body
    content = response.json()["choices"][0]["message"]["content"]
    assert isinstance(content, str)
    return content


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (answers.error(429, "slow down", {"retry-after": "60"}), "rate_limited"),
        (answers.error(402, "pay"), "quota"),
        (answers.error(401, "who"), "auth"),
    ],
)
def test_another_key_comes_before_another_provider_and_the_first_rests(
    fault: Step, kind: str
) -> None:
    with scene() as here:
        here.bad["one"] = fault
        first = here.ask()
        assert text(first) == "keyed"
        assert here.used() == ["one", "two"]
        tries = here.attempts(first)
        assert [one["outcome"] for one in tries] == [kind, "ok"]
        assert tries[1]["why"] == f"after {kind} at lab/m@keyed, with key 2 of 3"
        assert first.header("x-glimway-attempts") == "2"
        # The key rests, the endpoint does not: nobody finds out anew, nothing is tried twice.
        assert text(here.ask()) == "keyed"
        assert here.used() == ["one", "two", "two"]


def test_when_all_keys_rest_the_other_provider_answers_and_the_endpoint_rests() -> None:
    with scene(attempts=4) as here:
        limited = answers.error(429, "slow down", {"retry-after": "60"})
        here.bad = {"one": limited, "two": answers.error(401, "who"), "three": limited}
        assert text(here.ask()) == "other"
        assert here.used() == ["one", "two", "three"]
        assert text(here.ask()) == "other"
        assert len(here.keyed.requests) == 3


def test_keys_share_the_tries_of_a_request() -> None:
    with scene(attempts=2) as here:
        limited = answers.error(429, "slow down", {"retry-after": "60"})
        here.bad = {"one": limited, "two": limited, "three": limited}
        assert here.ask().status == 429
        assert here.used() == ["one", "two"]
        # The third key is free, so the endpoint is not left alone.
        here.bad = {}
        assert text(here.ask()) == "keyed"
        assert here.used() == ["one", "two", "three"]


def test_a_fault_that_is_not_the_keys_goes_to_the_other_provider() -> None:
    with scene() as here:
        here.bad["one"] = answers.error(503, "away")
        assert text(here.ask()) == "other"
        assert here.used() == ["one"]
