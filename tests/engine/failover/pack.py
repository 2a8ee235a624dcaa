"""A gateway before some providers of one model, in a fixed order, each with scripts of its own.

Knows how they are configured, asked and read. Refuses to know what is tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
id = "lab/m"
context = 200000
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "p{number}"
  model = "m"
  price = {{ input = "{number}000", output = "{number}000" }}
"""


class Pack:
    """The gateway and its providers; each marks whatever it says with its number."""

    def __init__(self, gateway: Gateway, providers: list[ScriptedProvider]) -> None:
        self.gateway = gateway
        self.providers = providers

    def well(self, number: int, *, stream: bool = False) -> list[Step]:
        """A good answer of provider ``number``."""
        text = f"from {number}"
        if stream:
            return list(answers.stream(answers.chat_frames([text])))
        return [answers.whole(answers.chat(text))]

    def ask(self, *, stream: bool = False) -> Response:
        """One call."""
        body: dict[str, Any] = {
            "model": "lab/m",
            "messages": [{"role": "user", "content": "Hi."}],
            "stream": stream,
        }
        return self.gateway.post(CHAT, body)

    def asked(self, response: Response) -> list[tuple[str, str]]:
        """Who was asked for an answer, and how that ended."""
        found = self.gateway.get("/v1/generations/" + str(response.header("x-request-id")))
        return [(one["provider"], one["outcome"]) for one in found.json()["attempts"]]


@contextmanager
def pack(count: int, more: str = "") -> Iterator[Pack]:
    """So many providers, the cheaper ones first.

    Args:
        count: of providers.
        more: further configuration.
    """
    with ExitStack() as stack:
        providers = [stack.enter_context(ScriptedProvider()) for _ in range(count)]
        text = CONFIG + more
        for number, provider in enumerate(providers):
            text += PROVIDER.format(number=number + 1, url=provider.url)
        text += MODEL + "".join(ENDPOINT.format(number=n + 1) for n in range(count))
        environment = {"P_API_KEY": "sk-of-this-test"}
        yield Pack(stack.enter_context(Gateway(text, environment=environment)), providers)
