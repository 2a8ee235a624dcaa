"""All providers of a model are down, and its clients do not stop asking; then one is well again."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

import pytest
import uvloop

from drills.books import ENVIRONMENT, number_of, receipts
from drills.crowd import Ask
from drills.rack import body
from drills.sickroom import Illness, Patient
from drills.steady import Asked, Steady
from glimway.domain.receipt import Receipt
from kit.gateway import Gateway

RATE = 500.0
ILLNESSES: tuple[Illness, ...] = ("refuses", "fails", "resets")

SHARE, PER_SECOND = 1.2, 10
"""Attempts that a request and a second may cost the providers, at most."""
GROWTH_KIB_MAX = 20 * 1024
P99_S_MAX = 1.0
LATE_P99_S_MAX = 0.25
"""Beyond it the clients themselves cannot keep the rate, and nothing is shown."""
GOOD = 0.99
EXIT_CLEAN = 0

SAYS = {
    429: ("rate_limit_error", "upstream_rate_limited"),
    502: ("api_error", "upstream_error"),
    503: ("api_error", "service_unavailable"),
}
"""Type and code of each status that an outage may have."""
PATIENT_S_MAX = 60
"""The longest ``retry-after`` that providers which are simply down lead to."""

HEAD = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[[models]]
id = "lab/m"
context = 100000
max_output = 10000
"""
PROVIDER = """
[[providers]]
id = "{illness}"
profile = "openai"
base_url = "http://127.0.0.1:{port}/v1"
api_key = {{ env = "RACK1_API_KEY" }}
private = true
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{illness}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""


@dataclass(frozen=True)
class Outage:
    """How long, and who is well first."""

    warm_s: float
    """After which memory may hardly grow any more."""
    down_s: float
    """All of the outage."""
    back_s_max: float
    """From when one is well until nearly all answers are good."""
    after_s: float
    """How long that is watched; longer than ``back_s_max``."""
    cured: Illness


def short(cured: Illness) -> Outage:
    return Outage(1.5, 4.0, 1.5, 2.5, cured)


def long(cured: Illness, down_s: float = 20.0) -> Outage:
    return Outage(5.0, down_s, 5.0, 8.0, cured)


@dataclass
class Seen:
    """What came of it."""

    seconds: float = 0.0
    """How long nobody was well."""
    cured_s: float = 0.0
    """When one became well, by the clock of the requests."""
    knocks: int = 0
    """Attempts of that time that providers saw."""
    rss_kib: list[int] = field(default_factory=list)
    """Memory after the warm-up, and at the end of the outage."""
    asked: list[Asked] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    receipts: dict[int, list[Receipt]] = field(default_factory=lambda: defaultdict(list))

    @property
    def during(self) -> list[Asked]:
        """Requests that were due while nobody was well."""
        return [one for one in self.asked if one.due_s < self.cured_s]

    @property
    def after(self) -> list[Asked]:
        """The others."""
        return [one for one in self.asked if one.due_s >= self.cured_s]

    def tries(self, asked: Sequence[Asked]) -> Counter[str]:
        """Attempts for some requests, by provider, as their receipts tell."""
        found = [receipt for one in asked for receipt in self.receipts.get(one.number, ())]
        return Counter(attempt.provider for receipt in found for attempt in receipt.attempts)


def settings(patients: Sequence[Patient]) -> str:
    providers = [PROVIDER.format(illness=one.illness, port=one.port) for one in patients]
    endpoints = [ENDPOINT.format(illness=one.illness) for one in patients]
    return "".join([HEAD, *endpoints, *providers])


def p99(values: Sequence[float]) -> float:
    return sorted(values)[len(values) * 99 // 100]


async def suffer(gateway: Gateway, patients: Sequence[Patient], outage: Outage) -> Seen:
    """Load the gateway through the outage and some seconds of what follows."""
    loop = asyncio.get_running_loop()

    def ask(number: int) -> Ask:
        return Ask(number, stream=False, body=body(number, stream=False), key=gateway.key)

    steady = Steady(gateway.url, RATE, ask)
    seen = Seen(asked=steady.asked, late_s=steady.late_s)
    began_s = loop.time()
    steady.start()
    await asyncio.sleep(outage.warm_s)
    seen.rss_kib.append(gateway.rss_kib())
    await asyncio.sleep(outage.down_s - outage.warm_s)
    seen.rss_kib.append(gateway.rss_kib())
    seen.knocks = sum(one.attempts for one in patients)
    await next(one for one in patients if one.illness == outage.cured).heal()
    seen.cured_s = loop.time()
    seen.seconds = seen.cured_s - began_s
    await asyncio.sleep(outage.after_s)
    await steady.stop()
    return seen


def judge_error(one: Asked) -> None:
    """An error in the documented shape, which says when to come back where it is worth while."""
    said = one.json()
    error = said["error"]
    assert set(error) == {"message", "type", "param", "code"}, said
    assert (error["type"], error["code"]) == SAYS[one.status], (one.status, said)
    assert error["message"]
    assert said["trace_id"] == one.header("x-request-id"), one
    retry_after = one.header("retry-after")
    assert (retry_after is None) == (one.status == 502), one
    if retry_after is not None:
        assert 1 <= int(retry_after) <= PATIENT_S_MAX, one


def judge_books(seen: Seen, patients: Sequence[Patient]) -> None:
    """One receipt for each request that reached a provider, and in it whatever a provider saw."""
    sent = {one.number: one for one in seen.asked}
    assert set(seen.receipts) <= set(sent), "receipts of requests that nobody sent"
    tries = seen.tries(seen.asked)
    for patient in patients:
        assert set(patient.numbers) <= set(seen.receipts), "a provider was asked without a receipt"
        if patient.illness != "refuses":
            assert tries[patient.illness] == len(patient.numbers) >= patient.connections
    for number, found in seen.receipts.items():
        assert len(found) == 1, found
        assert found[0].attempts, found
        assert found[0].http_status == sent[number].status
        assert (found[0].status == "ok") == (sent[number].status == 200)


def back_after_s(seen: Seen) -> float:
    """How long after the cure nearly all requests of any time to come have good answers."""
    back_s, good = inf, 0
    for later, one in enumerate(reversed(seen.after), 1):
        good += one.status == 200
        if good >= GOOD * later:
            back_s = one.due_s - seen.cured_s
    return back_s


def report(seen: Seen, tries: int, back_s: float) -> str:
    """The figures in a line."""
    during = seen.during
    statuses = dict(sorted(Counter(one.status for one in during).items()))
    shed = sum(one.number not in seen.receipts for one in during)
    return (
        f"{len(during) / seen.seconds:.0f} requests/s for {seen.seconds:.1f} s, {tries} attempts "
        f"({tries / len(during):.3f} each), {statuses}, {shed} turned away, p99 "
        f"{p99([one.took_s for one in during]) * 1000:.0f} ms (clients late p99 "
        f"{p99(seen.late_s) * 1000:.0f} ms), {seen.rss_kib} KiB, back after {back_s:.2f} s"
    )


@pytest.mark.parametrize(
    "outage",
    [
        short("refuses"),
        pytest.param(long("refuses", 60.0), marks=pytest.mark.drill),
        pytest.param(long("fails"), marks=pytest.mark.drill),
        pytest.param(long("resets"), marks=pytest.mark.drill),
    ],
    ids=lambda outage: f"{outage.down_s:.0f}s-{outage.cured}",
)
def test_an_outage_is_borne_and_its_end_is_seen(outage: Outage) -> None:
    async def run() -> Seen:
        for patient in patients:
            await patient.start()
        try:
            with Gateway(settings(patients), environment=ENVIRONMENT) as gateway:
                seen = await suffer(gateway, patients, outage)
                assert await asyncio.to_thread(gateway.terminate) == EXIT_CLEAN
                for receipt in receipts(gateway):
                    seen.receipts[number_of(receipt)].append(receipt)
                return seen
        finally:
            for patient in patients:
                await patient.stop()

    patients = [Patient(illness) for illness in ILLNESSES]
    seen = uvloop.run(run())
    during = seen.during
    tries = seen.knocks + seen.tries(during)["refuses"]
    back_s = back_after_s(seen)
    print(report(seen, tries, back_s))  # noqa: T201 - figures, shown by pytest -s
    assert p99(seen.late_s) <= LATE_P99_S_MAX, "the clients cannot keep the rate"
    for one in seen.asked:
        assert one.end_s is not None, "no answer"
        if one.status == 200:
            assert one.end_s >= seen.cured_s, "a good answer, while nobody was well"
        else:
            judge_error(one)
    assert tries <= SHARE * len(during) + PER_SECOND * seen.seconds
    assert p99([one.took_s for one in during]) < P99_S_MAX
    assert seen.rss_kib[1] - seen.rss_kib[0] < GROWTH_KIB_MAX
    assert back_s <= outage.back_s_max
    judge_books(seen, patients)
