"""Limits: exact counts over every window, exact retry times, debt, headers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import inf, nextafter

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from glimway.domain.limits import PLACE_RETRY_S, UNITS, Denial, Limits, Meter, own_limits

starts = st.sampled_from([0.0, 1e-9, 12.5, 86_400.0, 1e6 / 3, 1e9 + 0.1, 4e9])
steps = st.one_of(
    st.just(0.0),
    st.floats(0, 1e-6),
    st.floats(0, 2),
    st.floats(0, 300),
    st.floats(-5, 0),  # a clock that steps back
)
rates = st.integers(1, 5000)


def ns(seconds: float) -> int:
    return int(seconds * 1e9)


def admitted(denial: Denial | None) -> bool:
    return denial is None


def denied(denial: Denial | None) -> Denial:
    assert denial is not None
    return denial


# ---- counts -----------------------------------------------------------------------------------


@given(starts, rates, st.integers(1, 50), st.lists(steps, max_size=120))
def test_requests_admitted_over_any_window_are_burst_plus_rate(
    start_s: float, per_minute: int, burst: int, moves: list[float]
) -> None:
    limits = Limits(requests_per_minute=per_minute, burst=burst)
    meter = Meter(start_s)
    now_s, latest_ns = start_s, ns(start_s)
    passed: list[int] = []
    for move in moves:
        now_s += move
        latest_ns = max(latest_ns, ns(now_s))
        if meter.admit(limits, now_s, 0) is None:
            passed.append(latest_ns)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window_ns = passed[last] - passed[first]
            assert last - first + 1 <= burst + Fraction(window_ns * per_minute, UNITS)


@given(starts, rates, st.integers(1, 20), st.lists(steps, max_size=120))
def test_requests_are_admitted_exactly_when_the_ideal_bucket_admits(
    start_s: float, per_minute: int, burst: int, moves: list[float]
) -> None:
    limits = Limits(requests_per_minute=per_minute, burst=burst)
    meter = Meter(start_s)
    level, now_s, latest_ns = Fraction(burst), start_s, ns(start_s)
    for move in moves:
        now_s += move
        at_ns = max(latest_ns, ns(now_s))
        level = min(Fraction(burst), level + Fraction((at_ns - latest_ns) * per_minute, UNITS))
        latest_ns = at_ns
        assert admitted(meter.admit(limits, now_s, 0)) == (level >= 1)
        if level >= 1:
            level -= 1


@given(
    starts,
    st.integers(1, 3000),
    st.lists(st.tuples(steps, st.integers(0, 4000), st.integers(0, 6000)), max_size=60),
)
def test_tokens_over_any_window_with_estimates_corrected_later(
    start_s: float, per_minute: int, requests: list[tuple[float, int, int]]
) -> None:
    limits = Limits(tokens_per_minute=per_minute)
    meter = Meter(start_s)
    level, now_s, latest_ns = Fraction(per_minute), start_s, ns(start_s)
    for move, estimated, actual in requests:
        now_s += move
        at_ns = max(latest_ns, ns(now_s))
        level = min(Fraction(per_minute), level + Fraction((at_ns - latest_ns) * per_minute, UNITS))
        latest_ns = at_ns
        may = level >= estimated or level == per_minute
        assert admitted(meter.admit(limits, now_s, estimated)) == may
        if may:
            meter.correct(limits, now_s, estimated, actual)
            meter.leave()
            level = min(Fraction(per_minute), level - actual)


@given(
    rates,
    st.integers(1, 3000),
    st.lists(st.tuples(steps, st.integers(0, 4000), st.integers(0, 4000)), max_size=60),
)
def test_tokens_really_used_stay_within_capacity_rate_and_the_largest_surprise(
    start_rate: int, per_minute: int, requests: list[tuple[float, int, int]]
) -> None:
    limits = Limits(tokens_per_minute=per_minute)
    meter = Meter(0.0)
    now_s = 0.0
    first_ns: int | None = None
    used = 0
    largest = per_minute
    for move, estimated, actual in requests:
        now_s += abs(move)
        if meter.admit(limits, now_s, estimated) is not None:
            continue
        first_ns = ns(now_s) if first_ns is None else first_ns
        meter.correct(limits, now_s, estimated, actual)
        meter.leave()
        used += actual
        # The last one in may have been larger than the bucket, or than was expected of it.
        largest = max(largest, estimated, per_minute + actual)
        assert used <= largest + Fraction((ns(now_s) - first_ns) * per_minute, UNITS)


@given(st.integers(1, 20), st.lists(st.booleans(), max_size=100))
def test_concurrency_is_never_exceeded(places: int, moves: list[bool]) -> None:
    limits = Limits(concurrency=places)
    meter = Meter()
    running = 0
    for enter in moves:
        if enter:
            denial = meter.admit(limits, 1.0, 10)
            assert admitted(denial) == (running < places)
            running += denial is None
            if denial is not None:
                assert denial == Denial("concurrency", PLACE_RETRY_S)
        elif running:
            meter.leave()
            running -= 1
        assert meter.running == running <= places


def test_leaving_twice_is_a_bug_and_says_so() -> None:
    meter = Meter()
    assert meter.admit(Limits(), 0.0, 1) is None
    meter.leave()
    with pytest.raises(RuntimeError, match="not admitted"):
        meter.leave()


# ---- what is refused costs nothing ------------------------------------------------------------


def test_a_refused_request_takes_from_no_bucket_and_no_place() -> None:
    limits = Limits(requests_per_minute=60, burst=2, tokens_per_minute=1000, concurrency=2)
    meter = Meter()
    assert meter.admit(limits, 0.0, 900) is None
    before = meter.headers(limits, 0.0)
    assert denied(meter.admit(limits, 0.0, 200)).which == "tokens"
    assert meter.headers(limits, 0.0) == before
    assert meter.running == 1
    assert meter.admit(limits, 0.0, 100) is None
    full = meter.headers(limits, 0.0)
    assert denied(meter.admit(limits, 0.0, 0)).which == "requests"
    meter.leave()
    assert denied(meter.admit(limits, 0.0, 0)).which == "requests"
    assert meter.headers(limits, 0.0) == full


# ---- retry times ------------------------------------------------------------------------------


@given(
    starts,
    rates,
    st.integers(1, 20),
    st.integers(1, 100_000),
    st.lists(st.tuples(steps, st.integers(0, 200_000)), min_size=1, max_size=40),
)
def test_the_same_request_is_admitted_at_the_retry_time_and_not_before(
    start_s: float,
    per_minute: int,
    burst: int,
    tokens_per_minute: int,
    requests: list[tuple[float, int]],
) -> None:
    limits = Limits(
        requests_per_minute=per_minute, burst=burst, tokens_per_minute=tokens_per_minute
    )
    meter = Meter(start_s)
    now_s = start_s
    for move, tokens in requests:
        now_s = max(now_s + move, 0.0)
        denial = meter.admit(limits, now_s, tokens)
        if denial is None:
            continue
        due_s = now_s + denial.retry_after_s
        assert due_s > now_s
        sooner_s = due_s
        while ns(sooner_s) >= ns(due_s):  # the last time that the clock reads less
            sooner_s = nextafter(sooner_s, -inf) if due_s > 1e6 else sooner_s - 1e-10
        if due_s > 1e6:  # doubles are as far apart as nanoseconds, and a sum may be one step late
            sooner_s = nextafter(sooner_s, -inf)
        if sooner_s > now_s:
            assert meter.admit(limits, sooner_s, tokens) is not None
        assert meter.admit(limits, due_s, tokens) is None
        now_s = due_s


def test_the_retry_time_is_the_longest_of_several() -> None:
    limits = Limits(requests_per_minute=60, burst=1, tokens_per_minute=600)
    meter = Meter()
    assert meter.admit(limits, 0.0, 600) is None
    assert meter.admit(limits, 0.0, 5) == Denial("requests", 1.0)
    assert meter.admit(limits, 0.0, 300) == Denial("tokens", 30.0)
    assert meter.admit(limits, 30.0, 300) is None


def test_a_missing_place_is_named_unless_a_bucket_needs_longer() -> None:
    limits = Limits(requests_per_minute=6, burst=1, concurrency=1)
    meter = Meter()
    assert meter.admit(limits, 0.0, 0) is None
    assert meter.admit(limits, 0.0, 0) == Denial("requests", 10.0)
    assert meter.admit(limits, 9.5, 0) == Denial("concurrency", PLACE_RETRY_S)
    assert meter.admit(limits, 20.0, 0) == Denial("concurrency", PLACE_RETRY_S)


def test_a_clock_that_stepped_back_is_waited_for() -> None:
    limits = Limits(requests_per_minute=60, burst=1)
    meter = Meter(100.0)
    assert meter.admit(limits, 100.0, 0) is None
    assert meter.admit(limits, 90.0, 0) == Denial("requests", 11.0)
    assert meter.admit(limits, 101.0, 0) is None


# ---- debt -------------------------------------------------------------------------------------


def test_a_request_larger_than_the_bucket_is_admitted_when_it_is_full_and_leaves_a_debt() -> None:
    limits = Limits(tokens_per_minute=600)
    meter = Meter()
    assert meter.admit(limits, 0.0, 1200) is None
    assert meter.admit(limits, 0.0, 1) == Denial("tokens", 60.1)
    assert meter.admit(limits, 0.0, 1200) == Denial("tokens", 120.0)
    assert meter.admit(limits, 120.0, 1200) is None


def test_correction_makes_a_debt_that_time_pays() -> None:
    limits = Limits(tokens_per_minute=600)
    meter = Meter()
    assert meter.admit(limits, 0.0, 100) is None
    meter.correct(limits, 0.0, 100, 1200)
    assert dict(meter.headers(limits, 0.0))[b"x-ratelimit-remaining-tokens"] == b"0"
    assert meter.admit(limits, 0.0, 0) == Denial("tokens", 60.0)
    assert meter.admit(limits, 60.0, 0) is None
    assert meter.admit(limits, 90.0, 300) is None


def test_a_refund_never_fills_beyond_full() -> None:
    limits = Limits(tokens_per_minute=600)
    meter = Meter()
    assert meter.admit(limits, 0.0, 600) is None
    meter.correct(limits, 60.0, 600, 0)
    assert meter.admit(limits, 60.0, 600) is None
    assert meter.admit(limits, 60.0, 1) is not None


# ---- no drift ---------------------------------------------------------------------------------


@given(st.sampled_from([1, 7, 59, 61, 997, 4999]), starts)
def test_many_small_steps_equal_one_large(per_minute: int, start_s: float) -> None:
    limits = Limits(requests_per_minute=per_minute, burst=10, tokens_per_minute=per_minute)
    stepped, jumped = Meter(start_s), Meter(start_s)
    for meter in (stepped, jumped):
        for _ in range(10):
            meter.admit(limits, start_s, per_minute)
    now_s = start_s
    for step in range(500):
        now_s += 0.001 * (step % 7) / 3
        stepped.admit(limits, now_s, 10**9)  # too large for a bucket that is not full
    assert stepped.headers(limits, now_s) == jumped.headers(limits, now_s)
    assert stepped.admit(limits, now_s, 0) == jumped.admit(limits, now_s, 0)


def test_years_and_nanoseconds_meet_exactly() -> None:
    limits = Limits(requests_per_minute=1, burst=1)
    meter = Meter()
    century_s = 100 * 365 * 86_400.0
    assert meter.admit(limits, 0.0, 0) is None
    assert meter.admit(limits, nextafter(60.0, 0), 0) is not None
    assert meter.admit(limits, 60.0, 0) is None
    assert meter.admit(limits, century_s, 0) is None
    assert meter.admit(limits, century_s, 0) == Denial("requests", 60.0)


def test_time_that_passed_is_not_counted_twice_when_the_clock_steps_back() -> None:
    limits = Limits(requests_per_minute=60, burst=5)
    meter = Meter(1000.0)
    for _ in range(5):
        assert meter.admit(limits, 1000.0, 0) is None
    admitted_count = sum(meter.admit(limits, 1000.0 + s % 2, 0) is None for s in range(1000))
    assert admitted_count == 1


# ---- changed limits ---------------------------------------------------------------------------


def test_changed_limits_hold_at_once_and_remember_what_was_used() -> None:
    meter = Meter()
    wide = Limits(requests_per_minute=60, burst=10)
    for _ in range(8):
        assert meter.admit(wide, 0.0, 0) is None
    narrow = Limits(requests_per_minute=60, burst=4)
    assert meter.admit(narrow, 0.0, 0) == Denial("requests", 5.0)
    assert meter.admit(wide, 0.0, 0) is None
    assert meter.admit(wide, 0.0, 0) is None
    assert meter.admit(wide, 0.0, 0) is not None
    assert meter.admit(Limits(), 0.0, 0) is None


def test_a_lifted_limit_forgets_what_was_used() -> None:
    meter = Meter()
    narrow = Limits(requests_per_minute=1, burst=1, tokens_per_minute=1)
    assert meter.admit(narrow, 0.0, 1000) is None
    assert meter.admit(Limits(), 0.0, 0) is None
    assert meter.admit(narrow, 0.0, 1000) is None


def test_unset_limits_admit_everything() -> None:
    meter = Meter()
    for _ in range(1000):
        assert meter.admit(Limits(), 0.0, 10**9) is None
    meter.correct(Limits(), 0.0, 0, 10**9)
    assert meter.headers(Limits(), 0.0) == []


@pytest.mark.parametrize(
    ("per_minute", "burst", "capacity"), [(600, 0, 60), (600, 5, 5), (5, 0, 1), (1, 90, 90)]
)
def test_a_burst_that_is_not_set_is_a_tenth_of_a_minute(
    per_minute: int, burst: int, capacity: int
) -> None:
    limits = Limits(requests_per_minute=per_minute, burst=burst)
    meter = Meter()
    assert limits.capacity == capacity
    count = 0
    while meter.admit(limits, 0.0, 0) is None:
        count += 1
    assert count == capacity


@pytest.mark.parametrize("value", [-1, 10**12 + 1, "60", 1.5, None, True])
def test_a_limit_is_a_count(value: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="burst"):
        msgspec.convert({"burst": value}, Limits)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (600, 60, 1000)),
        ({"tokens_per_minute": 5}, (600, 60, 5)),
        ({"requests_per_minute": 5}, (5, 5, 1000)),
        ({"requests_per_minute": 6000}, (6000, 60, 1000)),
        ({"requests_per_minute": 5, "burst": 9}, (5, 9, 1000)),
        ({"requests_per_minute": 0}, (0, 0, 1000)),
        ({"burst": 9}, (600, 9, 1000)),
    ],
)
def test_a_key_that_says_some_limits_has_the_rest_of_the_default(
    given: dict[str, int], expected: tuple[int, int, int]
) -> None:
    default = Limits(requests_per_minute=600, burst=60, tokens_per_minute=1000, concurrency=7)
    own = own_limits(given, default)
    assert (own.requests_per_minute, own.burst, own.tokens_per_minute) == expected
    assert own.concurrency == 7


# ---- headers ----------------------------------------------------------------------------------


def test_headers_say_limit_remaining_and_reset() -> None:
    limits = Limits(requests_per_minute=600, burst=60, tokens_per_minute=1_000_000)
    meter = Meter(5.0)
    assert meter.headers(limits, 5.0) == [
        (b"x-ratelimit-limit-requests", b"600"),
        (b"x-ratelimit-remaining-requests", b"60"),
        (b"x-ratelimit-reset-requests", b"0s"),
        (b"x-ratelimit-limit-tokens", b"1000000"),
        (b"x-ratelimit-remaining-tokens", b"1000000"),
        (b"x-ratelimit-reset-tokens", b"0s"),
    ]
    assert meter.admit(limits, 5.0, 1234) is None
    shown = dict(meter.headers(limits, 5.0))
    assert shown[b"x-ratelimit-remaining-requests"] == b"59"
    assert shown[b"x-ratelimit-remaining-tokens"] == b"998766"
    assert float(shown[b"x-ratelimit-reset-requests"].rstrip(b"s")) == pytest.approx(0.1, abs=2e-3)
    assert float(shown[b"x-ratelimit-reset-tokens"].rstrip(b"s")) == pytest.approx(
        0.07404, abs=2e-3
    )


@given(
    st.integers(1, 5000),
    st.integers(1, 30),
    st.integers(1, 50_000),
    st.lists(st.tuples(st.floats(0, 20), st.integers(0, 50_000)), max_size=30),
)
def test_remaining_is_admitted_and_at_reset_everything_is(
    per_minute: int, burst: int, tokens_per_minute: int, requests: list[tuple[float, int]]
) -> None:
    limits = Limits(
        requests_per_minute=per_minute, burst=burst, tokens_per_minute=tokens_per_minute
    )
    now_s = 0.0
    history: list[tuple[float, int]] = []
    for move, tokens in requests:
        now_s += move
        history.append((now_s, tokens))

    def replayed() -> Meter:
        meter = Meter()
        for at_s, tokens in history:
            meter.admit(limits, at_s, tokens)
        return meter

    shown = dict(replayed().headers(limits, now_s))
    left = int(shown[b"x-ratelimit-remaining-requests"])
    meter = replayed()
    if not meter.admit(limits, now_s, int(shown[b"x-ratelimit-remaining-tokens"])) and left:
        assert all(meter.admit(limits, now_s, 0) is None for _ in range(left - 1))
        assert denied(meter.admit(limits, now_s, 0)).which == "requests"
    reset_s = max(
        float(shown[name].rstrip(b"s"))
        for name in (b"x-ratelimit-reset-requests", b"x-ratelimit-reset-tokens")
    )
    # The sum of two doubles may be a nanosecond short.
    assert replayed().headers(limits, now_s + reset_s + 1e-9) == Meter().headers(limits, 0.0)


def test_a_meter_is_rested_when_forgetting_it_changes_nothing() -> None:
    limits = Limits(requests_per_minute=60, burst=1, tokens_per_minute=60)
    meter = Meter()
    assert meter.rested(limits, 0.0)
    assert meter.admit(limits, 0.0, 0) is None
    meter.leave()
    assert not meter.rested(limits, 0.5)
    assert meter.rested(limits, 1.0)
    assert meter.admit(limits, 1.0, 0) is None
    assert not meter.rested(limits, 3.0)
    meter.leave()
    assert meter.rested(limits, 3.0)
    assert meter.admit(limits, 3.0, 30) is None
    meter.leave()
    assert not meter.rested(limits, 32.0)
    assert meter.rested(limits, 33.0)


@given(starts, st.lists(st.floats(0, 100), max_size=50))
def test_a_pause_of_a_full_refill_restores_the_meter(start_s: float, moves: list[float]) -> None:
    assume(moves)
    limits = Limits(requests_per_minute=600, burst=5, tokens_per_minute=100)
    meter = Meter(start_s)
    times = [start_s + sum(moves[: index + 1]) for index in range(len(moves))]
    assert all(later >= sooner for sooner, later in pairwise(times))
    for now_s in times:
        if meter.admit(limits, now_s, 50) is None:
            meter.leave()
    assert meter.rested(limits, times[-1] + 121.0)
