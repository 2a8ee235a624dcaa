from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from itertools import count

import pytest
import uvloop

from drills.books import ENVIRONMENT, PRICE, number_of, wait_for_receipts
from drills.crowd import Ask, Crowd, Sent
from drills.rack import Pace, Rack, Served, body
from glimway.domain.receipt import Receipt
from kit.gateway import Gateway, config

STREAMS = 500
WARM_STREAMS = 50
LEAVES_S = 3.0
"""The clients leave at random moments of this time."""
P99_MS_MAX = 50.0
STOP_MS_MAX = 250.0
"""From the client's leaving to the end of the provider's connection."""
WAVES, LONG_WAVES = 1, 20
TRIES = 6
"""The machine may be busy with something else for a moment: the times must hold in one of so many
waves, the books and the return to base in each."""
BATCH = 25
"""So many come at once; the next ones when the provider has been asked for these. A slow machine
would turn away a part of 500 at once, and those would not be in this drill."""
ASKED_S_MAX = 10.0
"""How long that may take."""
MEMORY_KIB_MAX = 16 * 1024
"""What the server may hold more after the last wave than after the first: caches fill; 10,000 lost
tasks would be ten times as much."""
POOL_IDLE_S = 0.5
BASE_S_MAX = 5.0
"""How long sockets may take to be back to base, idle ones included."""
BOOKS_S_MAX = 30.0
"""Until all receipts can be read; there may be thousands."""
STOP_S_MAX = 2.0
"""Of a server that has nothing in progress; one that waits for a lost task takes ``drain_s``."""

SETTINGS = f"""
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = {STREAMS} # a place that a client did not give back is missed by the next wave

[client]
pool_idle_s = {POOL_IDLE_S}

[journal]
segment_bytes = 262144 # its pages count as the server's memory
"""


def numbered(key: str) -> Iterator[Ask]:
    for number in count():
        stream = number % 5 != 0 or number < WARM_STREAMS
        yield Ask(number, stream, body(number, stream=stream), key)


def pace(number: int) -> Pace:
    """Endless streams at different speeds, some of them silent at first; and whole answers that
    never come (they are asked for when ``number % 5 == 0``)."""
    if number < WARM_STREAMS:
        return Pace(0.0, 0.01)
    if number % 5 == 0:
        return Pace(60.0)
    return Pace((number % 3) * 0.5, 0.1 + (number % 7) * 0.1, None)


async def wave(
    gateway: Gateway, rack: Rack, asks: Iterator[Ask], chance: random.Random
) -> list[Sent]:
    """One client for each request; when the provider works for all of them they leave, each at some
    moment, one way or the other."""
    crowd = Crowd(gateway.url, lambda: next(asks, None))
    loop = asyncio.get_running_loop()
    callers = []
    asked = len(rack.served)
    for place in range(STREAMS):
        callers.append(await crowd.join())
        if place % BATCH == BATCH - 1:
            deadline_s = time.monotonic() + ASKED_S_MAX
            while len(rack.served) - asked < len(callers):
                assert time.monotonic() < deadline_s, "the provider is not asked"
                await asyncio.sleep(0.002)
    for place, caller in enumerate(callers):
        loop.call_later(chance.random() * LEAVES_S, caller.leave, place % 2 == 0)
    for caller in callers:
        await caller.gone.wait()
    return crowd.sent


async def until_base(rack: Rack, gateway: Gateway, base: int | None) -> int:
    """Wait until the provider has no connection and the gateway no more files than ``base``."""
    deadline_s = time.monotonic() + BASE_S_MAX
    while True:
        held = gateway.fd_count()
        if not rack.open and (base is None or held <= base):
            return held
        assert time.monotonic() < deadline_s, (
            f"{held} files instead of {base}; {len(rack.open)} connections to the provider"
        )
        await asyncio.sleep(0.02)


def stop_ms(sent: list[Sent], served: list[Served]) -> list[float]:
    """How long the provider worked for nobody, for each request that it has seen, in order."""
    left_s = {one.number: one.left_s for one in sent}
    delays = []
    for one in served:
        if one.number in left_s:
            gone_s = left_s[one.number]
            assert gone_s is not None
            assert one.left_s is not None, f"the provider still serves {one}"
            delays.append((one.left_s - gone_s) * 1000)
    return sorted(delays)


def judge(sent: list[Sent], served: list[Served], found: list[Receipt]) -> None:
    """Each request that the provider has seen has one receipt, and it says that the client left."""
    by_number = {number_of(receipt): receipt for receipt in found}
    assert len(by_number) == len(found), "a request has two receipts"
    seen = {one.number: one for one in served}
    assert len(seen) == len(served), "the provider was asked twice"
    for one in sent:
        receipt = by_number.get(one.number)
        if one.number not in seen:
            continue
        assert receipt is not None, f"no receipt for {one}"
        assert receipt.end == "client_left", receipt
        # What the provider sent in the last moment may or may not have reached the gateway.
        texts = seen[one.number].sent_texts
        if texts == 0:
            assert receipt.status == "failed", receipt
        elif texts > 1:
            assert receipt.status == "incomplete", receipt
        if receipt.status == "failed":
            assert receipt.cost_nanousd == 0
        else:
            assert receipt.estimated
            assert receipt.cost_nanousd > 0


def receipts_of(gateway: Gateway, numbers: set[int]) -> list[Receipt]:
    """All receipts, once each of these requests has one."""
    return wait_for_receipts(
        gateway, lambda found: numbers <= {number_of(receipt) for receipt in found}, BOOKS_S_MAX
    )


async def drill(gateway: Gateway, rack: Rack, waves: int) -> None:
    asks = numbered(gateway.key)
    warm = Crowd(gateway.url, lambda: next(asks) if len(warm.sent) < WARM_STREAMS else None)
    for caller in [await warm.join() for _ in range(WARM_STREAMS)]:
        await caller.gone.wait()
    assert warm.wholes == WARM_STREAMS
    await asyncio.to_thread(receipts_of, gateway, set(range(WARM_STREAMS)))
    base = await until_base(rack, gateway, None)
    chance = random.Random(500)
    sent: list[Sent] = []
    seen_ms: list[tuple[float, float]] = []
    held_kib: list[int] = []
    while sum(p99 <= P99_MS_MAX and last <= STOP_MS_MAX for p99, last in seen_ms) < waves:
        assert len(seen_ms) < TRIES * waves, seen_ms
        before = len(rack.served)
        left = await wave(gateway, rack, asks, chance)
        assert await until_base(rack, gateway, base) <= base
        held_kib.append(gateway.rss_kib())
        delays = stop_ms(left, rack.served[before:])
        assert len(delays) >= STREAMS
        seen_ms.append((delays[len(delays) * 99 // 100], delays[-1]))
        sent += left
    times = ", ".join(f"p99 {p99:.0f} ms, last {last:.0f} ms" for p99, last in seen_ms)
    print(f"{len(sent)} left; {times}; {held_kib} KiB")  # noqa: T201 - shown by pytest -s
    assert held_kib[-1] <= held_kib[0] + MEMORY_KIB_MAX
    numbers = {one.number for one in rack.served if one.number >= WARM_STREAMS}
    judge(sent, rack.served, await asyncio.to_thread(receipts_of, gateway, numbers))
    began_s = time.monotonic()
    assert gateway.terminate() == 0
    assert time.monotonic() - began_s < STOP_S_MAX, "something was still in progress"


@pytest.mark.parametrize("waves", [WAVES, pytest.param(LONG_WAVES, marks=pytest.mark.drill)])
def test_a_client_that_leaves_stops_its_provider(waves: int) -> None:
    async def run() -> None:
        rack = Rack(pace)
        await rack.start()
        try:
            text = config(rack.url, price=PRICE, more=SETTINGS)
            with Gateway(text, environment=ENVIRONMENT) as gateway:
                await drill(gateway, rack, waves)
        finally:
            await rack.stop()

    uvloop.run(run())
