from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from engine.fakeloop import FakeLoop, Timer
from glimway.surface.pressure import (
    BUSY_MIN,
    FALL,
    FALLS_MAX,
    LATE_MS_MAX,
    QUIET_S,
    REQUESTS_MAX,
    REQUESTS_MIN,
    TICK_S,
    Pressure,
)
from glimway.surface.sockets import Sockets
from glimway.wire.refusal import Refusal


class LateLoop(FakeLoop):
    """A loop whose timers come late."""

    late_s = 0.0
    busy = 1.0
    """The part of the time in which the thread wants to compute."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        return super().call_later(delay_s + self.late_s, callback)


@pytest.fixture
def loop() -> LateLoop:
    return LateLoop()


@pytest.fixture
def pressure(loop: LateLoop) -> Pressure:
    running = cast("asyncio.AbstractEventLoop", loop)
    return Pressure(running, lambda: loop.now_s * loop.busy, 100, 1000)


def under(
    loop: LateLoop, pressure: Pressure, late_ms: float, for_s: float, under_way: int = 1000
) -> None:
    """Calls come every tick while so many are under way, and the loop is so late."""
    loop.late_s = late_ms / 1000
    end_s = loop.now_s + for_s
    while loop.now_s < end_s:
        pressure.call(under_way)
        loop.run_for(TICK_S)


def let_in(pressure: Pressure) -> int:
    """How many it lets in before it turns one away."""
    return next(n for n in range(REQUESTS_MAX + 1) if pressure.call(n) is not None)


def test_a_loop_in_time_lets_everyone_in(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, LATE_MS_MAX * 0.99, 10)
    assert let_in(pressure) == REQUESTS_MAX


def test_one_long_turn_turns_nobody_away(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 0, 1)
    under(loop, pressure, 700, 0.01)
    under(loop, pressure, 0, 1)
    assert let_in(pressure) == REQUESTS_MAX


def test_a_late_loop_lets_in_fewer_than_are_under_way(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 1.5 * LATE_MS_MAX, 1)
    # Those thousand are still there: it has fallen once, and waits for them.
    assert let_in(pressure) == pytest.approx(1000 * (1 - 1.5 * FALL), abs=1)
    refusal = pressure.call(1000)
    assert refusal is not None
    assert (refusal.kind, refusal.retry_after_s) == ("unavailable", 1.0)


def test_the_later_it_is_the_lower_it_falls(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 50 * LATE_MS_MAX, 5)
    assert let_in(pressure) == pytest.approx(1000 * (1 - FALLS_MAX * FALL), abs=1)


def test_it_falls_again_when_fewer_are_still_too_many(loop: LateLoop, pressure: Pressure) -> None:
    for under_way in (1000, 800, 600):
        under(loop, pressure, 1.5 * LATE_MS_MAX, 1, under_way)
    assert let_in(pressure) == pytest.approx(600 * (1 - 1.5 * FALL), abs=1)


def test_a_few_are_always_let_in(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 50 * LATE_MS_MAX, 5, under_way=3)
    assert let_in(pressure) == REQUESTS_MIN


def test_a_loop_that_waits_for_something_else_turns_nobody_away(
    loop: LateLoop, pressure: Pressure
) -> None:
    loop.busy = BUSY_MIN * 0.9
    under(loop, pressure, 5 * LATE_MS_MAX, 10)
    assert let_in(pressure) == REQUESTS_MAX


def test_it_rises_slowly_while_calls_are_turned_away(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 1.5 * LATE_MS_MAX, 1)
    fallen = let_in(pressure)
    under(loop, pressure, 0, 0.2)
    assert fallen < let_in(pressure) < 1.2 * fallen


def test_it_forgets_when_none_was_turned_away(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 5 * LATE_MS_MAX, 1)
    under(loop, pressure, 0, QUIET_S + 0.2, under_way=1)
    assert let_in(pressure) == REQUESTS_MAX


def test_nothing_is_watched_when_nobody_asks(loop: LateLoop, pressure: Pressure) -> None:
    under(loop, pressure, 5 * LATE_MS_MAX, 3)
    loop.late_s = 0
    loop.run_for(10)
    assert not loop.pending
    assert pressure.call(1) is None
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


def test_a_socket_that_waits_is_no_request_under_way(pressure: Pressure) -> None:
    sockets = Sockets(pressure, 2 * REQUESTS_MAX, 60.0)
    for _ in range(REQUESTS_MAX):
        sockets.enter()
    assert pressure.call(REQUESTS_MAX) is None  # tasks, all of which wait
    sockets.tasks = range(REQUESTS_MAX)
    sockets.work()
    sockets.judge()
    sockets.tasks = range(2 * REQUESTS_MAX)
    with pytest.raises(Refusal, match="overloaded"):
        sockets.judge()
    sockets.rest()
    for _ in range(REQUESTS_MAX):
        sockets.leave()
    assert (sockets.live, pressure.resting) == (0, 0)
