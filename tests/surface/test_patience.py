from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from engine.fakeloop import FakeLoop
from glimway.engine.outbox import Outbox
from glimway.surface.edge import Edge
from glimway.surface.patience import BODY_BYTES_PER_S_MIN, Patience
from glimway.surface.pressure import Pressure

HEADER_S, BODY_S, KEEP_S, STALL_S = 10.0, 30.0, 75.0, 120.0
SLACK_S = 0.1


@dataclass
class Reading:
    """As much of what comes in as the clock looks at."""

    in_head: bool = False
    in_body: bool = False
    body_bytes: int = 0


@dataclass
class Scene:
    loop: FakeLoop = field(default_factory=FakeLoop)
    reading: Any = field(default_factory=Reading)
    ends: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_s = self.loop.now_s
        running = cast("asyncio.AbstractEventLoop", self.loop)
        edge = Edge(
            wheel=self.loop.wheel(),
            outbox=Outbox(running),
            serve=cast("Any", None),
            refuse=None,
            pressure=Pressure(running, lambda: 0.0, 1, 1),
            calls=frozenset(),
            header_timeout_s=HEADER_S,
            body_idle_s=BODY_S,
            keep_alive_s=KEEP_S,
            write_stall_s=STALL_S,
        )
        self.patience = Patience(edge, lambda: self.end("late"), lambda: self.end("stalled"))

    def end(self, how: str) -> None:
        self.ends.append((how, self.loop.now_s - self.start_s))

    def after(self, at_s: float) -> None:
        self.loop.run_until(self.start_s + at_s)

    def only(self, how: str, at_s: float) -> None:
        self.loop.run_for(1000)
        ((seen, seen_s),) = self.ends
        assert seen == how
        assert seen_s == pytest.approx(at_s, abs=SLACK_S)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_connection_that_asks_nothing_ends(scene: Scene) -> None:
    scene.patience.connected()
    scene.only("late", HEADER_S)


def test_bytes_of_a_head_buy_no_time(scene: Scene) -> None:
    scene.patience.connected()
    scene.after(5)
    scene.reading.in_head = True
    for second in range(5, 15):
        scene.after(second)
        scene.patience.more(scene.reading)
    scene.only("late", 5 + HEADER_S)


def test_a_body_that_pauses_too_long_ends(scene: Scene) -> None:
    scene.reading.in_body = True
    for second in range(0, 100, 20):
        scene.after(second)
        scene.reading.body_bytes = (second + 1) * BODY_BYTES_PER_S_MIN
        scene.patience.more(scene.reading)
    scene.only("late", 80 + BODY_S)


def test_a_body_that_drips_ends_although_it_never_pauses(scene: Scene) -> None:
    scene.reading.in_body = True
    for second in range(200):
        scene.after(second)
        scene.reading.body_bytes += 1
        if not scene.ends:
            scene.patience.more(scene.reading)
    scene.only("late", BODY_S)


def test_a_slow_body_that_moves_on_may_take_its_time(scene: Scene) -> None:
    scene.reading.in_body = True
    for second in range(500):
        scene.after(second)
        scene.reading.body_bytes += 2 * BODY_BYTES_PER_S_MIN
        scene.patience.more(scene.reading)
    assert not scene.ends
    scene.patience.answering()
    scene.loop.run_for(1000)
    assert not scene.ends


def test_an_idle_connection_is_kept_for_longer(scene: Scene) -> None:
    scene.patience.answered(scene.reading)
    scene.only("late", KEEP_S)


def test_each_answer_begins_the_silence_anew(scene: Scene) -> None:
    scene.patience.connected()
    for second in range(1, 2000, 7):
        scene.after(second)
        scene.patience.answering()
        scene.after(second + 1)
        scene.patience.answered(scene.reading)
    assert not scene.ends
    scene.only("late", 1997 + KEEP_S)


def test_a_long_answer_is_no_silence(scene: Scene) -> None:
    scene.patience.answered(scene.reading)
    scene.patience.answering()
    scene.after(10 * KEEP_S)
    scene.patience.answered(scene.reading)
    scene.only("late", 11 * KEEP_S)


def test_a_head_behind_an_answer_has_its_own_shorter_time(scene: Scene) -> None:
    scene.patience.answered(scene.reading)
    scene.reading.in_head = True
    scene.patience.more(scene.reading)
    scene.only("late", HEADER_S)


def test_a_request_drops_the_moment_before_the_end(scene: Scene) -> None:
    scene.patience.answered(scene.reading)
    scene.patience.linger(0.5, lambda: scene.end("lingered"))
    scene.patience.answering()
    scene.after(5)
    scene.patience.answered(scene.reading)
    scene.only("late", 5 + KEEP_S)


def test_half_a_request_behind_an_answer_is_waited_for_as_a_request(scene: Scene) -> None:
    scene.reading.in_body = True
    scene.patience.answered(scene.reading)
    scene.only("late", BODY_S)


def test_a_reader_that_takes_nothing_is_let_go_whatever_else_is_timed(scene: Scene) -> None:
    scene.patience.full()
    scene.after(60)
    scene.patience.full()
    scene.patience.answering()
    scene.only("stalled", STALL_S)


def test_a_reader_that_takes_everything_in_time_stays(scene: Scene) -> None:
    for second in range(0, 1000, 100):
        scene.after(second)
        scene.patience.full()
        scene.after(second + 50)
        scene.patience.empty()
    scene.patience.end()
    scene.loop.run_for(1000)
    assert not scene.ends
