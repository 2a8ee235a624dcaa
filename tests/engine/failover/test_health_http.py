"""Who fails is left alone, is looked after by one request at a time, and is asked all the same
where nobody else is left.

Over real sockets, with the shortest rests that can be set.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.failover.pack import Pack, pack
from kit import answers
from kit.http import Response
from kit.steps import Pause, Reset

REST_S = 0.2
RESTS = f"""
[routing]
attempts = 2

[routing.health]
failures_in_a_row = 2

[routing.cooldown]
overloaded_s = {REST_S}
overloaded_most_s = 60
unreachable_s = {REST_S}
unreachable_most_s = 60

[routing.retry]
backoff_ms = 0
wait_most_ms = 900
"""
AWAY = answers.error(503, "away")
AT_ONCE = 8


@pytest.fixture(scope="module")
def pair() -> Iterator[Pack]:
    with pack(2, RESTS) as made:
        yield made


@pytest.fixture(scope="module")
def alone() -> Iterator[Pack]:
    with pack(1, RESTS) as made:
        yield made


@pytest.fixture
def two(pair: Pack) -> Pack:
    """The first one is away, the second one well."""
    pair.renew()
    pair.providers[0].always(AWAY)
    pair.providers[1].always(*pair.well(1))
    return pair


@pytest.fixture
def one(alone: Pack) -> Pack:
    """It is away."""
    alone.renew()
    alone.providers[0].always(AWAY)
    return alone


def lay_down(pack: Pack) -> float:
    """Let the first provider fail until it rests; when its rest began."""
    first = pack.providers[0]
    for _ in range(2):
        assert pack.ask().status == 200
    assert len(first.requests) == 2
    return time.monotonic()


def tried(pack: Pack, seen: int) -> Response:
    """Ask until the first provider is asked again; the answer of the request that did."""
    until_s = time.monotonic() + 20
    while time.monotonic() < until_s:
        answer = pack.ask()
        assert answer.status == 200
        if len(pack.providers[0].requests) > seen:
            return answer
    raise AssertionError("nobody looks whether it is well again")


def test_who_rests_is_looked_after_by_one_request_while_others_go_elsewhere(two: Pack) -> None:
    lay_down(two)
    first, second = two.providers
    well = threading.Event()
    first.always(Pause(well), *two.well(0))
    with ThreadPoolExecutor(1) as pool:
        # It waits at the first provider until the others have been answered by the second.
        probe = pool.submit(tried, two, 2)
        first.wait_for_requests(3)
        begun = len(second.requests)
        with ThreadPoolExecutor(AT_ONCE) as many:
            others = list(many.map(lambda _: two.ask(), range(AT_ONCE)))
        assert all(b"from 1" in answer.body for answer in others)
        assert len(second.requests) == begun + AT_ONCE
        assert len(first.requests) == 3
        well.set()
        assert b"from 0" in probe.result().body
    assert all(two.asked(two.ask()) == [("p1", "ok")] for _ in range(3))


def test_a_try_that_fails_is_nobodys_loss_and_the_next_rest_is_twice_as_long(two: Pack) -> None:
    began_s = lay_down(two)
    first = two.providers[0]
    for rest in (1, 2):
        answer = tried(two, 1 + rest)
        assert b"from 1" in answer.body
        assert two.asked(answer) == [("p1", "overloaded"), ("p2", "ok")]
        # It was asked after the rest, not before; the moment in which it began is a bit later.
        assert first.requests[-1].at_s - began_s >= rest * REST_S - 0.1
        began_s = first.requests[-1].at_s
    first.always(*two.well(0))
    assert b"from 0" in tried(two, 4).body


@pytest.mark.parametrize("fault", ["503", "reset"])
def test_the_last_endpoint_is_never_taken_away(one: Pack, fault: str) -> None:
    (provider,) = one.providers
    if fault == "reset":
        provider.always(Reset())
    for asked in range(1, 13):
        answer = one.ask()
        assert answer.status == 503
        assert answer.json()["error"]["code"] == "service_unavailable"
        assert len(provider.requests) > asked - 1
    provider.always(*one.well(0))
    answers_now = [one.ask() for _ in range(4)]
    assert [answer.status for answer in answers_now] == [200] * 4
    assert one.asked(answers_now[1]) == [("p1", "ok")]


def test_the_only_provider_is_tried_again_after_the_wait_that_was_set(one: Pack) -> None:
    (provider,) = one.providers
    waits = []
    for _ in range(4):
        provider.script(AWAY)
        provider.script(*one.well(0))
        answer = one.ask()
        assert answer.status == 200
        waits += [tried["wait_ms"] for tried in one.receipt(answer)["attempts"]]
    assert waits == [0] * 8


@pytest.mark.parametrize(("asked_s", "tries"), [("1", 1), ("0.1", 2)])
def test_who_asks_for_a_longer_wait_than_was_set_is_not_tried_again(
    one: Pack, asked_s: str, tries: int
) -> None:
    one.providers[0].script(answers.error(503, "away", {"retry-after": asked_s}))
    one.providers[0].always(*one.well(0))
    answer = one.ask()
    assert answer.status == (200 if tries > 1 else 503)
    assert len(one.asked(answer)) == tries


def test_where_all_rest_one_is_asked_all_the_same(two: Pack) -> None:
    first, second = two.providers
    second.always(AWAY)
    for _ in range(6):
        before = len(first.requests) + len(second.requests)
        assert two.ask().status == 503
        assert len(first.requests) + len(second.requests) > before
    first.always(*two.well(0))
    second.always(*two.well(1))
    assert [two.ask().status for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_one_that_rests_answers_where_the_one_that_was_well_fails(
    two: Pack, stream: bool
) -> None:
    lay_down(two)
    first, second = two.providers
    first.always(*two.well(0, stream=stream))  # while it rests
    second.always(Reset())
    answer = two.ask(stream=stream)
    assert (answer.status, b"from 0" in answer.body) == (200, True)
    kinds = [tried[1] for tried in two.asked(answer)]
    assert kinds in (["unreachable", "ok"], ["ok"])  # the shorter one: the rest was over
    assert [two.ask(stream=stream).status for _ in range(6)] == [200] * 6


def test_where_one_of_two_that_rest_is_well_nobody_fails_for_long(two: Pack) -> None:
    first, second = two.providers
    second.always(AWAY)
    for _ in range(4):
        assert two.ask().status == 503
    second.always(*two.well(1))  # the first one stays away
    until_s = time.monotonic() + 20
    while two.ask().status != 200:
        assert time.monotonic() < until_s, "the one that is well is not found"
    assert [two.ask().status for _ in range(6)] == [200] * 6
    assert first.requests
