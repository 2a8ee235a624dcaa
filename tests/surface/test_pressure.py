from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from engine.fakeloop import FakeLoop, Timer
from glimway.surface.pressure import (
    BUSY_MIN,
    LATE_MS_MAX,
    REQUESTS_MAX,
    SHARE_MAX,
    TICK_S,
    Pressure,
)


class LateLoop(FakeLoop):
    """A loop whose timers come late."""

    late_s = 0.0
    busy = 1.0
    """The part of the time in which the thread computes."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        return super().call_later(delay_s + self.late_s, callback)


@pytest.fixture
def loop() -> LateLoop:
    return LateLoop()


@pytest.fixture
def pressure(loop: LateLoop) -> Pressure:
    running = cast("asyncio.AbstractEventLoop", loop)
    return Pressure(running, lambda: loop.now_s * loop.busy, 100, 1000)


def turned_away(pressure: Pressure, calls: int = 1000) -> int:
    return sum(pressure.call(1) is not None for _ in range(calls))


def under(loop: LateLoop, pressure: Pressure, late_ms: float, for_s: float) -> None:
    """Calls come every tick, and the loop is so late."""
    loop.late_s = late_ms / 1000
    end_s = loop.now_s + for_s
    while loop.now_s < end_s:
        pressure.call(1)
        loop.run_for(TICK_S)


def test_a_loop_in_time_lets_everyone_in(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, LATE_MS_MAX / 2, 10)
    assert turned_away(pressure) == 0


def test_one_long_turn_turns_nobody_away(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 0, 1)
    under(loop, pressure, 700, 0.01)
    under(loop, pressure, 0, 1)
    assert turned_away(pressure) == 0


def test_a_loop_that_stays_late_turns_most_away_and_never_all(
    loop: LateLoop, pressure: Pressure
) -> None:
    under(loop, pressure, 2 * LATE_MS_MAX, 5)
    assert turned_away(pressure) == pytest.approx(1000 * SHARE_MAX, abs=1)
    refusal = next(filter(None, (pressure.call(1) for _ in range(9))))
    assert (refusal.kind, refusal.retry_after_s) == ("unavailable", 1.0)


def test_a_loop_that_waits_for_others_on_the_machine_turns_nobody_away(
    loop: LateLoop, pressure: Pressure
) -> None:
    loop.busy = BUSY_MIN * 0.9
    under(loop, pressure, 5 * LATE_MS_MAX, 10)
    assert turned_away(pressure) == 0


def test_it_turns_away_more_the_later_it_is(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 1.5 * LATE_MS_MAX, 0.4)
    some = pressure.share
    assert 0.1 < some < SHARE_MAX
    under(loop, pressure, 5 * LATE_MS_MAX, 0.4)
    assert pressure.share > some


def test_it_forgives_within_a_moment(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 5 * LATE_MS_MAX, 10)
    under(loop, pressure, 0, 1.5)
    assert turned_away(pressure) == 0


def test_nothing_is_watched_when_nobody_asks(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 5 * LATE_MS_MAX, 3)
    loop.late_s = 0
    loop.run_for(10)
    assert not loop.pending
    assert turned_away(pressure) == 0
    assert len(loop.pending) == 1
    pressure.close()
    assert not loop.pending


def test_only_so_many_requests_are_under_way(pressure: Pressure) -> None:
    assert pressure.call(REQUESTS_MAX - 1) is None
    assert all(pressure.call(REQUESTS_MAX) is not None for _ in range(100))


def test_connections_and_bodies_are_bounded(pressure: Pressure) -> None:
    pressure.connections, pressure.bodies_bytes = 99, 1000
    assert pressure.full() is None
    assert pressure.heavy() is None
    pressure.connections, pressure.bodies_bytes = 100, 1001
    full, heavy = pressure.full(), pressure.heavy()
    assert full is not None
    assert heavy is not None
    assert "100 connections" in full.message
    assert full.kind == heavy.kind == "unavailable"
