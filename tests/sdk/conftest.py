"""OpenAI's library in front of one gateway, in front of one scripted host."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from seeds.setting import UNLIMITED, Prices, model, provider

PRICES = Prices(input="0.07", cached="0.01", output="0.40")

HASTY = "deadlines = { answer_ms = 250, first_token_ms = 250 }"
HALTING = "deadlines = { between_tokens_ms = 250 }"


@pytest.fixture(scope="session")
def running_host() -> Iterator[ScriptedProvider]:
    """The one host of all tests."""
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture
def host(running_host: ScriptedProvider) -> Iterator[ScriptedProvider]:
    """The host behind ``lab/m``; with short deadlines behind ``lab/hasty`` (for the first word)
    and ``lab/halting`` (between words)."""
    yield running_host
    unused = running_host._scripts.waiting.copy()
    running_host._scripts.waiting.clear()
    assert not unused, "a script was left over"
    assert not running_host.faults, "the host was asked more often than scripted"


@pytest.fixture(scope="session")
def gateway(running_host: ScriptedProvider) -> Iterator[Gateway]:
    """The gateway; ``sandbox/*`` is there too."""
    url = f"{running_host.url}/v1"
    config = [
        "[routing]\nattempts = 1\n",  # what a client sees of one try
        '[responses]\nstore = "always"\n',  # as at OpenAI
        UNLIMITED,
        provider("rack1", "openai", url),
        provider("rack2", "openai", url, HASTY),
        provider("rack3", "openai", url, HALTING),
        model("lab/m", "rack1", "m", "em", prices=PRICES),
        model("lab/hasty", "rack2", "m"),
        model("lab/halting", "rack3", "m"),
    ]
    with Gateway("".join(config)) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """The library; it tries once."""
    base_url = f"{gateway.url}/v1"
    with openai.OpenAI(base_url=base_url, api_key=gateway.key, max_retries=0) as one:
        yield one
