"""More short calls than a gateway can answer.

Their refusals are what makes this hard: one costs a good part of an answer, and whoever is refused
asks again at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from drills.programs import Load
from drills.test_overload import Probe, Scene, p99_ms, raised

SIDE_BY_SIDE = 64
"""Callers that a gateway answers as fast as it can, without refusing anything."""
TIMES = (2, 5)
BASE = 0.3
"""Of capacity: where nothing is refused, before and after."""
BASE_S = 1.0
BASE_S_MAX = 5.0


@dataclass(frozen=True)
class Strain:
    """How much, how long, and what must hold."""

    seconds: float
    connections: int
    goodput_min: float
    """As a part of the capacity, at any load above it."""
    refused_ms_max: float
    """The 99th percentile of refusals."""
    probe_ms_max: float
    """Of answers about health and from the admin API."""
    tries: int
    """In one of so many rounds the figures must hold; everything else in each."""


FEW = Strain(10.0, 400, 0.6, 100.0, 250.0, 3)
CROWD = Strain(10.0, 4000, 0.5, 1500.0, 1000.0, 3)
"""So many cannot all be refused quickly, and must not drown the others for that."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("overload_whole")
    with raised(folder, stream=False, chunks=1, rate=100.0) as made:
        yield made


def capacity(scene: Scene, seconds: float) -> float:
    """Answers in a second, to callers who each wait for theirs."""
    seen = scene.ask("closed", seconds, connections=SIDE_BY_SIDE)
    assert seen.errors == seen.refused
    return seen.goodput


def at(scene: Scene, strain: Strain, rate: float, seconds: float) -> Load:
    """So many calls in each second, as far as a connection is free to carry them."""
    return scene.ask("rate", seconds, rate=rate, connections=strain.connections)


def overload(scene: Scene, strain: Strain, times: int) -> list[str]:
    """Load it, beside its capacity of the same minute; what has not held."""
    most = capacity(scene, strain.seconds / 3)
    with Probe(scene.gateway) as probe:
        load = at(scene, strain, times * most, strain.seconds)
    most = (most + capacity(scene, strain.seconds / 3)) / 2
    assert load.errors == load.refused, "an answer that is neither good nor a refusal"
    assert load.refused, "there was no overload"
    assert probe.wrong == []
    goodput = load.requests / strain.seconds / most
    refused_ms = p99_ms(load.refused_us)
    print(  # noqa: T201 - figures, shown by pytest -s
        f"{times}x of {most:.0f}/s, {strain.connections} connections: goodput {goodput:.2f}, p99 "
        f"{p99_ms(load.latency_us):.0f} ms; {load.refused / strain.seconds:.0f}/s refused, p99 "
        f"{refused_ms:.0f} ms; health p99 {probe.p99_ms:.0f} ms"
    )
    wrong: list[str] = []
    if goodput < strain.goodput_min:
        wrong.append(f"{times}x: goodput falls to {goodput:.2f}")
    if refused_ms > strain.refused_ms_max:
        wrong.append(f"{times}x: refusals take {refused_ms:.0f} ms")
    if probe.p99_ms > strain.probe_ms_max:
        wrong.append(f"{times}x: health takes {probe.p99_ms:.0f} ms")
    return wrong


def one_round(scene: Scene, strain: Strain) -> list[str]:
    """Every load once, and back to the base."""
    wrong = [what for times in TIMES for what in overload(scene, strain, times)]
    rate = BASE * capacity(scene, BASE_S)
    for _ in range(int(BASE_S_MAX / BASE_S)):
        if not at(scene, strain, rate, BASE_S).errors:
            return wrong
    return [*wrong, "it goes on refusing"]


@pytest.mark.drill
@pytest.mark.skipif(sys.platform != "linux", reason="the load is made by epoll")
@pytest.mark.parametrize("strain", [FEW, CROWD])
def test_refusals_leave_time_for_answers(scene: Scene, strain: Strain) -> None:
    rounds: list[list[str]] = []
    while len(rounds) < strain.tries and (not rounds or all(rounds)):
        rounds.append(one_round(scene, strain))
    assert not all(rounds), rounds
