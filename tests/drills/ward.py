"""A gateway before three providers that fall ill and get well again, and callers that keep asking.

Knows who was asked when, and what the callers saw. Refuses to know the gateway's rules.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, takewhile

from drills.caller import Caller
from drills.tongues import EARS, Heard, heard
from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Pause, Reset, Step, WaitForClose

SILENCE_S = 0.4
"""How long a try waits for an answer while others may follow: half of what a request has."""

SETTINGS = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[deadlines]
first_token_ms = {all_ms:.0f}
answer_ms = {all_ms:.0f}

[routing]
affinity = "off"
"""
PROVIDER = """
[[providers]]
id = "{id}"
profile = "openai"
base_url = "{url}/v1"
api_key = {{ env = "RACK1_API_KEY" }}
private = true
"""
MODEL = """
[[models]]
id = "lab/m"
context = 200000
"""
ENDPOINT = """
  [[models.endpoints]]
  provider = "{id}"
  model = "m"
  price = {{ input = "1", output = "1" }}
"""
IDS = ("p1", "p2", "p3")

SICK: dict[str, Sequence[Step]] = {
    "500": [answers.error(500, "oops")],
    "429": [answers.error(429, "slow down")],
    "reset": [Reset()],
    "silent": [WaitForClose()],
}


@dataclass
class Patient:
    """One of the providers."""

    provider: ScriptedProvider = field(default_factory=ScriptedProvider)
    sickness: str | None = None
    """One of ``SICK``; None: it is well."""
    held: threading.Event | None = None
    """Who is well answers when this is set; None: at once."""
    asked: list[Recorded] = field(default_factory=list)

    def play(self, request: Recorded) -> Sequence[Step]:
        """Its answer."""
        self.asked.append(request)
        if self.sickness is not None:
            return SICK[self.sickness]
        before = [] if self.held is None else [Pause(self.held)]
        if b'"stream":true' in request.body:
            return [*before, *answers.stream(answers.chat_frames())]
        return [*before, answers.whole(answers.chat())]


@dataclass
class Ward:
    """The gateway, its providers, and what callers saw."""

    gateway: Gateway
    patients: dict[str, Patient]
    seen: list[Heard] = field(default_factory=list)

    @property
    def failures(self) -> list[Heard]:
        """Answers that were none."""
        return [one for one in self.seen if not one.finished]

    def ask(self, requests: int, callers: int) -> None:
        """So many requests, streamed and not, from so many callers at once."""
        asyncio.run(self._ask(iter(range(requests)), callers))

    @contextmanager
    def asking(self, callers: int) -> Iterator[None]:
        """So many callers ask all the time, until it is left."""
        stop = threading.Event()
        numbers = takewhile(lambda _: not stop.is_set(), count())
        loop = threading.Thread(target=lambda: asyncio.run(self._ask(numbers, callers)))
        loop.start()
        try:
            yield
        finally:
            stop.set()
            loop.join()

    async def _ask(self, numbers: Iterator[int], callers: int) -> None:
        ear = EARS["chat"]

        async def call() -> None:
            async with Caller(self.gateway.url, self.gateway.key) as caller:
                for number in numbers:
                    stream = number % 2 == 0
                    body = {"model": "lab/m", "stream": stream, **ear.ask("Hi.")}
                    answer = await caller.post(ear.target, body)
                    self.seen.append(heard(ear, answer.status, answer.body, stream=stream))

        await asyncio.gather(*(call() for _ in range(callers)))


@contextmanager
def ward(rest_s: float | None = None, silence_s: float = SILENCE_S) -> Iterator[Ward]:
    """A gateway and its providers.

    Args:
        rest_s: how long who failed is left alone; None: as is usual.
        silence_s: how long a try waits for an answer while others may follow.
    """
    text = SETTINGS.format(all_ms=2000 * silence_s)
    if rest_s is not None:
        kinds = ("unreachable", "timeout", "broken", "overloaded", "rate_limited")
        rests = (f"{kind}_s = {rest_s}\n{kind}_most_s = {rest_s}\n" for kind in kinds)
        text += "\n[routing.cooldown]\n" + "".join(rests)
    with ExitStack() as stack:
        patients = {id_: Patient() for id_ in IDS}
        for id_, patient in patients.items():
            stack.enter_context(patient.provider)
            patient.provider.always_by(patient.play)
            text += PROVIDER.format(id=id_, url=patient.provider.url)
        text += MODEL + "".join(ENDPOINT.format(id=id_) for id_ in IDS)
        yield Ward(stack.enter_context(Gateway(text)), patients)
