"""The line before a key's limits: fair within a key, and no key stands in another's way.

On a clock that jumps: minutes of waiting take no time, and every wait is exact.
"""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from glimway.domain.estimate import Estimates
from glimway.domain.keys import Key
from glimway.domain.limits import Limits
from glimway.engine import admission as admission_module
from glimway.engine.admission import QUEUED_MAX, Admission, Stay
from glimway.engine.wheel import TICK_S, Wheel
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call
from kit.jumping import run

COURSES = 200
PLAN: Any = SimpleNamespace(model="m", max_output=1000)
CALL = Call("m", [], "chat")
ASK: Any = SimpleNamespace(body=b"{}")


def key(name: str, limits: Limits) -> Key:
    return Key(
        id=name,
        digest=b"",
        name=name,
        organization="o",
        project="p",
        created_ms=0,
        limits=limits,
    )


class Door:
    """An admission, and what became of each request."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.wheel = Wheel(self.loop)
        self.admission = Admission(cast("Any", None), Estimates(), Limits(), self.wheel)
        self.order: dict[str, list[int]] = {}
        self.ends: dict[tuple[str, int], str] = {}
        self.waits_s: dict[tuple[str, int], float] = {}
        self.running: dict[str, int] = {}
        self.most: dict[str, int] = {}

    async def request(self, owner: Key, number: int, holds_s: float) -> None:
        """As a journey: in, some work, out; or a refusal; or it is cancelled."""
        came_s = self.loop.time()
        mark = owner.id, number
        stay: Stay | None = None
        try:
            admission = self.admission
            stay = admission.admit(owner, PLAN, CALL, ASK) or await admission.wait(
                owner, PLAN, CALL, ASK
            )
            self.waits_s[mark] = self.loop.time() - came_s
            self.order.setdefault(owner.id, []).append(number)
            now = self.running[owner.id] = self.running.get(owner.id, 0) + 1
            self.most[owner.id] = max(self.most.get(owner.id, 0), now)
            await asyncio.sleep(holds_s)
            self.ends[mark] = "served"
        except Refusal:
            self.waits_s[mark] = self.loop.time() - came_s
            self.ends[mark] = "refused"
        except asyncio.CancelledError:
            self.ends[mark] = "left"
        finally:
            if stay is not None:
                self.running[owner.id] -= 1
                stay.leave()

    def rests(self) -> None:
        """Nobody is in, nobody waits, and no timer is left behind."""
        assert not self.admission._lines
        assert not any(meter.running for meter in self.admission._meters.values())
        assert not len(self.wheel)


def test_a_burst_of_one_key_delays_no_other() -> None:
    async def scene() -> Door:
        door = Door()
        bursty = key("bursty", Limits(requests_per_minute=600, burst=5, queue_ms=60_000))
        calm = key("calm", Limits(requests_per_minute=600, burst=5, queue_ms=60_000))
        async with asyncio.TaskGroup() as group:
            for number in range(400):
                group.create_task(door.request(bursty, number, 0.01))
            for number in range(30):
                group.create_task(door.request(calm, number, 0.01))
                await asyncio.sleep(1)
        return door

    door = run(scene())
    assert max(wait for (name, _), wait in door.waits_s.items() if name == "calm") == 0
    assert door.order["bursty"] == list(range(400)), "first come, first served"
    longest = door.waits_s["bursty", 399]
    assert 39.5 <= longest <= 39.5 + 400 * TICK_S, "a tenth of a second each, after the burst"
    door.rests()


def test_who_has_waited_long_enough_is_refused_then_and_not_before() -> None:
    async def scene() -> Door:
        door = Door()
        owner = key("k", Limits(concurrency=1, queue_ms=3000))
        async with asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(door.request(owner, number, 2.0))
        return door

    door = run(scene())
    ends = [door.ends["k", number] for number in range(4)]
    assert ends == ["served", "served", "refused", "refused"]
    waits = [door.waits_s["k", number] for number in range(4)]
    assert waits[:2] == pytest.approx([0, 2.0])
    assert waits[2:] == pytest.approx([3.0, 3.0], abs=TICK_S)
    door.rests()


def test_the_line_has_an_end() -> None:
    async def scene() -> Door:
        door = Door()
        owner = key("k", Limits(concurrency=1, queue_ms=1000))
        async with asyncio.TaskGroup() as group:
            for number in range(QUEUED_MAX + 11):
                group.create_task(door.request(owner, number, 5.0))
        return door

    door = run(scene())
    at_once = [mark for mark, wait in door.waits_s.items() if not wait]
    assert len(at_once) == 11, "one was served, ten found the line full"
    door.rests()


async def course(seed: int) -> None:
    """Requests of three keys come, hold their places and leave at random moments."""
    chance = random.Random(seed)
    door = Door()
    owners = [
        key(name, Limits(concurrency=places, queue_ms=chance.choice((500, 4000)), **more))
        for name, places, more in (
            ("a", 1, {}),
            ("b", 3, {}),
            ("c", 2, {"requests_per_minute": 300, "burst": 2}),
        )
    ]
    tasks = []
    for number in range(60):
        owner = chance.choice(owners)
        holds_s = chance.uniform(0, 0.6)
        tasks.append(door.loop.create_task(door.request(owner, number, holds_s)))
        if chance.random() < 0.3:
            leaver = chance.choice(tasks)
            door.loop.call_later(chance.uniform(0.01, 1), leaver.cancel)
        if chance.random() < 0.6:
            await asyncio.sleep(chance.uniform(0.001, 0.3))
    await asyncio.gather(*tasks)
    assert len(door.ends) == 60
    for owner in owners:
        limits = owner.limits
        assert limits is not None
        assert door.most.get(owner.id, 0) <= limits.concurrency
        order = door.order.get(owner.id, [])
        assert order == sorted(order), "first come, first served"
        for mark, wait_s in door.waits_s.items():
            if mark[0] == owner.id:
                assert wait_s <= limits.queue_ms / 1000 + TICK_S
                if door.ends[mark] == "refused":
                    assert wait_s == pytest.approx(limits.queue_ms / 1000, abs=TICK_S)
    door.rests()


@pytest.mark.parametrize("part", range(4))
def test_whoever_leaves_the_line_holds_nobody_up(part: int) -> None:
    for seed in range(part, COURSES, 4):
        try:
            run(course(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_what_a_key_has_used_is_not_forgotten_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The default of this door is unlimited: by it, every bucket would be full."""
    monkeypatch.setattr(admission_module, "METERS_MAX", 4)
    spent = Limits(requests_per_minute=1, burst=1)

    async def play() -> None:
        door = Door().admission
        owner = key("spent", spent)
        for one in (owner, *(key(f"{n}", Limits()) for n in range(20))):
            stay = door.admit(one, PLAN, CALL, ASK)
            assert stay is not None
            stay.leave()
        assert len(door._meters) <= 4 + 1
        with pytest.raises(Refusal):
            door.admit(owner, PLAN, CALL, ASK)

    run(play())
