"""Retries: the budget's bounds, who may be tried again, waits, hedges; and keys that rotate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.retry import (
    BURST,
    TRUST_MAX,
    Again,
    HedgeBudget,
    RetryBudget,
    again,
    backoff_s,
    hedge_after_s,
)
from glimway.domain.rotation import KEYS_MAX, Rotation
from glimway.domain.slowness import HOLD_S_MAX, MEASURED_MIN, starts_slowly
from glimway.wire.refusal import FAULT_KINDS, Fault, FaultKind


@given(
    st.lists(st.tuples(st.floats(0, 2), st.integers(0, 20), st.integers(0, 40)), max_size=60),
)
def test_retries_never_exceed_a_fifth_of_the_requests_and_ten_a_second(
    story: list[tuple[float, int, int]],
) -> None:
    budget, now_s = RetryBudget(0.0), 0.0
    moments: list[tuple[float, int, int]] = []
    for passed_s, requests, wanted in story:
        now_s += passed_s
        for _ in range(requests):
            budget.began()
        taken = sum(budget.take(now_s, sound=False) for _ in range(wanted))
        moments.append((now_s, requests, taken))
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            window = moments[first : last + 1]
            span_s = window[-1][0] - window[0][0]
            most = 0.2 * sum(one[1] for one in window) + 10 * span_s + BURST + 0.02
            assert sum(one[2] for one in window) <= most


def test_all_down_at_five_hundred_a_second_stays_within_the_bound() -> None:
    budget, tries = RetryBudget(0.0), 0
    for request in range(10_000):
        now_s = request / 500
        budget.began()
        tries += 1 + sum(budget.take(now_s, sound=False) for _ in range(2))
    assert tries <= 1.2 * 10_000 + 10 * 20 + BURST


def test_a_sound_endpoint_takes_over_everything_that_answers_have_earned() -> None:
    budget = RetryBudget(0.0)
    assert sum(budget.take(0.0, sound=True) for _ in range(2000)) == BURST + TRUST_MAX
    for _ in range(1000):
        budget.answered()
    saved = sum(budget.take(0.0, sound=True) for _ in range(2000))
    assert saved == TRUST_MAX
    budget.answered()
    assert not budget.take(0.0, sound=False)
    assert budget.take(0.0, sound=True)


def test_a_clock_that_steps_back_earns_nothing() -> None:
    budget = RetryBudget(100.0)
    while budget.take(100.0, sound=False):
        pass
    assert not budget.take(0.0, sound=False)
    assert not budget.take(100.05, sound=False)
    assert budget.take(100.1, sound=False)


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_a_refusal_of_the_request_is_tried_nowhere(kind: FaultKind) -> None:
    assert again(Fault(kind, "x", refusal="context_too_long")) == Again(elsewhere=False, here=False)


@pytest.mark.parametrize(
    ("fault", "elsewhere", "here"),
    [
        (Fault("unreachable", "x"), True, True),
        (Fault("overloaded", "x", status=503), True, True),
        (Fault("broken", "x"), True, True),
        (Fault("rate_limited", "1302", status=429), True, True),
        (Fault("rate_limited", "x", status=429, retry_after_s=2.0), True, True),
        (Fault("overloaded", "1305", status=429, retry_after_s=30.0), True, False),
        (Fault("timeout", "x"), True, False),
        (Fault("quota", "1113", status=429), True, False),
        (Fault("auth", "x", status=401), True, False),
        (Fault("rejected", "x", status=400), False, False),
        (Fault("rejected", "x", status=404), True, False),
    ],
)
def test_what_may_be_tried_again(fault: Fault, elsewhere: bool, here: bool) -> None:
    assert again(fault) == Again(elsewhere=elsewhere, here=here)


@given(st.integers(1, 100), st.floats(0, 1), st.none() | st.floats(0, 5))
def test_waits_are_jittered_bounded_and_never_before_the_time_asked_for(
    tries: int, chance: float, asked_s: float | None
) -> None:
    wait_s = backoff_s(tries, chance, asked_s)
    least_s = asked_s or 0.0
    assert least_s <= wait_s <= least_s + min(0.1 * 2**tries, 2.0)


@given(st.floats(0, 100), st.integers(0, 2000))
def test_hedges_stay_below_their_share(percent: float, requests: int) -> None:
    budget, hedges = HedgeBudget(percent), 0
    for _ in range(requests):
        budget.began()
        hedges += budget.take()
    assert hedges <= requests * percent / 100 + 1e-6


def test_a_hedge_waits_for_the_endpoints_own_p95() -> None:
    assert hedge_after_s(850.0, 500) == 0.85
    assert hedge_after_s(850.0, 10) is None
    assert hedge_after_s(None, 500) is None


# ---- keys -------------------------------------------------------------------------------------

LIMITED = Fault("rate_limited", "x", status=429, retry_after_s=10.0)


def test_one_key_is_used_until_it_is_limited() -> None:
    keys = Rotation(3)
    assert [keys.pick(0.0) for _ in range(5)] == [0] * 5
    assert keys.failed(0, LIMITED, 0.0)
    assert [keys.pick(0.1) for _ in range(5)] == [1] * 5
    assert keys.pick(100.0) == 1  # it holds the prompt cache now


def test_when_all_keys_rest_the_endpoint_has_failed() -> None:
    keys = Rotation(2)
    assert keys.failed(0, LIMITED, 0.0)
    assert not keys.failed(1, LIMITED, 1.0)
    assert keys.pick(1.0) == 0  # the one that is free first
    assert keys.rests(0, 9.9)
    assert keys.pick(10.0) == 0
    assert not keys.rests(0, 10.0)


def test_the_endpoint_rests_until_the_first_key_is_free() -> None:
    keys = Rotation(2)
    assert keys.failed(0, LIMITED, 0.0)
    refused = Fault("auth", "no such key", status=401)
    assert not keys.failed(1, refused, 4.0)
    told = keys.mildest(refused, 4.0)
    assert (told.kind, told.retry_after_s) == ("rate_limited", 6.0)
    overloaded = Fault("overloaded", "x")
    assert keys.mildest(overloaded, 4.0) is overloaded


def test_other_faults_are_not_the_keys() -> None:
    keys = Rotation(2)
    assert not keys.failed(0, Fault("overloaded", "x"), 0.0)
    assert keys.pick(0.0) == 0


def test_a_key_rests_longer_each_time_until_it_is_taken_again() -> None:
    keys, now_s, rests = Rotation(1), 0.0, []
    for _ in range(3):
        keys.failed(0, Fault("rate_limited", "x"), now_s)
        rests.append(keys._until_s[0] - now_s)
        now_s = keys._until_s[0]
    assert rests == [1, 2, 4]
    keys.answered(0)
    keys.failed(0, Fault("rate_limited", "x"), now_s)
    assert keys._until_s[0] - now_s == 1


@pytest.mark.parametrize("count", [0, -1, KEYS_MAX + 1])
def test_no_keys_or_too_many_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="keys"):
        Rotation(count)


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["auth", "quota", "broken"])), max_size=40),
)
def test_a_resting_key_is_picked_only_where_all_rest(
    count: int, story: list[tuple[float, FaultKind]]
) -> None:
    keys, now_s, until_s = Rotation(count), 0.0, [0.0] * count
    for passed_s, kind in story:
        now_s += passed_s
        place = keys.pick(now_s)
        if until_s[place] > now_s:
            assert until_s[place] == min(until_s)
            continue
        keys.failed(place, Fault(kind, "x"), now_s)
        until_s = list(keys._until_s)


# ---- slow starts ------------------------------------------------------------------------------


def test_a_stream_below_the_pace_of_all_others_starts_slowly() -> None:
    known = MEASURED_MIN
    assert starts_slowly(3, 0.2, 20.0, known) is None
    assert starts_slowly(3, 1.0, 20.0, known) is True
    assert starts_slowly(30, 1.0, 20.0, known) is False
    assert starts_slowly(1000, 0.1, 20.0, known) is False  # nothing can make it slow any more


def test_nothing_is_slow_where_too_little_is_known() -> None:
    assert starts_slowly(1, 10.0, 20.0, MEASURED_MIN - 1) is False
    assert starts_slowly(1, 10.0, None, MEASURED_MIN) is False


@given(st.integers(1, 500), st.floats(0.1, 500))
def test_after_the_longest_hold_there_is_a_verdict(tokens: int, slowest: float) -> None:
    assert starts_slowly(tokens, HOLD_S_MAX, slowest, MEASURED_MIN) is not None
