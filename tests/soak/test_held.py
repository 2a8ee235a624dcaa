"""Streams that are open and silent: what each of them weighs."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvloop

from drills.books import PRICE
from drills.crowd import Ask, Caller, Crowd
from drills.rack import Pace, Rack, body
from kit import certificates
from kit.gateway import Gateway, config

PLAIN_KIB_MAX, TLS_KIB_MAX = 192 * 1024, 512 * 1024
"""The whole server, with 5,000 streams whose providers speak plainly, or TLS."""
STREAM_KIB_MAX, TLS_STREAM_KIB_MAX = 24.0, 88.0
"""One stream: what those 5,000 leave to each beside the program itself."""
IDLE_CPU_MAX = 0.1
"""Of one processor, while nothing is said but comments."""
WARM = 64
"""Streams whose end comes before anything is measured."""
OPEN_S_MAX = 60.0
BASE_S_MAX = 10.0
JOIN_AT_ONCE = 50

SETTINGS = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[client]
pool_idle_s = 0.5
{ca_file}

[deadlines]
between_tokens_ms = 3600000
"""


@dataclass(frozen=True)
class Held:
    """How many streams, for how long."""

    streams: int
    seconds: float
    tls: bool = False
    """To the provider."""


def pace(number: int) -> Pace:
    """Silence after the first token."""
    return Pace() if number < WARM else Pace(0.0, 3600.0, None)


async def opened(gateway: Gateway, rack: Rack, first: int, streams: int) -> list[Caller]:
    """Clients of that many streams, each with the beginning of its answer. They come a few at a
    time: so many dials and handshakes at once are an overload, and would be refused in part."""
    asks = (
        Ask(number, True, body(number, stream=True), gateway.key)
        for number in range(first, first + streams)
    )
    crowd = Crowd(gateway.url, lambda: next(asks, None))
    callers: list[Caller] = []
    served = len(rack.served)
    until_s = time.monotonic() + OPEN_S_MAX
    while not all(one.answer for one in crowd.sent) or len(callers) < streams:
        assert time.monotonic() < until_s
        if len(rack.served) - served == len(crowd.sent):
            more = min(JOIN_AT_ONCE, streams - len(callers))
            callers += [await crowd.join() for _ in range(more)]
        await asyncio.sleep(0.005)
    assert all(one.status == 200 for one in crowd.sent)
    return callers


async def back_to(gateway: Gateway, files: int) -> None:
    until_s = time.monotonic() + BASE_S_MAX
    while gateway.fd_count() > files:
        assert time.monotonic() < until_s, (gateway.fd_count(), files)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "held",
    [
        Held(500, 2.0),
        Held(200, 1.0, tls=True),
        pytest.param(Held(5000, 90.0), marks=pytest.mark.soak),
        pytest.param(Held(5000, 30.0, tls=True), marks=pytest.mark.soak),
    ],
)
def test_silent_streams_weigh_little(held: Held, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    papers = certificates.make(tmp_path) if held.tls else None
    settings = SETTINGS.format(ca_file=f'ca_file = "{papers.authority}"' if papers else "")
    all_kib_max = TLS_KIB_MAX if held.tls else PLAIN_KIB_MAX
    stream_kib_max = TLS_STREAM_KIB_MAX if held.tls else STREAM_KIB_MAX

    async def run() -> None:
        rack = Rack(pace, papers)
        await rack.start()
        try:
            with Gateway(config(rack.url, price=PRICE, more=settings)) as gateway:
                for caller in await opened(gateway, rack, 0, WARM):
                    await caller.gone.wait()
                await asyncio.sleep(1.0)  # kept connections are let go
                files, before_kib = gateway.fd_count(), gateway.rss_kib()
                callers = await opened(gateway, rack, WARM, held.streams)
                began_s, cpu_s = time.monotonic(), gateway.process.cpu_s()
                await asyncio.sleep(held.seconds)
                all_kib, spent_s = gateway.rss_kib(), gateway.process.cpu_s() - cpu_s
                each_kib = (all_kib - before_kib) / held.streams
                print(  # noqa: T201 - figures, shown by pytest -s
                    f"{held}: {before_kib / 1024:.0f} -> {all_kib / 1024:.0f} MiB, "
                    f"{each_kib:.1f} KiB each, {spent_s:.2f} s of CPU"
                )
                assert all_kib <= all_kib_max
                assert each_kib <= stream_kib_max
                assert spent_s <= IDLE_CPU_MAX * (time.monotonic() - began_s) + 0.05
                assert gateway.fd_count() == files + 2 * held.streams, "some were dropped"
                assert len(rack.open) == held.streams
                for caller in callers:
                    caller.leave(reset=False)
                await back_to(gateway, files)
        finally:
            await rack.stop()

    try:
        uvloop.run(run())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
