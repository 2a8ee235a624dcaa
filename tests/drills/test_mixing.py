from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import uvloop

from drills.books import ENVIRONMENT, name, number_of, wait_for_receipts
from drills.caller import Caller
from drills.tongues import EARS, TONGUES, Heard, heard
from drills.troupe import LETTERS, Player, asking, is_part_of, whose
from glimway.domain.receipt import Receipt
from kit.gateway import Gateway

RUNS, LONG_RUNS = 500, 10_000
SEED = "MIXING_SEED"
"""The variable that names one seed to be run alone, ``ALONE`` times."""
ALONE = 20
CALLERS = 48
WARM = "Be quick."
WARM_STREAMS, LEFT_STREAMS = 60, 220
"""For each endpoint: after so many its usual time to the first token is known, and it is raced;
after so many its usual pace, and it is left where it is slower."""
GOOD_MIN = 0.5
"""Of all runs: below, faults would be all there is."""
BOOKS_S_MAX = 60.0

SETTINGS = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[deadlines]
connect_ms = 2000
first_token_ms = 1600
answer_ms = 1600
between_tokens_ms = 300
commit_after_ms = 100

[statistics]
refresh_s = 0.1

[routing]
affinity = "off"

[routing.hedge]
use = "always"
percent = 100
floor_ms = 20

[routing.retry] # nothing is spared, so that every path is taken again and again
percent = 100
per_second = 10000

[routing.health]
failures_in_a_row = 1000
window_requests = 1000000

[routing.cooldown]
rate_limited_s = 0.1
rate_limited_most_s = 0.1
quota_s = 0.1
quota_most_s = 0.1
auth_s = 0.1
auth_most_s = 0.1
"""
LEAVE_SLOW = """
[routing.slowness]
leave = "always"
"""
PROVIDER = """
[[providers]]
id = "{id}"
profile = "{profile}"
base_url = "{url}/v1"
api_key = {{ env = "RACK1_API_KEY" }}
private = true
"""
MODEL = """
[[models]]
id = "lab/m"
context = 200000
max_output = 100000
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{id}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""


@dataclass(frozen=True)
class Run:
    """One request, all of which follows from its seed."""

    number: int
    seed: int

    @property
    def drawn(self) -> tuple[str, bool, list[str]]:
        """The client's dialect, whether it streams, and the providers in their order."""
        chance = random.Random(self.seed)
        letters = chance.sample(LETTERS, chance.randint(2, len(LETTERS)))
        order = [provider_id(letter, chance.choice(list(TONGUES))) for letter in letters]
        return chance.choice(list(EARS)), chance.random() < 0.7, order


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    run: Run
    heard: Heard
    provider: str | None
    """As the answer's head says."""


class Drill:
    """A gateway before three providers that speak three dialects each."""

    def __init__(self, gateway: Gateway, players: dict[str, Player], *, leave: bool) -> None:
        self.leave = leave
        self.gateway = gateway
        self.players = players
        self.ended: list[Ended] = []

    async def warm(self) -> None:
        """Let it be known how quick everybody usually is."""
        ids = iter(provider_ids() * (LEFT_STREAMS if self.leave else WARM_STREAMS))

        async def call() -> None:
            async with self.caller() as caller:
                for one in ids:
                    body = {**EARS["chat"].ask(WARM), **asked([one], stream=True)}
                    answer = await caller.post(EARS["chat"].target, body)
                    assert answer.status == 200, answer

        await asyncio.gather(*(call() for _ in range(16)))
        await asyncio.sleep(0.2)  # what came last is read at the next turn

    def caller(self) -> Caller:
        return Caller(self.gateway.url, self.gateway.key)

    async def all(self, runs: Sequence[Run]) -> None:
        """Do them, many at a time."""
        waiting = iter(runs)

        async def call() -> None:
            async with self.caller() as caller:
                for run in waiting:
                    try:
                        await self.one(caller, run)
                    except (AssertionError, EOFError, ValueError, LookupError) as error:
                        raise AssertionError(f"{again(run)}: {error!r}") from error

        await asyncio.gather(*(call() for _ in range(CALLERS)))

    async def one(self, caller: Caller, run: Run) -> None:
        """One request and its answer, which must be of one provider."""
        dialect, stream, order = run.drawn
        ear = EARS[dialect]
        body = {**ear.ask(asking(run.number, run.seed)), **asked(order, stream=stream)}
        answer = await caller.post(ear.target, body, {"x-request-id": name(run.number)})
        found = heard(ear, answer.status, answer.body, stream=stream)
        self.judge(run, order, found)
        self.ended.append(Ended(run, found, answer.header("x-glimway-provider")))

    def judge(self, run: Run, order: Sequence[str], found: Heard) -> None:
        """The text is one provider's, from its beginning; and it is whole, or there is an error."""
        assert found.finished != (found.error is not None), found
        mark = whose(found.text)
        if mark is None:
            assert not found.text, f"a text without a mark: {found}"
            assert not found.finished, "a good answer without a text"
            return
        letter, number, nth = mark
        assert number == run.number, f"the text of run {number}: {found}"
        assert letter in {one[0] for one in order}, f"{letter} was not to be asked: {found}"
        part = self.players[letter].parts[number, nth]
        assert is_part_of(found.text, part.texts), f"{found} is not of {part}"
        assert not found.finished or found.text == "".join(part.texts), f"{found} of {part}"

    def check_leavings(self) -> None:
        """No provider works any more for a request that has ended: who was outrun, left or broken
        off has been told so by its connection's end."""
        for player in self.players.values():
            player.provider.drop_idle()
            player.provider.wait_until(lambda: not player.provider.connections_open)  # noqa: B023

    def check_books(self) -> None:
        """One receipt for each run, which names whose text it was, and whether it was whole."""
        by_number = self._receipts()
        for one in self.ended:
            receipt, mark = by_number[one.run.number], whose(one.heard.text)
            why = f"{again(one.run)}: {one} {receipt}"
            assert one.heard.finished == (receipt.status == "ok"), why
            if mark is not None:
                assert receipt.provider[0] == mark[0], why
                assert one.provider in (None, receipt.provider), why
            elif one.heard.error is not None:
                assert receipt.cost_nanousd == 0, why

    def _receipts(self) -> dict[int, Receipt]:
        def own(found: Sequence[Receipt]) -> list[Receipt]:
            return [one for one in found if one.client_request_id is not None]

        count = len(self.ended)
        found = own(
            wait_for_receipts(self.gateway, lambda found: len(own(found)) >= count, BOOKS_S_MAX)
        )
        by_number = {number_of(one): one for one in found}
        assert len(by_number) == len(found) == count
        return by_number

    def outcomes(self) -> Counter[str]:
        """How often what happened: faults of providers, and what became of the runs."""
        counted = Counter(
            part.name.removesuffix(", late")
            for player in self.players.values()
            for part in player.parts.values()
        )
        for receipt in self._receipts().values():
            counted["left"] += any("starts with" in (one.detail or "") for one in receipt.attempts)
            counted["outrun"] += any(one.outcome == "outrun" for one in receipt.attempts)
            counted["tried again"] += len(receipt.attempts) > 1
        for one in self.ended:
            counted["finished"] += one.heard.finished
            counted["broken off"] += bool(one.heard.text) and not one.heard.finished
        return counted


def again(run: Run) -> str:
    return f"seed {run.seed} (alone: {SEED}={run.seed} make test ARGS={__file__})"


def provider_id(letter: str, profile: str) -> str:
    return f"{letter}-{profile}"


def provider_ids() -> list[str]:
    return [provider_id(letter, profile) for letter in LETTERS for profile in TONGUES]


def asked(order: list[str], *, stream: bool) -> dict[str, object]:
    wishes = {"order": order, "only": order}
    return {"model": "lab/m", "stream": stream, "provider": wishes}


@contextmanager
def drill(*, leave: bool) -> Iterator[Drill]:
    with ExitStack() as stack:
        players = {letter: Player(letter, WARM.encode()) for letter in LETTERS}
        text = SETTINGS + (LEAVE_SLOW if leave else "")
        for player in players.values():
            stack.enter_context(player.provider)
            text += "".join(
                PROVIDER.format(
                    id=provider_id(player.letter, profile), profile=profile, url=player.provider.url
                )
                for profile in TONGUES
            )
        text += MODEL + "".join(ENDPOINT.format(id=one) for one in provider_ids())
        gateway = stack.enter_context(Gateway(text, environment=ENVIRONMENT))
        yield Drill(gateway, players, leave=leave)


def do(runs: Sequence[Run], *, leave: bool) -> Counter[str]:
    with drill(leave=leave) as own:

        async def run() -> None:
            await own.warm()
            await own.all(runs)

        uvloop.run(run())
        own.check_leavings()
        own.check_books()
        seen = own.outcomes()
        print(dict(seen))  # noqa: T201 - figures, shown by pytest -s
        return seen


@pytest.mark.parametrize("leave", [False, True], ids=["stay", "leave"])
@pytest.mark.parametrize("count", [RUNS, pytest.param(LONG_RUNS, marks=pytest.mark.drill)])
def test_an_answer_is_of_one_provider(count: int, leave: bool) -> None:
    alone = os.environ.get(SEED)
    if alone is not None:
        do([Run(number, int(alone)) for number in range(ALONE)], leave=leave)
        return
    seen: Counter[str] = Counter()
    batch = RUNS if leave else count  # those that stay although they are slow soon count as usual
    for first in range(0, count, batch):
        seen += do([Run(seed, seed) for seed in range(first, first + batch)], leave=leave)
    assert seen["finished"] >= GOOD_MIN * count
    for rare in ("outrun", "broken off", "tried again"):
        assert seen[rare] >= count // 100, f"too seldom {rare}"
    assert seen["left"] >= (count // 200 if leave else 0)
