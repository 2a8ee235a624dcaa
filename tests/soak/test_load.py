from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count, islice

import pytest
import uvloop

from drills.books import PRICE, used
from drills.crowd import Ask, Crowd
from drills.rack import Pace, Rack, body
from kit.gateway import Gateway, config

CLIENTS = 64
ROUND_REQUESTS = 1000
WARM_ROUNDS = 1
GROWTH_KIB_MAX = 32 * 1024
"""What the server may hold more at the end than when it was warm: caches fill, pages of the journal
are mapped; a leak of 50 bytes in each request shows within half an hour."""
AUDIT_S_MAX = 600.0
"""There may be millions of receipts to read."""
FILES_MORE_MAX = 8
"""Readers of the database open their files at first use."""

SETTINGS = f"""
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = {CLIENTS}
"""


def pace(number: int) -> Pace:
    """Whole answers at once, and streams of three frames."""
    return Pace(0.0, 0.05)


def asks(key: str) -> Iterator[Ask]:
    for number in count():
        stream = number % 3 != 0
        yield Ask(number, stream, body(number, stream=stream), key)


async def load(gateway: Gateway, more: Iterator[Ask]) -> int:
    """One round: every request has its whole answer at its exact cost; their sum in nano-USD."""
    batch = islice(more, ROUND_REQUESTS)
    crowd = Crowd(gateway.url, lambda: next(batch, None))
    for caller in [await crowd.join() for _ in range(CLIENTS)]:
        await caller.gone.wait()
    assert crowd.wholes == len(crowd.sent) == ROUND_REQUESTS
    costs = [used(one.number).cost_nanousd for one in crowd.sent]
    assert [int(one.cost_usd * 10**9) for one in crowd.sent] == costs
    return sum(costs)


@pytest.mark.parametrize("load_s", [2.0, pytest.param(1800.0, marks=pytest.mark.soak)])
def test_a_loaded_gateway_answers_all_and_holds_no_more(load_s: float) -> None:
    async def run() -> None:
        rack = Rack(pace)
        await rack.start()
        try:
            with Gateway(config(rack.url, price=PRICE, more=SETTINGS)) as gateway:
                more = asks(gateway.key)
                cost_nanousd = sum([await load(gateway, more) for _ in range(WARM_ROUNDS)])
                rounds = WARM_ROUNDS
                warm_kib, warm_files = gateway.rss_kib(), gateway.fd_count()
                end_s = time.monotonic() + load_s
                while time.monotonic() < end_s:
                    cost_nanousd += await load(gateway, more)
                    rounds += 1
                    rack.served.clear()
                    assert gateway.rss_kib() <= warm_kib + GROWTH_KIB_MAX
                    assert gateway.fd_count() <= warm_files + FILES_MORE_MAX
                held_kib = gateway.rss_kib()
                gateway.terminate()
                audit = gateway.command_json("ledger", "audit", within_s=AUDIT_S_MAX)
        finally:
            await rack.stop()
        requests = rounds * ROUND_REQUESTS
        print(  # noqa: T201 - figures, shown by pytest -s
            f"{requests} requests, {warm_kib} KiB when warm, {held_kib} KiB at the end"
        )
        assert audit["wrong"] == 0, audit
        assert audit["receipts"] == requests
        assert audit["cost_nanousd"] == cost_nanousd

    uvloop.run(run())
