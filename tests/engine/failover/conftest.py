"""One gateway for all tests of the folder that run in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.failover.ring import Ring, ring


@pytest.fixture(scope="package")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    """Before the hosts that fail."""
    with ring(tmp_path_factory.mktemp("papers")) as made:
        yield made
