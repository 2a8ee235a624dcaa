"""A gateway before some providers, asked in a fixed order, each with scripts of its own.

Knows how they are configured, asked and read. Refuses to know what is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

from engine.stage import CHAT
from kit import answers
from kit.gateway import Gateway
from kit.http import Response
from kit.provider import ScriptedProvider
from kit.steps import Step

CONFIG = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0
"""
PROVIDER = """
[[providers]]
id = "p{number}"
profile = "openai"
base_url = "{url}/v1"
private = true
api_key = {{ env = "P_API_KEY" }}
"""
MODEL = """
[[models]]
id = "{id}"
context = 200000
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "p{number}"
  model = "m"
  price = {{ input = "{number}000", output = "{number}000" }}
"""


MODELS = 12
"""Tests that may share a gateway: the health of a model's endpoints is that model's own."""


class Pack:
    """The gateway and its providers; each marks whatever it says with its number."""

    def __init__(self, gateway: Gateway, providers: list[ScriptedProvider]) -> None:
        self.gateway = gateway
        self.providers = providers
        self.model = "lab/m0"
        self._fresh = count(1)

    def renew(self) -> None:
        """From now on a model is asked whose endpoints never failed, and nothing was asked yet."""
        number = next(self._fresh)
        assert number < MODELS, "more tests than models"
        self.model = f"lab/m{number}"
        for provider in self.providers:
            provider.requests.clear()

    def well(self, number: int, *, stream: bool = False) -> list[Step]:
        """A good answer of provider ``number``."""
        text = f"from {number}"
        if stream:
            return list(answers.stream(answers.chat_frames([text])))
        return [answers.whole(answers.chat(text))]

    def ask(self, *, stream: bool = False) -> Response:
        """One call."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": stream,
        }
        return self.gateway.post(CHAT, body)

    def receipt(self, response: Response) -> dict[str, Any]:
        """The receipt of an answer."""
        found = self.gateway.get("/v1/generations/" + str(response.header("x-request-id")))
        document = found.json()
        assert isinstance(document, dict)
        return document

    def asked(self, response: Response) -> list[tuple[str, str]]:
        """Who was asked for an answer, and how that ended."""
        return [(one["provider"], one["outcome"]) for one in self.receipt(response)["attempts"]]


@contextmanager
def pack(size: int, more: str = "") -> Iterator[Pack]:
    """So many providers, the cheaper ones first.

    Args:
        size: how many.
        more: further configuration.
    """
    with ExitStack() as stack:
        providers = [stack.enter_context(ScriptedProvider()) for _ in range(size)]
        text = CONFIG + more
        for number, provider in enumerate(providers):
            text += PROVIDER.format(number=number + 1, url=provider.url)
        for number in range(MODELS):
            text += MODEL.format(id=f"lab/m{number}")
            text += "".join(ENDPOINT.format(number=place + 1) for place in range(size))
        environment = {"P_API_KEY": "sk-of-this-test"}
        yield Pack(stack.enter_context(Gateway(text, environment=environment)), providers)
