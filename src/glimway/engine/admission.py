"""May this request go on: limits now, credit holds with the ledger later.

Knows the meters of all keys, how long a request may wait for its place, and the journal's first
record. Refuses to know what the request says.

``admit`` gives a ``Stay``; leaving it is synchronous, because an awaiting ``finally`` is lost when
a task is cancelled twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from copy import copy

import msgspec

from glimway.domain.estimate import Estimates
from glimway.domain.keys import Key
from glimway.domain.limits import Denial, Limits, Meter
from glimway.domain.receipt import Opened
from glimway.domain.routing.route import Plan
from glimway.engine.client import Ask
from glimway.engine.wheel import Wheel
from glimway.store.errors import JournalBroken, JournalFull
from glimway.store.journal import Journal
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

QUEUED_MAX = 1000
"""Requests of one key that may wait for a place; the next gets its 429 at once."""

METERS_MAX = 100_000
"""Keys with live state; beyond it, those are forgotten whose buckets are full anyway."""
METERS_LOOKED_AT = 16
"""So many of them for each new one."""

_encode = msgspec.json.Encoder().encode

_WHAT = {
    "requests": "requests per minute",
    "tokens": "tokens per minute",
    "concurrency": "requests at the same time",
}


class Stay:
    """One admitted request, from admission to its receipt."""

    __slots__ = (
        "_left",
        "_owner",
        "expected_tokens",
        "key",
        "limits",
        "meter",
        "prompt_tokens",
        "used_tokens",
    )

    def __init__(
        self, owner: Admission, key: Key, limits: Limits, meter: Meter, tokens: tuple[int, int]
    ) -> None:
        self._owner = owner
        self.key = key
        self.limits = limits
        self.meter = meter
        self.prompt_tokens = tokens[0]
        """How long the prompt is, by estimate."""
        self.expected_tokens = tokens[0] + tokens[1]
        self.used_tokens = 0
        """Set by settlement."""
        self._left = False

    def lines(self, now_s: float) -> bytes:
        """The rate-limit headers of the answer, as lines."""
        return self.meter.lines(self.limits, now_s)

    def leave(self) -> None:
        """Give the place back, once, and correct the tokens to those really used."""
        if self._left:
            return
        self._left = True
        meter = self.meter
        if self.used_tokens != self.expected_tokens:
            meter.correct(self.limits, self._owner.now_s(), self.expected_tokens, self.used_tokens)
        meter.leave()
        self._owner.place_free(self.key.id)


class Admission:
    """Limits of all keys.

    Args:
        journal: where ``opened`` is written before a provider is called.
        estimates: learned bytes per token and mean outputs.
        default: limits of keys that say nothing else.
        wheel: wakes queued requests.
    """

    def __init__(
        self, journal: Journal, estimates: Estimates, default: Limits, wheel: Wheel
    ) -> None:
        self._journal = journal
        self._estimates = estimates
        self.default = default
        self._wheel = wheel
        self._loop = asyncio.get_running_loop()
        self._meters: OrderedDict[str, Meter] = OrderedDict()
        self._lines: dict[str, _Line] = {}

    def meter(self, key_id: str) -> Meter:
        """The live state of one key."""
        meter = self._meters.get(key_id)
        if meter is None:
            if len(self._meters) >= METERS_MAX:
                self._forget()
            meter = self._meters[key_id] = Meter(self._loop.time())
        return meter

    def admit(self, key: Key, plan: Plan, call: Call, ask: Ask) -> Stay | None:
        """Let a request in, or return None when it may ``wait`` for its place.

        It is expected to use its prompt (by the learned bytes per token) and the smaller of
        ``max_tokens`` and the model's learned mean output; settlement corrects that.

        Raises:
            Refusal: ``rate_limited``, with the time to come back.
        """
        limits = key.limits or self.default
        if key.id in self._lines:
            return None  # others wait already: behind them, not past them
        meter = self.meter(key.id)
        tokens = self._expected_tokens(plan, call, ask)
        denial = meter.admit(limits, self._loop.time(), tokens[0] + tokens[1])
        if denial is None:
            return Stay(self, key, limits, meter, tokens)
        if limits.queue_ms <= 0:
            raise self._refusal(limits, meter, denial)
        return None

    def _expected_tokens(self, plan: Plan, call: Call, ask: Ask) -> tuple[int, int]:
        """Of the prompt and of the answer."""
        learned = self._estimates.of(plan.model)
        return learned.prompt_tokens(len(ask.body)), learned.output_tokens(
            call.max_tokens, plan.max_output
        )

    def open(self, opened: Opened) -> None:
        """Write the first record; after this exactly one receipt follows.

        Raises:
            Refusal: ``unavailable`` when the books cannot be written.
        """
        try:
            self._journal.append(_encode(opened))
        except (JournalFull, JournalBroken) as error:
            raise Refusal(
                "unavailable",
                "The service cannot record requests at present, please retry later.",
                detail=f"journal: {error}",
                retry_after_s=5,
            ) from None

    def now_s(self) -> float:
        """The clock that all meters share."""
        return self._loop.time()

    def place_free(self, key_id: str) -> None:
        """A request of this key has left: whoever is first in line looks again."""
        line = self._lines.get(key_id)
        if line is not None:
            line.moved.set()

    async def wait(self, key: Key, plan: Plan, call: Call, ask: Ask) -> Stay:
        """Stand in line for at most ``queue_ms``; first come, first served.

        Raises:
            Refusal: ``rate_limited``, with the time to come back.
        """
        limits = key.limits or self.default
        meter = self.meter(key.id)
        tokens = self._expected_tokens(plan, call, ask)
        total = tokens[0] + tokens[1]
        line = self._lines.get(key.id)
        if limits.queue_ms <= 0 or (line is not None and line.standing >= QUEUED_MAX):
            raise self._refusal(limits, meter, self._why(limits, meter, total))
        if line is None:
            line = self._lines[key.id] = _Line()
        line.standing += 1
        try:
            async with asyncio.timeout(limits.queue_ms / 1000), line.lock:
                while (denial := meter.admit(limits, self._loop.time(), total)) is not None:
                    line.moved.clear()
                    alarm = self._wheel.after(denial.retry_after_s, line.moved.set)
                    try:
                        await line.moved.wait()
                    finally:
                        alarm.cancel()
        except TimeoutError:
            raise self._refusal(limits, meter, self._why(limits, meter, total)) from None
        finally:
            line.standing -= 1
            if not line.standing:
                self._lines.pop(key.id, None)
        return Stay(self, key, limits, meter, tokens)

    def _why(self, limits: Limits, meter: Meter, tokens: int) -> Denial:
        """What keeps a request out now, asked of a copy: asking must not let it in."""
        return copy(meter).admit(limits, self._loop.time(), tokens) or _LATER

    def _refusal(self, limits: Limits, meter: Meter, denial: Denial) -> Refusal:
        allowed = {
            "requests": limits.requests_per_minute,
            "tokens": limits.tokens_per_minute,
            "concurrency": limits.concurrency,
        }[denial.which]
        return Refusal(
            "rate_limited",
            f"Rate limit reached: this key may have {allowed} {_WHAT[denial.which]}. "
            f"Try again in {_seconds(denial.retry_after_s)} s.",
            retry_after_s=denial.retry_after_s,
            headers=tuple(meter.headers(limits, self._loop.time())),
        )

    def _forget(self) -> None:
        """Drop meters that say nothing: nobody is in, and their buckets are full."""
        now_s, meters = self._loop.time(), self._meters
        for _ in range(METERS_LOOKED_AT):
            key_id, meter = next(iter(meters.items()))
            if meter.rested(meter.limits, now_s):
                del meters[key_id]
            else:
                meters.move_to_end(key_id)  # the next look is at others


def _seconds(wait_s: float) -> str:
    """Three digits, or all before the point: never an exponent."""
    return f"{wait_s:.3g}" if wait_s < 999 else f"{wait_s:.0f}"


_LATER = Denial("requests", 1.0)


class _Line:
    """Requests of one key that wait for a place."""

    __slots__ = ("lock", "moved", "standing")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # asyncio's lock is fair: first come, first served
        self.moved = asyncio.Event()
        self.standing = 0
