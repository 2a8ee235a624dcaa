"""Twins join, leave, stall and see faults in every order: 200 seeded courses.

Each client acts as a journey does; the provider is a script that says one thing at a time. The loop
runs until nothing more happens between two steps, so that a seed always means the same.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, cast

import pytest

from glimway.domain.catalog import Endpoint
from glimway.domain.receipt import Opened, Tokens
from glimway.domain.sharing import Coalescing, Sharing
from glimway.engine.attempt import Attempt
from glimway.engine.flow import Frames
from glimway.engine.routing import Routing
from glimway.engine.settling import Charge, Outcome
from glimway.engine.sharing import seat as seats
from glimway.engine.sharing import shares as shares_module
from glimway.engine.sharing.group import Group, Terms
from glimway.engine.sharing.seat import Seat
from glimway.engine.sharing.shares import Keys, Shares
from glimway.engine.sharing.shelf import Bounds
from glimway.engine.wheel import Wheel
from glimway.wire.events import Event, Start, Stop, Text, Usage
from glimway.wire.refusal import Fault

COURSES = 200
PRICE_NANOUSD = 1_000_003
ATTEMPT = cast("Attempt", object())
OPERATORS = Sharing(coalesce=Coalescing(use="always"))


class Source:
    """The provider's answer, said piece by piece."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, stream: bool) -> None:
        self.loop = loop
        self.stream = stream
        self.finished = False
        self.fault: Fault | None = None
        self.events: list[Event] = []
        self.started_s = loop.time()
        self.first_frame_s: float | None = loop.time()
        self.usage: Usage | None = None
        self.paused = self.closed = False
        self.said = ""
        self._on_frames: Callable[[Frames], None] | None = None
        self._held: Frames = [[Start()]]

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        self._on_frames = on_frames
        on_frames(self._held)

    def say(self, *events: Event) -> None:
        self.said += "".join(one.text for one in events if isinstance(one, Text))
        frames: Frames = [list(events)] if events else []
        if self._on_frames is None:
            self._held += frames
        elif not self.closed:
            self._on_frames(frames)

    def end(self, fault: Fault | None) -> None:
        self.fault, self.finished = fault, fault is None
        self.say(*(() if fault else (Stop("stop"), Usage(7, 5))))

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def close(self) -> None:
        self.closed = True


class Client:
    """One request; keeps what it was given."""

    def __init__(self, group: Group, *, stream: bool) -> None:
        self.group = group
        self.stream = stream
        self.outcome = outcome(stream=stream)
        self.seat = group.join(stream=stream)
        self.text = ""
        self.begun = self.stopped = self.left = False
        self.error: Fault | None = None
        self.cost_nanousd = -1
        self.task = group.loop.create_task(self._go())

    async def _go(self) -> None:
        seat, self.begun = self.seat, True
        try:
            await self.group.seated(seat, self.outcome)
            if self.stream:
                ended = group_future(self.group.loop)

                def take(frames: Frames) -> None:
                    self._see([event for frame in frames for event in frame])
                    if (seat.finished or seat.fault is not None) and not ended.done():
                        ended.set_result(None)

                seat.attach(take)
                await ended
                if seat.fault is not None:
                    raise seat.fault
            else:
                self._see(seat.events)
            self.outcome.status = "ok"
            self._settle(PRICE_NANOUSD)
        except Fault as fault:
            self.error = fault
        except asyncio.CancelledError:
            self.left = True
        finally:
            seat.close()
            if self.cost_nanousd < 0:
                self.outcome.status = "incomplete" if self.text else "failed"
                self._settle(PRICE_NANOUSD // 3 if self.text else 0)

    def _see(self, events: list[Event]) -> None:
        assert not self.stopped
        for event in events:
            if isinstance(event, Text):
                self.text += event.text
            self.stopped = self.stopped or isinstance(event, Stop)

    def _settle(self, cost_nanousd: int) -> None:
        charge = Charge(Usage(), Tokens(), cost_nanousd, False, None)
        self.cost_nanousd = self.seat.charged(self.outcome, charge).cost_nanousd


def group_future(loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
    return loop.create_future()


def outcome(*, stream: bool) -> Outcome:
    opened = Opened("0" * 26, 0, "o", "p", "k", "m", "e", "chat", "/v1", stream)
    return Outcome(opened, "m", cast("Endpoint", None), 10, 0.0)


class Crowd:
    """Groups one after the other, as a table of open doors has them."""

    def __init__(self, chance: random.Random, *, split: bool) -> None:
        self.chance = chance
        self.split = split
        self.loop = asyncio.get_running_loop()
        self.clients: list[Client] = []
        self.groups: list[Group] = []
        self.sources: dict[Group, Source] = {}
        self.gates: dict[Group, asyncio.Future[Source]] = {}
        self.calls = 0

    def join(self) -> None:
        stream = self.chance.random() < 0.7
        group = self.groups[-1] if self.groups and self.groups[-1].open else None
        made = group is None
        if group is None:
            group = self._made(stream=stream)
        self.clients.append(Client(group, stream=stream))
        if made:
            group.run(self._call(group))

    def _made(self, *, stream: bool) -> Group:
        call = outcome(stream=stream)
        call.attempts = [ATTEMPT]
        nothing: Callable[..., None] = lambda *_: None  # noqa: E731
        group = Group(self.loop, call, Terms(split=self.split), nothing, nothing, nothing)
        self.groups.append(group)
        self.gates[group] = self.loop.create_future()
        return group

    async def _call(self, group: Group) -> Source:
        self.calls += 1
        gate = self.gates[group]
        try:
            return await gate
        except asyncio.CancelledError:
            if group in self.sources:
                self.sources[group].close()
            raise

    def step(self) -> None:
        """Something happens."""
        roll = self.chance.random()
        live = [client for client in self.clients if client.begun and not client.task.done()]
        if roll < 0.3 or not self.groups:
            self.join()
        elif roll < 0.45 and live:
            self.chance.choice(live).task.cancel()
        elif roll < 0.6 and live:
            client = self.chance.choice(live)
            if client.seat.paused:
                client.seat.resume()
            elif client.stream and client.outcome.answer is not None:
                client.seat.pause()
        elif roll < 0.65:
            self.groups[-1].shut()
        else:
            self.provide(self.chance.choice(self.groups), self.chance.random())

    def provide(self, group: Group, roll: float) -> None:
        """The provider of a group does the next thing."""
        gate, source = self.gates[group], self.sources.get(group)
        if source is None:
            if gate.done():
                return
            if roll < 0.15:
                gate.set_exception(Fault("unreachable", "refused"))
                gate.exception()
                return
            stream = group.outcome.opened.stream
            source = self.sources[group] = Source(self.loop, stream=stream)
            if not stream:
                source.said = "whole answer"
                source.events = [Text("whole "), Text("answer"), Stop("stop"), Usage(7, 5)]
                source.finished = True
            gate.set_result(source)
        elif source.stream and not source.finished and source.fault is None and not source.paused:
            if roll < 0.7:
                source.say(Text(str(len(source.said)) + " "))
            else:
                source.end(Fault("broken", "cut") if roll < 0.8 else None)

    def finish(self) -> None:
        """All read again, and every provider comes to its end."""
        for client in self.clients:
            if client.seat.paused:
                client.seat.resume()
        for group in self.groups:
            self.provide(group, 1.0)


async def rest() -> None:
    """Until nothing more happens by itself."""
    for _ in range(12):
        await asyncio.sleep(0)


def judge(crowd: Crowd) -> None:
    assert crowd.calls == len(crowd.groups)
    for group in crowd.groups:
        clients = [client for client in crowd.clients if client.group is group]
        source = crowd.sources.get(group)
        good = [client for client in clients if client.outcome.status == "ok"]
        for client in clients:
            assert client.task.done()
            assert client.cost_nanousd >= 0, "settled"
            assert (client in good) + (client.error is not None) + client.left == 1
            if client in good:
                assert source is not None
                assert client.text == source.said
                assert client.stopped
            elif source is not None:
                assert source.said.startswith(client.text)
        told = [client for client in clients if client.outcome.attempts]
        assert len(told) == 1, "the call is on one receipt"
        paid = sum(client.cost_nanousd for client in clients)
        if crowd.split:
            assert paid <= PRICE_NANOUSD
            if len(good) == len(clients):
                assert paid == PRICE_NANOUSD
        else:
            partial = [one for one in clients if one not in good and one.text]
            assert paid == len(good) * PRICE_NANOUSD + len(partial) * (PRICE_NANOUSD // 3)
        if source is not None:
            assert source.closed
        elif not crowd.gates[group].cancelled():
            assert crowd.gates[group].exception() is not None


async def course(seed: int) -> None:
    chance = random.Random(seed)
    crowd = Crowd(chance, split=seed % 2 == 0)
    for _ in range(chance.randint(5, 40)):
        crowd.step()
        if chance.random() < 0.7:
            await rest()
    for _ in range(3):
        await rest()
        crowd.finish()
    await rest()
    judge(crowd)


@pytest.mark.parametrize("part", range(4))
def test_every_course_ends_well_or_says_so(part: int) -> None:
    for seed in range(part, COURSES, 4):
        try:
            asyncio.run(course(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_a_slow_reader_falls_out_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "WAITING_BYTES_MAX", 5000)

    async def run() -> None:
        crowd = Crowd(random.Random(1), split=False)
        group = crowd._made(stream=True)
        slow, quick = Client(group, stream=True), Client(group, stream=True)
        group.run(crowd._call(group))
        await rest()
        crowd.provide(group, 1.0)
        await rest()
        source = crowd.sources[group]
        slow.seat.pause()
        assert not source.paused
        for _ in range(40):
            source.say(Text("x" * 100))
        await rest()
        assert slow.error is not None
        assert slow.error.kind == "overloaded"
        assert not source.paused
        assert len(quick.text) == 4000
        source.end(None)
        await rest()
        assert quick.outcome.status == "ok"

    asyncio.run(run())


def test_one_slow_reader_alone_holds_its_provider_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "WAITING_BYTES_MAX", 500)

    async def run() -> None:
        crowd = Crowd(random.Random(1), split=False)
        group = crowd._made(stream=True)
        alone = Client(group, stream=True)
        group.run(crowd._call(group))
        await rest()
        crowd.provide(group, 1.0)
        await rest()
        source: Any = crowd.sources[group]
        alone.seat.pause()
        assert source.paused
        source.say(Text("x" * 1000))  # what was on its way
        alone.seat.resume()
        assert not source.paused
        source.end(None)
        await rest()
        assert alone.text == "x" * 1000
        assert alone.outcome.status == "ok"

    asyncio.run(run())


def test_a_seat_is_an_answer() -> None:
    assert {"attach", "pause", "resume", "close"} <= set(dir(Seat))


def test_only_so_many_groups_may_be_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares_module, "GROUPS_MAX", 3)

    async def run() -> None:
        wheel = Wheel(asyncio.get_running_loop())
        shares = Shares(OPERATORS, Bounds(), wheel)

        def begun(name: bytes) -> Group:
            keys = Keys((name, "postpaid"), None)
            return shares.begun(OPERATORS, keys, outcome(stream=True), cast("Routing", None))

        made = [begun(b"%d" % n) for n in range(5)]
        assert [group.open for group in made] == [True, True, True, False, False]
        made[0].shut()
        assert shares.groups_open == 2
        assert begun(b"x").open
        wheel.close()

    asyncio.run(run())
