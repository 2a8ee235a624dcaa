"""One gateway for all tests of a file that need no configuration of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.stage import Stage, staged


@pytest.fixture(scope="package")
def plain() -> Iterator[Stage]:
    """A gateway without limits, with the usual deadlines."""
    with staged() as stage:
        yield stage


@pytest.fixture
def stage(plain: Stage) -> Iterator[Stage]:
    """As ``plain``, for one test: nothing scripted is left over from another."""
    yield plain
    left = plain.provider._scripts.waiting
    plain.provider._scripts.waiting = []
    plain.provider._scripts.always = None
    assert not left, "a scripted answer was not asked for"
