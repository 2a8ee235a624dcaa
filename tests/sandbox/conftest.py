"""A running sandbox for the tests of a module, on asyncio's loop and on uvloop's.

Knows the fixture only. Refuses to know what the tests ask.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.stage import LOOPS, Stage


@pytest.fixture(scope="module", params=list(LOOPS))
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A sandbox that the tests of a module share: none of them changes what others see."""
    with Stage(request.param) as running:
        yield running
