from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import uvloop

from drills.books import PRICE, number_of, receipts, used
from drills.crowd import Ask, Crowd, Sent
from drills.rack import Pace, Rack, body
from glimway.domain.receipt import Receipt
from kit.gateway import Gateway, config
from kit.http import call

CLIENTS = 24
WHOLES_PER_ROUND = 520
RATE_MIN = 200.0
"""Requests a second, in every round."""
READY_S_MAX = 3.0
"""From the start of the command to the first answer that says ready."""

SETTINGS = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[journal]
segment_bytes = 262144 # small, so that some rounds end while a segment is begun or drained
"""

NO_KEY, NO_MODEL, STREAM = 31, 37, 3
"""Every so manieth request: with a bad key, for an unknown model, streamed."""
STUMBLE = 3
"""After every so manieth round the gateway is killed again while it starts."""


@dataclass
class Asking:
    """Hands out numbered requests, some of which must be refused."""

    key: str
    number: int = 0
    refusable: set[int] = field(default_factory=set)

    def next(self) -> Ask:
        number = self.number
        self.number += 1
        key, model = self.key, "lab/m"
        if number % NO_KEY == 0:
            key = key[:-1] + ("0" if key[-1] != "0" else "1")
        elif number % NO_MODEL == 0:
            model = "lab/nothing"
        if key != self.key or model != "lab/m":
            self.refusable.add(number)
        stream = number % STREAM == 0
        return Ask(number, stream, body(number, stream=stream, model=model), key)


def pace(number: int) -> Pace:
    """Most answers at once; some streams slow enough to be cut anywhere."""
    return Pace(0.0, (number % 4) * 0.004) if number % 2 else Pace((number % 5) * 0.002)


async def one_round(crowd: Crowd, gateway: Gateway, chance: random.Random) -> float:
    """Load the gateway, kill it at some moment, and wait until its clients know; requests a second.

    Nobody stops sending before the kill, so that it meets requests in every phase.
    """
    aim = crowd.wholes + WHOLES_PER_ROUND
    answered, began_s = crowd.answered, time.monotonic()
    callers = [await crowd.join() for _ in range(CLIENTS)]
    while crowd.wholes < aim:
        assert gateway.running, gateway.process.said
        await asyncio.sleep(0.005)
    await asyncio.sleep(chance.random() * 0.03)
    rate = (crowd.answered - answered) / (time.monotonic() - began_s)
    os.kill(gateway.process.pid, signal.SIGKILL)
    for caller in callers:
        await caller.gone.wait()
    await asyncio.to_thread(gateway.kill)
    return rate


async def stumble(gateway: Gateway, chance: random.Random) -> None:
    """Start the gateway and kill it before it is ready, or just after."""
    starting = asyncio.create_task(asyncio.to_thread(gateway.start))
    while not gateway.running:  # noqa: ASYNC110 - another thread starts it
        await asyncio.sleep(0.001)
    await asyncio.sleep(chance.uniform(0.1, 0.5))
    os.kill(gateway.process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):  # it has not begun to listen
        await starting
    await asyncio.to_thread(gateway.kill)


async def start_s(gateway: Gateway) -> float:
    """Start the gateway again; how long it took until it was ready."""
    began_s = time.monotonic()
    await asyncio.to_thread(gateway.start)
    ready = await asyncio.to_thread(call, gateway.url + "/health/ready")
    assert ready.status == 200
    return time.monotonic() - began_s


async def drill(rack: Rack, gateway: Gateway, rounds: int) -> tuple[list[Sent], set[int]]:
    """All rounds; what was sent, and the numbers of what had to be refused."""
    chance = random.Random(rounds)
    asking = Asking(gateway.key)
    sent: list[Sent] = []
    for number in range(rounds):
        crowd = Crowd(gateway.url, asking.next)
        rate = await one_round(crowd, gateway, chance)
        assert rate >= RATE_MIN, f"{rate:.0f} requests a second"
        sent += crowd.sent
        if number % STUMBLE == 0:
            await stumble(gateway, chance)
        ready_s = await start_s(gateway)
        assert ready_s <= READY_S_MAX, f"ready after {ready_s:.2f} s"
    return sent, asking.refusable


def judge(one: Sent, found: list[Receipt], *, seen: bool, refusable: bool) -> None:
    """Hold what the client and the provider saw of one request against its receipts."""
    if refusable:
        assert one.status in (None, 401, 404), one
        assert not seen, one
        assert not found, found
        return
    assert len(found) <= 1, found
    tokens = used(one.number)
    if one.whole:
        (receipt,) = found
        assert receipt.status == "ok", receipt
        assert one.cost_usd == Decimal(tokens.cost_nanousd).scaleb(-9), one
    if seen:
        assert len(found) == 1, one
    for receipt in found:
        assert receipt.stream == one.stream
        if receipt.status == "lost":
            assert receipt.cost_nanousd == 0
            continue
        assert receipt.status == "ok", receipt  # nobody left, and the provider did its work
        assert seen
        assert receipt.cost_nanousd == tokens.cost_nanousd
        assert receipt.http_status == 200
        assert len(receipt.attempts) == 1


@pytest.mark.parametrize("rounds", [10, pytest.param(50, marks=pytest.mark.drill)])
def test_a_killed_gateway_keeps_exact_books(rounds: int) -> None:
    async def run() -> tuple[list[Sent], set[int], Rack, list[Receipt]]:
        rack = Rack(pace)
        await rack.start()
        try:
            with Gateway(config(rack.url, price=PRICE, more=SETTINGS)) as gateway:
                sent, refusable = await drill(rack, gateway, rounds)
                gateway.terminate()
                audit = gateway.command_json("ledger", "audit")
                found = receipts(gateway)
        finally:
            await rack.stop()
        assert audit["wrong"] == 0, audit
        assert audit["receipts"] == len(found)
        return sent, refusable, rack, found

    sent, refusable, rack, found = uvloop.run(run())
    assert sum(one.whole for one in sent) >= rounds * WHOLES_PER_ROUND >= rounds * 500
    by_number: dict[int, list[Receipt]] = defaultdict(list)
    for receipt in found:
        by_number[number_of(receipt)].append(receipt)
    seen = {served.number for served in rack.served}
    assert len(seen) == len(rack.served), "the provider was asked twice"
    for one in sent:
        judge(
            one,
            by_number.pop(one.number, []),
            seen=one.number in seen,
            refusable=one.number in refusable,
        )
    assert not by_number, "receipts of requests that nobody sent"
    lost = sum(receipt.status == "lost" for receipt in found)
    assert lost >= rounds, "the kills met no request in progress"
    assert any(one.stream and not one.whole for one in sent)
