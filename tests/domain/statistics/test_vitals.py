"""Live statistics: windows that forget, figures, snapshots that add, bounds."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.statistics.figures import NOTHING
from glimway.domain.statistics.history import ROWS, WINDOWS, History
from glimway.domain.statistics.keeping import PLAIN_BYTES_MAX, packed, unpacked
from glimway.domain.statistics.slot import Slot
from glimway.domain.statistics.vitals import ENOUGH, Vitals, pace

START_MS = 1_795_000_000_000 // 86_400_000 * 86_400_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
moves = st.lists(st.integers(0, 3 * DAY_MS), max_size=60)


def answered(vitals: Vitals, at_ms: int, times: int = 1, ttft_ms: float = 100.0) -> None:
    for _ in range(times):
        vitals.answered("e", at_ms, ttft_ms, 50.0)


def stored(vitals: Vitals) -> dict[str, bytes]:
    kept = {endpoint: vitals.kept(endpoint) for endpoint in vitals.endpoints}
    return {endpoint: packed(one) for endpoint, one in kept.items() if one is not None}


def test_each_window_holds_its_time_and_forgets_what_is_older() -> None:
    vitals = Vitals()
    answered(vitals, START_MS)
    for after_ms, seen in (
        (2 * MINUTE_MS, "5m 1h 24h 30d"),
        (30 * MINUTE_MS, "1h 24h 30d"),
        (12 * HOUR_MS, "24h 30d"),
        (20 * DAY_MS, "30d"),
        (32 * DAY_MS, ""),
    ):
        found = [w for w in WINDOWS if vitals.report("e", w, START_MS + after_ms).answers]
        assert " ".join(found) == seen


@given(moves, st.integers(0, 40 * DAY_MS))
def test_every_window_counts_at_least_its_time_and_at_most_a_slot_more(
    steps: list[int], rest_ms: int
) -> None:
    history, times, at_ms = History(), [], START_MS
    for step in steps:
        at_ms += step
        history.at(at_ms).successes += 1
        times.append(at_ms)
    at_ms += rest_ms
    for row in ROWS:
        found = history.over(row.window, at_ms).successes
        span_ms = row.slot_ms * row.slots
        assert found >= sum(t > at_ms - span_ms for t in times)
        # The oldest slot is looked at whole, and slots begin at whole multiples of their length.
        assert found <= sum(t >= at_ms - span_ms - row.slot_ms for t in times)


@given(moves)
def test_the_memory_of_a_history_is_bounded(steps: list[int]) -> None:
    history, at_ms = History(), START_MS
    for step in steps:
        at_ms += step
        history.at(at_ms).ttft.add(1.0)
    kept = history.kept()
    for row, closed in zip(ROWS, kept.closed, strict=True):
        assert len(closed) <= row.slots + 1


@given(st.lists(st.tuples(st.integers(0, DAY_MS), st.booleans()), max_size=60))
def test_two_workers_absorbed_count_what_one_would_have(steps: list[tuple[int, bool]]) -> None:
    one, left, right, at_ms = Vitals(), Vitals(), Vitals(), START_MS
    for step, here in steps:
        at_ms += step
        answered(one, at_ms)
        answered(left if here else right, at_ms)
    total, beside = Vitals(), Vitals()
    for worker, vitals in {"left": left, "right": right}.items():
        for endpoint, kept in stored(vitals).items():
            total.absorb(endpoint, unpacked(kept))
            for _ in range(2):  # what a worker tells takes the place of what it told before
                beside.beside(worker, endpoint, unpacked(kept))
    for window in WINDOWS:
        assert beside.report("e", window, at_ms) == total.report("e", window, at_ms)
        mine, theirs = total.report("e", window, at_ms), one.report("e", window, at_ms)
        assert (mine.answers, mine.ttft_ms) == (theirs.answers, theirs.ttft_ms)


@given(moves)
def test_a_snapshot_survives_a_restart(steps: list[int]) -> None:
    vitals, at_ms = Vitals(), START_MS
    for step in steps:
        at_ms += step
        answered(vitals, at_ms)
        vitals.failed("e", at_ms, "timeout")
    again = Vitals()
    for endpoint, kept in stored(vitals).items():
        again.absorb(endpoint, unpacked(kept))
    for window in WINDOWS:
        assert again.report("e", window, at_ms) == vitals.report("e", window, at_ms)


def test_a_clock_that_steps_back_loses_nothing() -> None:
    vitals = Vitals()
    answered(vitals, START_MS + HOUR_MS)
    answered(vitals, START_MS)
    assert vitals.report("e", "5m", START_MS + HOUR_MS).answers == 2


def test_figures_are_shares_and_percentiles() -> None:
    vitals = Vitals()
    chance = random.Random(7)
    for _ in range(1000):
        vitals.answered("e", START_MS, chance.uniform(100, 200), chance.uniform(10, 20))
    for _ in range(250):
        vitals.failed("e", START_MS, "overloaded")
    vitals.failed("e", START_MS, "rejected")
    found = vitals.report("e", "5m", START_MS)
    assert found.ttft_ms is not None
    assert found.tokens_per_second is not None
    assert found.ttft_ms["p50"] == pytest.approx(150, rel=0.05)
    assert found.ttft_ms["p90"] == pytest.approx(190, rel=0.05)
    # A P90 of the pace is what nine of ten answers reach.
    assert found.tokens_per_second["p90"] == pytest.approx(11, rel=0.05)
    assert found.tokens_per_second["p50"] > found.tokens_per_second["p99"]
    assert found.success == 0.8  # what is wrong with a request is no failure of the endpoint
    assert found.faults == {"overloaded": 250, "rejected": 1}
    assert found.uptime == 1.0


def test_uptime_counts_half_minutes() -> None:
    vitals = Vitals()
    for half_minute in range(8):
        at_ms = START_MS + half_minute * 30_000
        if half_minute < 2:
            vitals.failed("e", at_ms, "unreachable")
        answered(vitals, at_ms, 0 if half_minute < 2 else 3)
    found = vitals.report("e", "5m", START_MS + 8 * 30_000)
    assert found.uptime == 0.75


def test_planning_reads_the_shortest_window_with_enough_in_it() -> None:
    vitals = Vitals()
    answered(vitals, START_MS, ENOUGH, ttft_ms=400.0)
    later_ms = START_MS + 20 * MINUTE_MS
    answered(vitals, later_ms, 3, ttft_ms=10.0)
    vitals.refresh(later_ms)
    found = vitals.figures("e")
    assert found.answers == ENOUGH + 3
    answered(vitals, later_ms, ENOUGH, ttft_ms=10.0)
    assert vitals.figures("e") is found  # until the next refresh
    before = vitals.changes
    vitals.refresh(later_ms)
    assert vitals.changes == before + 1
    assert vitals.figures("e").ttft_ms == pytest.approx(
        dict.fromkeys(("p50", "p75", "p90", "p95", "p99"), 10.0), rel=0.02
    )


def test_figures_age_although_nobody_asks() -> None:
    vitals = Vitals()
    answered(vitals, START_MS, ENOUGH)
    vitals.refresh(START_MS)
    vitals.refresh(START_MS + 40 * DAY_MS)
    assert vitals.figures("e") == NOTHING


def test_the_number_of_endpoints_is_bounded() -> None:
    vitals = Vitals(endpoints_max=3)
    for name in "abcd":
        vitals.answered(name, START_MS, 1.0)
    assert vitals.endpoints == ("b", "c", "d")
    mine, theirs = Vitals(endpoints_max=2), Vitals(endpoints_max=2)
    for endpoint, kept in stored(vitals).items():
        mine.absorb(endpoint, unpacked(kept))
        theirs.beside("other", endpoint, unpacked(kept))
    assert len(mine.endpoints) == len(theirs.endpoints) == 2
    assert vitals.kept("a") is None


BOMB = b"\x01" + zlib.compress(b"\0" * (PLAIN_BYTES_MAX + 1))
FOREIGN = b"\x01" + zlib.compress(b"\x92\x90\x90")


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x07\x80", b"\x01nonsense", BOMB, FOREIGN])
def test_what_is_no_history_is_refused_and_changes_nothing(data: bytes) -> None:
    vitals = Vitals()
    with pytest.raises(ValueError, match=r"statistics|history"):
        vitals.absorb("e", unpacked(data))
    with pytest.raises(ValueError, match=r"statistics|history"):
        vitals.beside("other", "e", unpacked(data))
    assert vitals.endpoints == ()


def test_only_what_changed_is_to_be_stored() -> None:
    vitals = Vitals()
    answered(vitals, START_MS)
    assert vitals.unsaved() == ["e"]
    vitals.refresh(START_MS)
    vitals.unsaved()
    assert vitals.unsaved() == []
    vitals.not_saved(["e", "forgotten"])
    assert vitals.unsaved() == ["e"]


def test_the_speed_of_an_attempt_that_was_given_up_counts() -> None:
    vitals = Vitals()
    answered(vitals, START_MS, 10, ttft_ms=100.0)
    for _ in range(10):
        vitals.left("e", START_MS, waited_ms=900.0)
    vitals.left("e", START_MS, tokens_per_second=2.0)
    found = vitals.report("e", "5m", START_MS)
    assert (found.answers, found.success) == (10, 1.0)
    assert found.ttft_ms is not None
    assert found.ttft_ms["p90"] == pytest.approx(900, rel=0.02)
    assert found.tokens_per_second is not None
    assert found.tokens_per_second["p99"] == pytest.approx(2, rel=0.02)


def test_a_full_month_of_one_endpoint_is_small() -> None:
    vitals, chance = Vitals(), random.Random(3)
    for hour in range(31 * 24):
        for _ in range(20):
            ttft_ms, tokens = chance.lognormvariate(6, 0.5), chance.lognormvariate(4, 0.4)
            vitals.answered("e", START_MS + hour * HOUR_MS, ttft_ms, tokens)
    assert len(stored(vitals)["e"]) < 10_000


def test_a_slot_reads_back() -> None:
    slot = Slot()
    slot.successes = 3
    slot.faults = {"timeout": 2}
    slot.pace.add(5.0)
    slot.judged()
    again = Slot.unpacked(slot.packed())
    assert (again.successes, again.faults, again.seen, again.up) == (3, {"timeout": 2}, 1, 1)
    assert again.pace == slot.pace
    with pytest.raises(ValueError, match="slot"):
        Slot.unpacked(b"nothing")


def test_a_pace_needs_some_tokens_and_some_time() -> None:
    assert pace(101, 1.0, 3.0) == 50.0
    assert pace(7, 1.0, 3.0) is None
    assert pace(101, 1.0, 1.01) is None
