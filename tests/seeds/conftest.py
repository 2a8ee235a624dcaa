"""One gateway for all of these tests, in front of emulated hosts and one that is scripted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from sandbox.stage import Stage
from seeds.setting import configuration


@pytest.fixture(scope="session")
def hosts() -> Iterator[Stage]:
    """Hosts of every family, emulated; ``hosts.sandbox.seen`` tells what reached them."""
    with Stage("uvloop") as stage:
        yield stage


@pytest.fixture(scope="session")
def running_odd() -> Iterator[ScriptedProvider]:
    """The one scripted host of all tests."""
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture
def odd(running_odd: ScriptedProvider) -> Iterator[ScriptedProvider]:
    """A host that does what a test tells it, behind the model ``lab/odd``."""
    yield running_odd
    unused = running_odd._scripts.waiting.copy()
    running_odd._scripts.waiting.clear()
    assert not unused, "a script was left over"


@pytest.fixture(scope="session")
def gateway(hosts: Stage, running_odd: ScriptedProvider) -> Iterator[Gateway]:
    """The gateway, with the names that the programs ask for."""
    one_try = "[routing]\nattempts = 1\n"
    with Gateway(one_try + configuration(hosts.sandbox.url, f"{running_odd.url}/v1")) as running:
        yield running
