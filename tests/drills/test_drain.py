from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import uvloop

from drills.books import PRICE, number_of, receipts, used
from drills.crowd import Ask, Caller, Crowd, Sent
from drills.rack import Pace, Rack, body
from kit.answers import DONE
from kit.gateway import Gateway, config
from kit.http import Response

STREAMS = 500
AT_ONCE = 100
FORGOTTEN_S = 1.2
"""After this long without a refusal, the server lets in as many as ever."""
ENDLESS = 5
"""Of so many streams, one would never end."""
WINDOW_S = 4.0
KEPT = 20
"""Clients that ask again and again on one connection each."""
FRESH_GAP_S = 0.01
"""Between two clients that come with one request on a new connection."""
FIRST_KEPT, FIRST_FRESH = 10_000, 100_000
AT_ONCE_S_MAX = 1.0
"""From the second signal to the end of the process."""

SETTINGS = f"""
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[server]
drain_s = {WINDOW_S}
"""


def pace(number: int) -> Pace:
    """Streams of about four seconds; a few that never end; and answers that come at once."""
    if number >= STREAMS:
        return Pace(0.005)
    return Pace(0.0, 0.2, None if number % ENDLESS == 0 else 18 + number % 5)


def numbered(key: str, numbers: Iterator[int], *, stream: bool) -> Iterator[Ask]:
    for number in numbers:
        yield Ask(number, stream, body(number, stream=stream), key)


class Newcomers:
    """Clients that come one after the other until nobody listens any more."""

    def __init__(self, gateway: Gateway) -> None:
        asks = numbered(gateway.key, count(FIRST_FRESH), stream=False)
        self.callers: list[Caller] = []
        self.crowd = Crowd(gateway.url, lambda: next(asks) if self._wanted() else None)
        self.closed_s: float | None = None

    def _wanted(self) -> bool:
        return len(self.crowd.sent) <= len(self.callers)

    async def come(self) -> None:
        while True:
            try:
                self.callers.append(await self.crowd.join())
            except ConnectionRefusedError:
                self.closed_s = time.monotonic()
                return
            await asyncio.sleep(FRESH_GAP_S)


async def begun(crowd: Crowd, n: int) -> list[Caller]:
    """So many streams, each with its first text. They come a few at a time: all at once they would
    make the loop late, and some would be turned away."""
    callers: list[Caller] = []
    while len(callers) < n:
        callers += [await crowd.join() for _ in range(min(AT_ONCE, n - len(callers)))]
        while not all(b"text" in one.answer for one in crowd.sent):
            assert crowd.answered == crowd.wholes, "a stream was turned away"
            await asyncio.sleep(0.01)
    return callers


async def ended(gateway: Gateway) -> int:
    return await asyncio.to_thread(gateway.process.wait)


def cut_properly(one: Sent) -> bool:
    """The answer says that it was cut, and does not look whole."""
    return b'"error"' in one.answer and not one.answer.endswith(DONE)


def judge_books(gateway: Gateway, streams: list[Sent], others: list[Sent]) -> None:
    """Every request that was let in has one receipt, at what its answer says."""
    audit: Any = gateway.command_json("ledger", "audit")
    assert audit["wrong"] == 0, audit
    by_number = {number_of(receipt): receipt for receipt in receipts(gateway)}
    assert set(by_number) == {one.number for one in (*streams, *others)}
    for one in (*streams, *others):
        receipt = by_number[one.number]
        if one.whole:
            assert receipt.status == "ok", receipt
            assert receipt.cost_nanousd == used(one.number).cost_nanousd
        else:
            assert receipt.status == "incomplete", receipt
            assert receipt.cost_nanousd > 0


async def drain(gateway: Gateway) -> None:
    stream_asks = numbered(gateway.key, iter(range(STREAMS)), stream=True)
    crowd = Crowd(gateway.url, lambda: next(stream_asks, None))
    callers = await begun(crowd, STREAMS)
    kept_asks = numbered(gateway.key, count(FIRST_KEPT), stream=False)
    kept = Crowd(gateway.url, lambda: next(kept_asks))
    await asyncio.sleep(FORGOTTEN_S)
    keepers = [await kept.join() for _ in range(KEPT)]
    newcomers = Newcomers(gateway)
    coming = asyncio.create_task(newcomers.come())
    await asyncio.sleep(0.3)
    began_s = time.monotonic()
    gateway.process.signal(signal.SIGTERM)
    code = await ended(gateway)
    took_s = time.monotonic() - began_s
    await coming
    for caller in (*callers, *keepers, *newcomers.callers):
        await caller.gone.wait()

    assert newcomers.closed_s is not None
    assert newcomers.closed_s - began_s < 1.0, "the listener stays open"
    assert len(newcomers.crowd.sent) > 20
    for asked in (kept, newcomers.crowd):
        assert asked.wholes == len(asked.sent), [one for one in asked.sent if not one.whole]
    for one in crowd.sent:
        endless = one.number % ENDLESS == 0
        assert one.whole != endless, one
        assert endless == cut_properly(one), one.answer[-500:]
    assert code == 3
    assert WINDOW_S <= took_s <= WINDOW_S + 2.0
    judge_books(gateway, crowd.sent, [*kept.sent, *newcomers.crowd.sent])


async def twice(gateway: Gateway) -> None:
    asks = numbered(gateway.key, iter(range(0, STREAMS, ENDLESS)), stream=True)
    crowd = Crowd(gateway.url, lambda: next(asks, None))
    callers = await begun(crowd, STREAMS // ENDLESS)
    gateway.process.signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    assert gateway.running
    assert not any(caller.gone.is_set() for caller in callers)
    again_s = time.monotonic()
    gateway.process.signal(signal.SIGTERM)
    code = await ended(gateway)
    assert time.monotonic() - again_s < AT_ONCE_S_MAX
    assert code == 3
    for caller in callers:
        await caller.gone.wait()
    assert all(cut_properly(one) for one in crowd.sent)
    judge_books(gateway, crowd.sent, [])


@pytest.mark.parametrize("drill", [drain, twice])
def test_a_signal_hurts_nobody(drill: Any) -> None:
    async def run() -> None:
        rack = Rack(pace)
        await rack.start()
        try:
            with Gateway(config(rack.url, price=PRICE, more=SETTINGS)) as gateway:
                await drill(gateway)
        finally:
            await rack.stop()

    uvloop.run(run())


def test_who_has_nothing_to_end_ends_cleanly() -> None:
    with Gateway() as gateway, gateway.client() as idle, gateway.client() as busy:
        idle.request("GET", "/health/live")
        assert idle.read_response().status == 200
        gateway.process.signal(signal.SIGTERM)
        answers: list[Response] = []
        while not answers or answers[-1].status == 200:  # until the signal has arrived
            busy.request("GET", "/health/ready")
            answers.append(busy.read_response())
        assert answers[-1].status == 503
        assert answers[-1].json() == {"status": "draining"}
        assert gateway.process.wait() == 0
        assert idle.socket.recv(1) == b""
