"""The tries of one request: order, bounds, health, and the whole against a storm."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.routing.scene import World, call, hosts
from glimway.domain.retry import ATTEMPTS_MAX, RetryBudget
from glimway.domain.routing.course import Course
from glimway.domain.routing.explain import explained
from glimway.domain.routing.steps import Step
from glimway.wire.refusal import Fault, FaultKind

BROKEN = Fault("broken", "x")


def course(world: World, budget: RetryBudget | None = None) -> Course:
    return Course(world.plan(call()), world.live.health, budget or RetryBudget(0.0))


def where(step: Step | None) -> str:
    return "" if step is None else step.endpoint.provider.id


def world(count: int = 3) -> World:
    return World(hosts((name, f"{at + 1}") for at, name in enumerate("abcde"[:count])))


def test_faults_go_on_to_the_next_endpoint_at_once_three_times_at_most() -> None:
    trip = course(world(5))
    steps = [trip.begin(1000.0)]
    while (step := trip.failed(BROKEN, 1000.0, 0.5)) is not None:
        steps.append(step)
    assert [where(step) for step in steps] == ["a", "b", "c"]
    assert [step.wait_s for step in steps] == [0, 0, 0]
    assert steps[1].why == "after broken at zai/new@a"


def test_the_only_endpoint_is_tried_again_after_a_wait() -> None:
    trip = course(world(1))
    trip.begin(1000.0)
    again = trip.failed(BROKEN, 1000.0, 0.5)
    assert where(again) == "a"
    assert again is not None
    assert 0 < again.wait_s <= 0.2


@pytest.mark.parametrize(
    "fault",
    [
        Fault("rejected", "x", status=400),
        Fault("rejected", "x", refusal="context_too_long"),
        Fault("rejected", "x", refusal="content_filter"),
    ],
)
def test_a_mistake_of_the_caller_is_tried_nowhere_else(fault: Fault) -> None:
    trip = course(world())
    trip.begin(1000.0)
    assert trip.failed(fault, 1000.0, 0.5) is None
    assert trip.worst is fault


@pytest.mark.parametrize("kind", ["timeout", "quota", "auth"])
def test_the_only_endpoint_is_not_asked_again_in_vain(kind: FaultKind) -> None:
    trip = course(world(1))
    trip.begin(1000.0)
    assert trip.failed(Fault(kind, "x"), 1000.0, 0.5) is None


def test_an_endpoint_that_rests_since_the_plan_is_passed_over() -> None:
    scene = world()
    trip = course(scene)
    scene.sicken("a")
    step = trip.begin(1000.0)
    assert (where(step), step.why) == ("b", "zai/new@a rests")
    trip.answered(1000.0)
    trip.left()


def test_when_all_rest_one_is_asked_once_and_an_answer_makes_it_well() -> None:
    scene = world()
    scene.sicken("a", "b", "c")
    trip = course(scene)
    trip.begin(1000.0)
    assert trip.failed(BROKEN, 1000.0, 0.5) is None
    other = course(scene)
    step = other.begin(1000.0)
    other.answered(1000.1)
    assert scene.order(call()) == where(step)


def test_a_client_that_leaves_gives_a_try_back() -> None:
    scene = world(1)
    scene.sicken("a")
    scene.now_s = 1002.0
    trip = course(scene)
    trip.begin(1002.0)
    trip.left()
    assert scene.live.health.begin("zai/new@a", 1002.0) == "try"


def test_answers_that_break_off_make_an_endpoint_rest() -> None:
    scene = world(2)
    for _ in range(30):
        trip = course(scene)
        if where(trip.begin(1000.0)) != "a":
            break
        trip.answered(1000.0)
        scene.live.health.failed(trip.endpoint.id, "well", BROKEN, 1000.0)
    assert scene.order(call()) == "b"


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ([Fault("auth", "1"), Fault("overloaded", "2"), Fault("quota", "3")], "2"),
        ([Fault("quota", "1"), Fault("auth", "2")], "2"),
        (
            [
                Fault("rate_limited", "1", retry_after_s=9.0),
                Fault("rate_limited", "2", retry_after_s=1.0),
                Fault("rate_limited", "3"),
            ],
            "2",
        ),
        ([Fault("overloaded", "1"), Fault("timeout", "2")], "2"),
    ],
)
def test_the_fault_that_says_most_is_told(faults: list[Fault], told: str) -> None:
    trip = course(world(len(faults)))
    trip.begin(1000.0)
    for fault in faults:
        trip.failed(fault, 1000.0, 0.5)
    assert trip.worst is not None
    assert trip.worst.detail == told


def test_nothing_failed_is_nothing_to_tell() -> None:
    assert course(world()).worst is None


def storm(seed: int, well: set[str], seconds: float = 20.0) -> tuple[int, int, int, World]:
    """500 requests a second; who is not in ``well`` fails in some way."""
    chance, scene, budget = random.Random(seed), world(3), RetryBudget(1000.0)
    requests = tries = lost = 0
    while scene.now_s < 1000.0 + seconds:
        scene.now_s += 0.002
        requests += 1
        trip = Course(scene.plan(call(), chance.random()), scene.live.health, budget)
        step: Step | None = trip.begin(scene.now_s)
        while step is not None:
            tries += 1
            if where(step) in well:
                trip.answered(scene.now_s)
                break
            kind: FaultKind = chance.choice(["broken", "overloaded", "unreachable", "timeout"])
            step = trip.failed(Fault(kind, "x"), scene.now_s, chance.random())
        else:
            lost += 1
    return requests, tries, lost, scene


@pytest.mark.parametrize("seed", range(3))
def test_when_all_are_down_tries_stay_bounded_and_the_first_that_recovers_is_found(
    seed: int,
) -> None:
    requests, tries, lost, scene = storm(seed, set())
    assert lost == requests
    assert tries <= 1.2 * requests + 10 * 20
    health, trips = scene.live.health, 0
    while True:
        trips += 1
        trip = Course(scene.plan(call(), trips / 7 % 1), health, RetryBudget(0.0))
        if where(trip.begin(scene.now_s)) == "b":
            trip.answered(scene.now_s)
            break
        trip.failed(BROKEN, scene.now_s, 0.5)
    assert trips <= 10
    assert scene.order(call()) == "b"


@pytest.mark.parametrize("well", ["a", "b", "c"])
def test_one_of_three_well_loses_no_request(well: str) -> None:
    requests, tries, lost, _ = storm(11, {well}, seconds=10.0)
    assert lost == 0
    assert tries <= requests * 1.02 + 20


@pytest.mark.parametrize("earned", [0, 500])
@pytest.mark.parametrize("well", ["a", "b", "c"])
def test_one_of_three_well_loses_none_of_many_that_are_asked_at_once(
    well: str, earned: int
) -> None:
    scene, budget = level(), RetryBudget(1000.0)
    for _ in range(earned):
        budget.answered()
    chance = random.Random(7)
    plans = [scene.plan(call(), chance.random()) for _ in range(300)]
    trips = [Course(plan, scene.live.health, budget) for plan in plans]
    # All of them have been sent before the first one fails, and so it goes on.
    steps: dict[Course, Step | None] = {trip: trip.begin(1000.0) for trip in trips}
    while steps:
        for trip, step in list(steps.items()):
            assert step is not None, "lost, although one is well"
            if where(step) == well:
                trip.answered(1000.0)
                del steps[trip]
            else:
                steps[trip] = trip.failed(BROKEN, 1000.0, 0.5)


def test_many_at_once_are_all_saved_by_the_one_that_is_well() -> None:
    # All of them are at the first when it dies, and the second dies under the first few of them:
    # what the budget refuses to the second it must not refuse to the third.
    scene, budget = world(3), RetryBudget(1000.0)
    trips = [Course(scene.plan(call()), scene.live.health, budget) for _ in range(100)]
    assert {where(trip.begin(1000.0)) for trip in trips} == {"a"}
    asked = {"b": 0, "c": 0}
    for trip in trips:
        step = trip.failed(BROKEN, 1000.0, 0.5)
        asked[where(step)] += 1
        if where(step) == "b":
            step = trip.failed(BROKEN, 1000.0, 0.5)
        assert where(step) == "c"
        trip.answered(1000.0)
    assert 1 <= asked["b"] <= 10


def test_who_rests_is_asked_where_all_others_fail() -> None:
    # It may be well by now, and nobody else is left.
    scene = world()
    scene.sicken("a")
    trip = course(scene)
    first, second = trip.begin(1000.0), trip.failed(BROKEN, 1000.0, 0.5)
    assert [where(first), where(second)] == ["b", "c"]
    last = trip.failed(BROKEN, 1000.0, 0.5)
    assert last is not None
    assert (where(last), last.wait_s, last.why) == ("a", 0, "after broken at zai/new@c")
    trip.answered(1000.1)
    assert scene.order(call())[0] == "a"


def test_who_is_well_but_for_one_fault_is_asked_again_after_who_rests() -> None:
    scene = world(2)
    scene.sicken("a")
    trip = course(scene)
    steps = [trip.begin(1000.0)]
    while (step := trip.failed(BROKEN, 1000.0, 0.5)) is not None:
        steps.append(step)
    assert [where(step) for step in steps] == ["b", "a", "b"]
    assert steps[2].wait_s > 0


@pytest.mark.parametrize("kind", ["quota", "auth", "rate_limited"])
def test_who_said_to_be_left_alone_is_left_alone(kind: FaultKind) -> None:
    scene = world(2)
    scene.live.health.failed("zai/new@a", "well", Fault(kind, "x"), 1000.0)
    trip = course(scene)
    assert where(trip.begin(1000.0)) == "b"
    assert where(trip.failed(BROKEN, 1000.0, 0.5)) == "b"


def test_nobody_sound_is_left_and_the_budget_is_spent() -> None:
    scene, budget = world(3), RetryBudget(1000.0)
    while budget.take(1000.0, sound=True):
        pass
    trip = Course(scene.plan(call()), scene.live.health, budget)
    trip.begin(1000.0)
    assert trip.failed(BROKEN, 1000.0, 0.5) is None
    assert trip.worst is BROKEN


@given(
    st.lists(
        st.sampled_from(["broken", "timeout", "rate_limited", "overloaded", "quota", "auth"]),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 5),
    st.floats(0, 1),
)
def test_no_request_has_more_than_three_tries_and_none_twice_before_all_once(
    kinds: list[FaultKind], count: int, chance: float
) -> None:
    trip = course(world(count))
    tried = [where(trip.begin(1000.0))]
    for kind in kinds:
        step = trip.failed(Fault(kind, "x"), 1000.0, chance)
        if step is None:
            break
        tried.append(where(step))
    assert len(tried) <= ATTEMPTS_MAX
    assert len(set(tried)) == min(len(tried), count)


def test_a_plan_explains_itself() -> None:
    scene = world(3)
    scene.measure("a", 120.0, 80.0)
    scene.sicken("c")
    plan = scene.plan(call(preferences={"ignore": ["b"]}))
    told = explained(plan, scene.live.vitals)
    assert told["model"] == "zai/new"
    assert [one["id"] for one in told["endpoints"]] == ["zai/new@a"]
    assert told["endpoints"][0]["why"] == "the cheapest"
    assert told["endpoints"][0]["input_usd_per_million"] == "1"
    assert told["endpoints"][0]["ttft_p50_ms"] == pytest.approx(120, rel=0.02)
    assert told["excluded"] == [
        {"id": "zai/new@b", "reason": "is among 'ignore'"},
        {"id": "zai/new@c", "reason": "rests: its answers are broken"},
    ]


def test_every_way_to_order_has_words() -> None:
    scene = world(3)
    for wishes in ({"order": ["b"]}, {"sort": "price"}, {"sort": "latency"}, {"sort": "tps"}):
        told = explained(scene.plan(call(preferences=wishes)), scene.live.vitals)
        assert "caller" in told["basis_words"]
    scene.sicken("a", "b", "c")
    assert explained(scene.plan(call()), scene.live.vitals)["resting"]


# ---- two at a time ----------------------------------------------------------------------------


def level(count: int = 3) -> World:
    """Endpoints of one price."""
    return World(hosts((name, "1") for name in "abcde"[:count]))


def test_a_rival_that_overtakes_is_the_one_that_answered() -> None:
    trip = course(level())
    trip.begin(1000.0)
    rival = trip.race(1000.0, "late")
    assert (where(rival), rival and rival.why) == ("b", "late")
    assert trip.race(1000.0, "late") is None
    trip.overtook()
    trip.answered(1000.0)
    assert trip.endpoint.provider.id == "b"


def test_both_fail_and_the_next_one_is_asked() -> None:
    for lead_first in (True, False):
        scene = level()
        trip = course(scene)
        trip.begin(1000.0)
        trip.race(1000.0, "late")
        if lead_first:
            trip.lead_failed(BROKEN, 1000.0, BROKEN)
        else:
            trip.rival_failed(1000.0, BROKEN)
        assert trip.endpoint.provider.id == ("b" if lead_first else "a")
        assert where(trip.failed(BROKEN, 1000.0, 0.5)) == "c"
        assert not scene.live.health.sound("zai/new@a")
        assert not scene.live.health.sound("zai/new@b")
        assert trip.failed(BROKEN, 1000.0, 0.5) is None  # a rival is a try


def test_a_rival_goes_where_it_costs_the_caller_no_more_and_nothing_speaks_against() -> None:
    dearer = course(world())
    dearer.begin(1000.0)
    assert where(dearer.race(1000.0, "late")) == "a"
    ill = level()
    ill.live.health.failed("zai/new@b", "well", BROKEN, 1000.0)
    trip = course(ill)
    trip.begin(1000.0)
    assert where(trip.race(1000.0, "late")) == "c"
    resting = level()
    resting.sicken("a", "b", "c")
    trip = course(resting)
    trip.begin(1000.0)
    assert trip.race(1000.0, "late") is None


def test_a_rival_needs_the_retry_budget_and_a_try() -> None:
    budget = RetryBudget(1000.0)
    while budget.take(1000.0, sound=False):
        pass
    trip = course(level(), budget)
    trip.begin(1000.0)
    assert trip.race(1000.0, "late") is None
    single = Course(level().plan(call()), level().live.health, RetryBudget(0.0), 1)
    single.begin(1000.0)
    assert single.race(1000.0, "late") is None


def test_nobody_waits_for_either() -> None:
    scene = level(1)
    trip = course(scene)
    trip.begin(1000.0)
    assert where(trip.race(1000.0, "late")) == "a"
    trip.left()
    assert scene.live.health.sound("zai/new@a")
