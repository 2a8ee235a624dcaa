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
def odd() -> Iterator[ScriptedProvider]:
    """A host that does what a test tells it, behind the model ``lab/odd``."""
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture(scope="session")
def gateway(hosts: Stage, odd: ScriptedProvider) -> Iterator[Gateway]:
    """The gateway, with the names that the programs ask for."""
    with Gateway(configuration(hosts.sandbox.url, f"{odd.url}/v1")) as running:
        yield running
