"""Health: when an endpoint rests, how it comes back, and what never counts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.cooldown import RETRY_AFTER_S_MAX
from glimway.domain.health import PULSES_MAX, TRY_S_MAX, Health, Leave
from glimway.wire.refusal import Fault, FaultKind

FAILS: tuple[FaultKind, ...] = ("unreachable", "timeout", "broken", "overloaded")
AT_ONCE: tuple[FaultKind, ...] = ("rate_limited", "quota", "auth")


def fault(kind: FaultKind = "broken", retry_after_s: float | None = None) -> Fault:
    return Fault(kind, "x", retry_after_s=retry_after_s)


def fail(health: Health, times: int, now_s: float = 0.0, why: Fault | None = None) -> None:
    for _ in range(times):
        health.failed("e", "well", why or fault(), now_s)


def until_s(health: Health) -> float:
    resting = health.resting("e")
    assert resting is not None
    return resting.until_s


def rests(health: Health, now_s: float) -> bool:
    health.tick(now_s)
    return health.resting("e") is not None


@pytest.mark.parametrize("kind", FAILS)
def test_five_in_a_row_are_too_many(kind: FaultKind) -> None:
    health = Health()
    fail(health, 4, why=fault(kind))
    assert not rests(health, 0.0)
    fail(health, 1, why=fault(kind))
    assert rests(health, 0.0)
    assert health.begin("e", 0.1) is None


def test_an_answer_between_begins_the_row_anew() -> None:
    health = Health()
    fail(health, 4)
    health.answered("e", "well", 0.0)
    fail(health, 4)
    assert not rests(health, 0.0)


def test_every_second_request_failing_is_too_much_once_there_are_enough() -> None:
    health = Health()
    for turn in range(30):
        health.failed("e", "well", fault(), turn * 0.1)
        if rests(health, turn * 0.1):
            break
        health.answered("e", "well", turn * 0.1)
    assert 9 <= turn <= 10


def test_a_fifth_of_requests_failing_is_borne() -> None:
    health = Health()
    for turn in range(500):
        if turn % 5 == 0:
            health.failed("e", "well", fault(), turn * 0.1)
        else:
            health.answered("e", "well", turn * 0.1)
    assert not rests(health, 50.0)


@pytest.mark.parametrize("kind", AT_ONCE)
def test_what_the_provider_says_itself_counts_at_once(kind: FaultKind) -> None:
    health = Health()
    fail(health, 1, why=fault(kind))
    assert rests(health, 0.0)


@pytest.mark.parametrize(
    "innocent",
    [
        Fault("rejected", "x", status=400),
        Fault("rejected", "x", status=400, refusal="context_too_long"),
        Fault("rejected", "x", status=200, refusal="content_filter"),
    ],
)
def test_what_is_wrong_with_a_request_never_counts(innocent: Fault) -> None:
    health = Health()
    fail(health, 100, why=innocent)
    assert not rests(health, 0.0)
    assert health.sound("e")


def test_a_host_that_does_not_have_the_model_rests() -> None:
    health = Health()
    fail(health, 1, why=Fault("rejected", "x", status=404))
    assert rests(health, 0.0)


@pytest.mark.parametrize(("asked_s", "kept_s"), [(7.0, 7.0), (1e9, RETRY_AFTER_S_MAX), (0.0, 1.0)])
def test_retry_after_is_obeyed_within_bounds(asked_s: float, kept_s: float) -> None:
    health = Health()
    fail(health, 1, 100.0, fault("rate_limited", asked_s))
    assert rests(health, 100.0 + kept_s - 0.01)
    assert not rests(health, 100.0 + kept_s)


def test_an_overload_that_asks_for_time_gets_it() -> None:
    health = Health()
    fail(health, 1, 0.0, fault("overloaded", 30.0))
    assert rests(health, 29.9)
    assert not rests(health, 30.0)


def test_one_request_at_a_time_tries_an_endpoint_whose_rest_is_over() -> None:
    health = Health()
    fail(health, 5)
    assert health.begin("e", 2.0) == "try"
    assert health.begin("e", 2.0) is None
    assert health.resting("e") is not None
    health.answered("e", "try", 2.1)
    assert health.begin("e", 2.1) == "well"


def test_a_failed_try_rests_longer_up_to_a_bound() -> None:
    health = Health()
    fail(health, 5)
    now_s, lasted = 0.0, []
    for _ in range(10):
        lasted.append(until_s(health) - now_s)
        now_s = until_s(health)
        assert health.begin("e", now_s) == "try"
        health.failed("e", "try", fault(), now_s)
    assert lasted == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert all(later >= earlier for earlier, later in pairwise(lasted))


def test_a_long_time_in_health_is_forgiven() -> None:
    health = Health()
    for start_s, rest_s in ((0.0, 2.0), (10.0, 4.0), (1000.0, 2.0)):
        fail(health, 5, start_s)
        assert until_s(health) == start_s + rest_s
        leave = health.begin("e", start_s + rest_s)
        assert leave == "try"
        health.answered("e", leave, start_s + rest_s)


def test_a_try_that_nobody_waited_for_is_free_again() -> None:
    health = Health()
    fail(health, 5)
    assert health.begin("e", 2.0) == "try"
    health.left("e", "try")
    assert health.begin("e", 2.0) == "try"


def test_a_try_without_an_end_is_given_up() -> None:
    health = Health()
    fail(health, 5)
    assert health.begin("e", 2.0) == "try"
    assert health.begin("e", 2.0 + TRY_S_MAX - 0.1) is None
    assert health.begin("e", 2.0 + TRY_S_MAX) == "try"


def test_a_try_that_ends_with_a_mistake_of_the_caller_is_a_good_one() -> None:
    health = Health()
    fail(health, 5)
    assert health.begin("e", 2.0) == "try"
    health.failed("e", "try", Fault("rejected", "x", status=400), 2.1)
    assert health.begin("e", 2.2) == "well"


def test_requests_from_before_the_rest_make_it_no_longer() -> None:
    health = Health()
    fail(health, 5)
    before_s = until_s(health)
    fail(health, 50, 1.0)
    assert until_s(health) == before_s


def test_whoever_is_asked_although_it_rests_is_well_after_an_answer() -> None:
    health = Health()
    fail(health, 5)
    assert health.begin("e", 0.5, anyway=True) == "anyway"
    health.failed("e", "anyway", fault(), 0.6)
    assert until_s(health) == 2.0
    assert health.begin("e", 0.7, anyway=True) == "anyway"
    health.answered("e", "anyway", 0.8)
    assert health.begin("e", 0.9) == "well"


def test_an_endpoint_configured_anew_is_forgotten() -> None:
    health = Health()
    fail(health, 1, why=fault("auth"))
    health.forget("e")
    assert health.begin("e", 0.0) == "well"


def test_the_number_of_states_is_bounded_and_the_resting_are_kept() -> None:
    health = Health()
    fail(health, 5)
    for number in range(PULSES_MAX + 10):
        health.failed(f"x{number}", "well", fault(), 0.0)
    assert rests(health, 0.0)
    assert len(health._pulses) <= PULSES_MAX


steps = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["answer", "left", *FAILS, *AT_ONCE, "rejected"]),
        st.floats(0, 40),
    ),
    max_size=80,
)


@given(steps)
def test_whatever_happens_somebody_can_always_be_asked_and_tries_are_single(
    story: list[tuple[str, str, float]],
) -> None:
    health, now_s = Health(), 0.0
    for endpoint, what, passed_s in story:
        now_s += passed_s
        leave = health.begin(endpoint, now_s, anyway=True)
        assert leave is not None
        if leave == "try":
            assert health.begin(endpoint, now_s) is None
        if what == "answer":
            health.answered(endpoint, leave, now_s)
            assert health.begin(endpoint, now_s) == "well"
        elif what == "left":
            health.left(endpoint, leave)
        else:
            health.failed(endpoint, leave, fault(what), now_s)  # type: ignore[arg-type]
    # Rests end: after the longest of them everybody is well or may be tried.
    health.tick(now_s + RETRY_AFTER_S_MAX + 1)
    assert all(health.resting(name) is None for name in "abc")


def test_every_change_is_counted() -> None:
    health = Health()
    fail(health, 5)
    seen = [health.changes]
    health.tick(2.0)
    seen.append(health.changes)
    health.begin("e", 2.0)
    seen.append(health.changes)
    health.left("e", "try")
    seen.append(health.changes)
    health.begin("e", 2.0)
    seen.append(health.changes)
    health.answered("e", "try", 2.0)
    assert len({*seen, health.changes}) == 6


def test_leaves_are_words() -> None:
    leave: Leave | None = Health().begin("e", 0.0)
    assert leave == "well"
