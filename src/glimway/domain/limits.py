"""Rate limits of one key, counted exactly.

Knows two token buckets (requests and tokens) and a count of running requests. Refuses to know a
clock (``now_s`` is a parameter), keys, and who waits in line.

A bucket of capacity C that refills at r a second admits at most C + r*t in any t seconds. To keep
that true to the last request, the state is a whole number: what is missing from the bucket, in
units of 1/60,000,000,000 of a request (or token), of which exactly r*60 come back each nanosecond.
Nothing is rounded but the clock, which is cut to whole nanoseconds; so nothing drifts, and a clock
that steps back brings nothing back twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import ceil, inf, nextafter
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

Which = Literal["requests", "tokens", "concurrency"]
Header = tuple[bytes, bytes]

UNITS: Final = 60_000_000_000
"""Nanoseconds in a minute: a limit of n a minute gives back n units each nanosecond."""
PLACE_RETRY_S: Final = 1.0
"""When to come back for a place: nobody knows when a running request ends."""
BURST_PART: Final = 10
"""A burst that is not set is this part of a minute's requests."""

LIMIT_MAX: Final = 1_000_000_000_000
"""No limit means more; what is above is a slip."""

Count = Annotated[int, msgspec.Meta(ge=0, le=LIMIT_MAX)]

_UNITS_LESS_1: Final = UNITS - 1


@lru_cache(maxsize=1024)  # most keys are far from their limits, so their times are short
def _shown(wait_ms: int) -> bytes:
    """``12.345s``."""
    return b"%d.%03ds" % divmod(wait_ms, 1000)


class Limits(msgspec.Struct, frozen=True):
    """What one key may do. 0 means unlimited, except for ``burst`` and ``queue_ms``."""

    requests_per_minute: Count = 0
    burst: Count = 0
    """Requests that may come at once; 0 means a tenth of ``requests_per_minute``, at least 1."""
    tokens_per_minute: Count = 0
    """Prompt and answer together; also what may come at once."""
    concurrency: Count = 0
    """Requests that may run at the same time."""
    queue_ms: Count = 0
    """How long a request may wait for its place before it is refused."""

    @property
    def capacity(self) -> int:
        """Requests that may come at once."""
        return self.burst or max(1, self.requests_per_minute // BURST_PART)


UNLIMITED: Final = Limits()


def own_limits(given: Mapping[str, int], default: Limits) -> Limits:
    """Limits of a key that says only some of them; the rest are the default's.

    A burst that is not said shrinks to the requests of a minute, so that "5 a minute" does not let
    60 in at once because that is the default's burst.
    """
    own = msgspec.structs.asdict(default) | dict(given)
    if "requests_per_minute" in given and "burst" not in given:
        own["burst"] = min(default.burst, given["requests_per_minute"])
    return Limits(**own)


_LINES: Final = (
    b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %%d\r\nx-ratelimit-reset-%b: %%b\r\n"
)


class Denial(NamedTuple):
    """Why a request must wait.

    ``retry_after_s`` is exact for the two buckets: after that delay the same request is admitted,
    if no other comes between and a place is free, and at no earlier nanosecond of the clock. For
    concurrency it is a guess (``PLACE_RETRY_S``) or the buckets' wait, whichever is longer.
    """

    which: Which
    retry_after_s: float


class Meter:
    """The live state of one key's limits.

    The limits come with each call, so that a change of them holds at once. What is missing from a
    bucket outlives such a change, except that a limit which is lifted forgets it.

    Args:
        now_s: the time now. All times of one meter come from one clock; while it reads less than it
            did before, the buckets stand still.
    """

    __slots__ = (
        "_capacity",
        "_last_ns",
        "_limits",
        "_now_s",
        "_requests",
        "_requests_pace",
        "_template",
        "_tokens",
        "_tokens_pace",
        "running",
    )

    def __init__(self, now_s: float = 0.0) -> None:
        self.running = 0
        """Requests admitted and not left."""
        # What is missing from each bucket, in units: a full one misses 0 whatever its capacity,
        # and more than the capacity is a debt.
        self._requests = 0
        self._tokens = 0
        self._now_s = now_s
        """When it was last looked at."""
        self._last_ns = int(now_s * 1e9)
        self._adopt(UNLIMITED)

    def admit(self, limits: Limits, now_s: float, tokens: int) -> Denial | None:
        """Let one request in, or say when to come back; a refused one costs nothing.

        A request of more tokens than the bucket holds is admitted when the bucket is full and
        leaves a debt, because otherwise it would be refused for ever.

        Args:
            limits: of the key.
            now_s: the time now.
            tokens: what the request is expected to use, 0 or more.

        Returns:
            None when admitted: then exactly one ``leave`` must follow. Of several reasons to
            refuse, the one that lasts longest.
        """
        self._refill(limits, now_s)
        requests_missing = tokens_missing = 0
        if limits.requests_per_minute:
            requests_missing = self._requests + UNITS
            if requests_missing > self._capacity * UNITS:
                return self._denial(limits, now_s, tokens)
        if limits.tokens_per_minute:
            tokens_missing = self._tokens + tokens * UNITS
            if tokens_missing > limits.tokens_per_minute * UNITS and self._tokens:
                return self._denial(limits, now_s, tokens)
        if self.running >= limits.concurrency > 0:
            return self._denial(limits, now_s, tokens)
        self._requests = requests_missing
        self._tokens = tokens_missing
        self.running += 1
        return None

    def correct(self, limits: Limits, now_s: float, estimated: int, actual: int) -> None:
        """An admitted request used ``actual`` tokens instead of ``estimated``.

        Too much goes back to the bucket, never beyond full; too little is taken from it, if need be
        as a debt that the coming time pays.
        """
        if limits.tokens_per_minute:
            self._refill(limits, now_s)
            self._tokens = max(self._tokens + (actual - estimated) * UNITS, 0)

    def leave(self) -> None:
        """An admitted request has ended: its place is free.

        Raises:
            RuntimeError: nobody was in; some request left twice.
        """
        if not self.running:
            raise RuntimeError("a request left that was not admitted")
        self.running -= 1

    def headers(self, limits: Limits, now_s: float) -> list[Header]:
        """The rate limit headers; none for what is unlimited.

        ``limit`` is what a minute allows, ``remaining`` what would be admitted at once now, and
        ``reset`` the time until the bucket is full, as ``12.345s``: never too early, and less than
        two milliseconds late.
        """
        lines = self.lines(limits, now_s).split(b"\r\n")[:-1]
        return [(name, value) for name, _, value in [line.partition(b": ") for line in lines]]

    def lines(self, limits: Limits, now_s: float) -> bytes:
        """``headers`` as they are sent: every answer carries them, so they are one template."""
        if now_s != self._now_s or limits is not self._limits:
            self._refill(limits, now_s)
        figures: list[int | bytes] = []
        if limits.requests_per_minute:
            missing = self._requests
            left = self._capacity - (missing + _UNITS_LESS_1) // UNITS
            figures += (
                left if left > 0 else 0,
                _shown(ceil(missing / self._requests_pace * 1000)) if missing else b"0s",
            )
        if limits.tokens_per_minute:
            missing = self._tokens
            left = limits.tokens_per_minute - (missing + _UNITS_LESS_1) // UNITS
            figures += (
                left if left > 0 else 0,
                _shown(ceil(missing / self._tokens_pace * 1000)) if missing else b"0s",
            )
        return self._template % tuple(figures)

    @property
    def limits(self) -> Limits:
        """Those of the last call."""
        return self._limits

    def rested(self, limits: Limits, now_s: float) -> bool:
        """Whether forgetting this meter changes nothing: nobody runs and both buckets are full."""
        self._refill(limits, now_s)
        return not (self.running or self._requests or self._tokens)

    def _refill(self, limits: Limits, now_s: float) -> None:
        if limits is not self._limits:
            self._adopt(limits)
        self._now_s = now_s
        now_ns = int(now_s * 1e9)
        passed_ns = now_ns - self._last_ns
        if passed_ns > 0:
            self._last_ns = now_ns
            if self._requests:
                missing = self._requests - passed_ns * limits.requests_per_minute
                self._requests = missing if missing > 0 else 0
            if self._tokens:
                missing = self._tokens - passed_ns * limits.tokens_per_minute
                self._tokens = missing if missing > 0 else 0

    def _adopt(self, limits: Limits) -> None:
        """Prepare what depends on the limits alone."""
        self._limits = limits
        self._capacity = limits.capacity
        self._requests_pace = limits.requests_per_minute * 1e9
        self._tokens_pace = limits.tokens_per_minute * 1e9
        self._template = b"".join(
            _LINES % (which, per_minute, which, which)
            for which, per_minute in (
                (b"requests", limits.requests_per_minute),
                (b"tokens", limits.tokens_per_minute),
            )
            if per_minute
        )
        if not limits.requests_per_minute:
            self._requests = 0
        if not limits.tokens_per_minute:
            self._tokens = 0

    def _denial(self, limits: Limits, now_s: float, tokens: int) -> Denial:
        """Of what stands in the way, that which lasts longest."""
        requests_ns = tokens_ns = 0
        if limits.requests_per_minute:
            surplus = self._requests + UNITS - self._capacity * UNITS
            requests_ns = -(-surplus // limits.requests_per_minute)
        if limits.tokens_per_minute:
            room = max(limits.tokens_per_minute - tokens, 0) * UNITS
            tokens_ns = -(-(self._tokens - room) // limits.tokens_per_minute)
        wait_ns = max(requests_ns, tokens_ns)
        if wait_ns <= 0:
            return Denial("concurrency", PLACE_RETRY_S)
        delay_s = _delay_s(now_s, self._last_ns + wait_ns)
        if self.running >= limits.concurrency > 0 and delay_s < PLACE_RETRY_S:
            return Denial("concurrency", PLACE_RETRY_S)
        return Denial("requests" if requests_ns >= tokens_ns else "tokens", delay_s)


def _delay_s(now_s: float, due_ns: int) -> float:
    """The shortest delay after which the clock, cut to nanoseconds, reads at least ``due_ns``.

    Sums of doubles round, and far from zero the clock's own steps are coarser than a nanosecond;
    so the candidate is tried just as the caller will use it.
    """
    due_s = due_ns / 1e9
    while int(due_s * 1e9) < due_ns:
        due_s = nextafter(due_s, inf)
    delay_s = max(due_s - now_s, 0.0)
    while now_s + delay_s < due_s:
        delay_s = nextafter(delay_s, inf)
    return delay_s
