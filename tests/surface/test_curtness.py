from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from glimway.surface import curtness
from glimway.surface.curtness import HELD_S_MAX, KINDS_MAX, SAID_PER_S_MAX, Curtness

TICK_S = 0.01
OF_A_TICK = int(SAID_PER_S_MAX * TICK_S)


@dataclass
class Clock:
    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Somebody:
    number: int
    told: list[int] = field(default_factory=list)

    def say(self) -> None:
        self.told.append(self.number)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def curt(clock: Clock) -> Curtness:
    return Curtness(clock)


def crowd(curt: Curtness, size: int) -> list[int]:
    """So many are to be refused; who has been told, in order, as it goes on."""
    told: list[int] = []
    for number in range(size):
        curt.refuse(Somebody(number, told))
    return told


def test_a_few_are_told_at_once(curt: Curtness) -> None:
    curt.tick(TICK_S)
    assert len(crowd(curt, OF_A_TICK)) == OF_A_TICK
    assert curt.waiting == 0


def test_more_wait_for_the_next_ticks_in_their_order(curt: Curtness, clock: Clock) -> None:
    curt.tick(TICK_S)
    told = crowd(curt, 3 * OF_A_TICK)
    for ticks in (1, 2, 3):
        assert told == list(range(ticks * OF_A_TICK))
        clock.now_s += TICK_S
        curt.tick(TICK_S)
    assert curt.waiting == 0


def test_a_late_tick_makes_up_for_it(curt: Curtness, clock: Clock) -> None:
    told = crowd(curt, 3 * OF_A_TICK)
    clock.now_s += 2 * TICK_S
    curt.tick(2 * TICK_S)
    assert len(told) == 2 * OF_A_TICK


def test_what_is_not_used_in_a_tick_is_not_saved(curt: Curtness) -> None:
    for _ in range(10):
        curt.tick(TICK_S)
    assert len(crowd(curt, 3 * OF_A_TICK)) == OF_A_TICK


def test_nobody_waits_for_ever(curt: Curtness, clock: Clock) -> None:
    told = crowd(curt, 10 * OF_A_TICK)
    clock.now_s += HELD_S_MAX
    curt.tick(TICK_S)
    assert len(told) == 10 * OF_A_TICK


def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(curtness, "WAITING_MAX", 5)
    curt = Curtness(clock)
    assert crowd(curt, 7) == [0, 1]
    assert curt.waiting == 5


@dataclass
class Made:
    """Answers that are made, and kept ready as long as they may."""

    curt: Curtness
    paths: list[bytes] = field(default_factory=list)

    def ready(self, path: bytes) -> bytes:
        def make() -> bytes:
            self.paths.append(path)
            return path

        return self.curt.ready((path, True), make)


def test_an_answer_is_made_once_in_a_tick(curt: Curtness) -> None:
    made = Made(curt)
    for path in (b"/a", b"/a", b"/b", b"/a"):
        assert made.ready(path) == path
    assert made.paths == [b"/a", b"/b"]
    curt.tick(TICK_S)
    made.ready(b"/a")
    assert made.paths == [b"/a", b"/b", b"/a"]


def test_only_so_many_answers_are_kept(curt: Curtness) -> None:
    made = Made(curt)
    for number in [*range(KINDS_MAX + 1), *range(KINDS_MAX + 1)]:
        made.ready(b"%d" % number)
    assert len(made.paths) == KINDS_MAX + 2
