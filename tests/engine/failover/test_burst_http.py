"""Many requests at once, all of them at a provider in the moment in which it dies.

Over real sockets, with the usual settings: the retry budget keeps a storm from what is down, and
must not keep anybody from the one that is well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from engine.failover.pack import Pack, pack
from kit import answers
from kit.http import Response
from kit.steps import Pause, Reset

AT_ONCE = 60


@pytest.fixture
def three() -> Iterator[Pack]:
    with pack(3) as made:
        yield made


@pytest.mark.parametrize(
    ("fresh", "stream"),
    [(True, False), (False, True)],
    ids=["whole answers at the start", "streams later"],
)
def test_all_are_answered_by_the_one_that_is_well(three: Pack, stream: bool, fresh: bool) -> None:
    first, second, third = three.providers
    if not fresh:
        first.always(*three.well(0, stream=stream))
        assert all(three.ask(stream=stream).status == 200 for _ in range(3))
    begun = len(first.requests)
    dies = threading.Event()
    first.always(Pause(dies), Reset())
    second.always(answers.error(503, "away"))
    third.always(*three.well(2, stream=stream))

    def kill() -> None:
        first.wait_until(lambda: len(first.requests) == begun + AT_ONCE)
        dies.set()

    def ask(_: int) -> Response:
        return three.ask(stream=stream)

    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE + 1))
        killed = pool.submit(kill)
        all_answered = list(pool.map(ask, range(AT_ONCE)))
        killed.result()
    assert [one.body for one in all_answered if one.status != 200] == []
    assert all(b"from 2" in one.body for one in all_answered)
