"""Whether, where and when a failed request is tried again.

Knows which faults another try can mend, the budget that keeps tries from becoming a storm, the
wait before a second try at the same endpoint, and when a second request may race the first.
Refuses to know endpoints, a clock and chance: ``now_s`` and ``chance`` (0 to 1) are parameters.

All of it happens before the first real frame; after that nothing is tried again.

The budget: every request earns a fifth of a retry and every second earns ten, up to ``BURST``
(https://finagle.github.io/blog/2016/02/08/retry-budgets). So if everything is down, tries stay
below 1.2 times the requests and 10 a second. A budget alone would also refuse to save requests
when one of two providers dies under load, although the other could take them all. Therefore a
request may go on to an endpoint that is sound beyond the budget, at the cost of *trust*: what
answers have earned, one each, up to ``TRUST_MAX``; a process begins with all of it, lest it lose
requests because it has just been started. When everything is down no endpoint is sound for long and
no answer earns any.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from glimway.domain.cooldown import missing
from glimway.wire.refusal import Fault

ATTEMPTS_MAX: Final = 3
"""Tries of one request, all endpoints together."""
SHARE_MILLI: Final = 200
"""Thousandths of a retry that a request earns."""
PER_SECOND_MILLI: Final = 10_000
BURST: Final = 10
"""Retries that can be saved up."""
TRUST_MAX: Final = 500
_BURST_MILLI: Final = BURST * 1000


class Patience(NamedTuple):
    """How long one request waits between two tries at the same endpoint.

    Args:
        first_s: the wait before the second try is at most twice this; then it doubles.
        most_s: the longest of them.
        asked_s_max: a provider that asks to wait longer is not tried again.
    """

    first_s: float = 0.1
    most_s: float = 2.0
    asked_s_max: float = 5.0


PATIENCE: Final = Patience()

HEDGE_MEASURED_MIN: Final = 50
"""Streams that must have been measured before their P95 says when to hedge."""
HEDGE_BURST_MILLI: Final = 2000


class Again(NamedTuple):
    """What may be tried after a fault: another endpoint, the same one, the same with other key."""

    elsewhere: bool
    here: bool


_AGAIN: Final = {
    "unreachable": Again(elsewhere=True, here=True),
    "overloaded": Again(elsewhere=True, here=True),
    "broken": Again(elsewhere=True, here=True),
    "rate_limited": Again(elsewhere=True, here=True),
    # The first-token budget is shared by all tries: whoever used it up gets no second one.
    "timeout": Again(elsewhere=True, here=False),
    "quota": Again(elsewhere=True, here=False),
    "auth": Again(elsewhere=True, here=False),
    "rejected": Again(elsewhere=False, here=False),
}
_NEVER: Final = Again(elsewhere=False, here=False)
_ELSEWHERE: Final = Again(elsewhere=True, here=False)


def again(fault: Fault, patience: Patience = PATIENCE) -> Again:
    """What may be tried after ``fault``.

    What is wrong with the request (a context overflow and a content filter among it) is wrong
    everywhere. A host that does not have the model says nothing of the others.
    """
    if fault.refusal is not None:
        return _NEVER
    if missing(fault):
        return _ELSEWHERE
    found = _AGAIN[fault.kind]
    if (
        found.here
        and fault.retry_after_s is not None
        and fault.retry_after_s > patience.asked_s_max
    ):
        return _ELSEWHERE
    return found


def backoff_s(
    tries: int, chance: float, retry_after_s: float | None = None, patience: Patience = PATIENCE
) -> float:
    """The wait before another try at the same endpoint: full jitter, so that those who failed
    together do not come back together, and never before the provider asked to.

    Args:
        tries: how many there were, at least 1.
        chance: 0 to 1.
        retry_after_s: what the provider asked for.
        patience: the bounds.
    """
    most_s = min(patience.first_s * (1 << min(tries, 16)), patience.most_s)
    wait_s = chance * most_s
    return wait_s if retry_after_s is None else retry_after_s + wait_s


class RetryBudget:
    """What all requests together may try again; one for each process.

    Args:
        now_s: the time now.
        share_milli, per_second_milli: what a request and a second earn, in thousandths of a retry.
    """

    __slots__ = ("_last_ms", "_milli", "_per_second_milli", "_share_milli", "_trust")

    def __init__(
        self,
        now_s: float,
        *,
        share_milli: int = SHARE_MILLI,
        per_second_milli: int = PER_SECOND_MILLI,
    ) -> None:
        self._share_milli = share_milli
        self._per_second_milli = per_second_milli
        self._milli = _BURST_MILLI
        self._last_ms = int(now_s * 1000)
        self._trust = TRUST_MAX

    def began(self) -> None:
        """A request makes its first try."""
        milli = self._milli + self._share_milli
        self._milli = milli if milli < _BURST_MILLI else _BURST_MILLI

    def answered(self) -> None:
        """A request was answered."""
        if self._trust < TRUST_MAX:
            self._trust += 1

    def take(self, now_s: float, *, sound: bool) -> bool:
        """Ask for one more try.

        Args:
            now_s: the time now.
            sound: it goes to an endpoint that nothing speaks against (``Health.sound``).
        """
        now_ms = int(now_s * 1000)
        if now_ms > self._last_ms:
            # One step is at most what fills the budget, so a long idle time costs nothing.
            earned = (now_ms - self._last_ms) * self._per_second_milli // 1000
            self._milli = min(self._milli + earned, _BURST_MILLI)
            self._last_ms = now_ms
        if self._milli >= 1000:
            self._milli -= 1000
            return True
        if sound and self._trust:
            self._trust -= 1
            return True
        return False


class HedgeBudget:
    """Keeps second requests a small share of all: when everything is slow, hedging stops itself.

    Args:
        percent: second requests in a hundred requests, 0 to 100.
    """

    __slots__ = ("_milli", "_share_milli")

    def __init__(self, percent: float) -> None:
        self._share_milli = int(min(max(percent, 0.0), 100.0) * 10)
        self._milli = 0

    def began(self) -> None:
        """A request makes its first try."""
        self._milli = min(self._milli + self._share_milli, HEDGE_BURST_MILLI)

    @property
    def ready(self) -> bool:
        """Whether one second request is allowed."""
        return self._milli >= 1000

    def take(self) -> bool:
        """Ask for one second request."""
        if self._milli < 1000:
            return False
        self._milli -= 1000
        return True


def hedge_after_s(p95_ttft_ms: float | None, measured: int) -> float | None:
    """How long to wait for the first token before a second request; None: too little is known."""
    if p95_ttft_ms is None or measured < HEDGE_MEASURED_MIN:
        return None
    return p95_ttft_ms / 1000
