"""One gateway in front of a host that says what a test tells it, in the shape of each family."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from sandbox.stage import Stage
from seeds.setting import UNLIMITED, Prices, model, provider

ONE_TRY = "[routing]\nattempts = 1\n"
PRICES = Prices(input="0.60", cached="0.11", output="2.20")


@pytest.fixture(scope="session")
def running_host() -> Iterator[ScriptedProvider]:
    """The one scripted host of all tests."""
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture
def host(running_host: ScriptedProvider) -> Iterator[ScriptedProvider]:
    """The host, behind ``glm-4.5-air`` (as AceData), ``zai-org/GLM-4.7`` (as DeepInfra) and
    ``glm-4.7`` (as Z.ai)."""
    yield running_host
    unused = running_host._scripts.waiting.copy()
    running_host._scripts.waiting.clear()
    assert not unused, "a script was left over"
    assert not running_host.faults, "the host was asked more often than scripted"


@pytest.fixture(scope="session")
def emulated() -> Iterator[Stage]:
    """Hosts of every family, emulated; ``emulated.sandbox.seen`` tells what reached them."""
    with Stage("uvloop") as stage:
        yield stage


@pytest.fixture(scope="session")
def gateway(running_host: ScriptedProvider, emulated: Stage) -> Iterator[Gateway]:
    """The gateway. ``glm-4.7-flash`` is emulated, strict about what Z.ai refuses."""
    url = f"{running_host.url}/v1"
    config = [
        ONE_TRY,
        UNLIMITED,
        provider("first", "zai", emulated.sandbox.url("zai")),
        provider("ace", "acedata", url),
        provider("infra", "deepinfra", url),
        provider("maker", "zai", url),
        model("lab/flash", "first", "glm-4.7-flash:strict", "glm-4.7-flash"),
        model("lab/air", "ace", "glm-4.5-air", "glm-4.5-air", prices=PRICES),
        model("lab/large", "infra", "zai-org/GLM-4.7", "zai-org/GLM-4.7", prices=PRICES),
        model("lab/glm", "maker", "glm-4.7", "glm-4.7", prices=PRICES),
    ]
    with Gateway("".join(config)) as running:
        yield running
