"""What people and routes read of an endpoint's statistics: a handful of numbers.

Knows which quantiles are shown and how shares are made. Refuses to know where the counts come from.

A P90 means the same for both directions of "better": nine of ten answers were at least as good. So
the P90 of the time to the first token is a long time, and the P90 of tokens per second a low pace.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from glimway.domain.statistics.slot import Slot

Percentile = Literal["p50", "p75", "p90", "p95", "p99"]

PERCENTILES: Final[dict[Percentile, float]] = {
    "p50": 0.50,
    "p75": 0.75,
    "p90": 0.90,
    "p95": 0.95,
    "p99": 0.99,
}
_TTFT_PARTS: Final = tuple(PERCENTILES.values())
_PACE_PARTS: Final = tuple(round(1 - part, 2) for part in reversed(_TTFT_PARTS))


class Figures(msgspec.Struct, frozen=True):
    """An endpoint over some stretch of time; None: nothing was measured.

    Args:
        answers: requests it answered.
        faults: requests it failed, by kind of fault.
        measured: streams whose time to first token is known.
        ttft_ms: by percentile.
        tokens_per_second: by percentile; ``p99`` is what the slowest hundredth stays below.
        success: answers as a part of answers and faults of its own, 0 to 1.
        uptime: of the half minutes in which it was asked, the part in which it answered at least
            as often as it failed, 0 to 1.
    """

    answers: int = 0
    faults: dict[str, int] = {}
    measured: int = 0
    ttft_ms: dict[Percentile, float] | None = None
    tokens_per_second: dict[Percentile, float] | None = None
    success: float | None = None
    uptime: float | None = None


NOTHING: Final = Figures()


def figures_of(slot: Slot) -> Figures:
    """Read a slot."""
    failures = slot.failures
    asked = slot.successes + failures
    if not asked and not slot.faults:
        return NOTHING
    # The open stretch has not been judged yet: it counts as it stands.
    seen, up = slot.seen, slot.up
    if not seen and asked:
        seen, up = 1, int(slot.successes >= failures)
    ttft = slot.ttft.quantiles(_TTFT_PARTS)
    pace = slot.pace.quantiles(_PACE_PARTS)[::-1]
    return Figures(
        answers=slot.successes,
        faults=dict(slot.faults),
        measured=slot.ttft.count,
        ttft_ms=_named(ttft),
        tokens_per_second=_named(pace),
        success=slot.successes / asked if asked else None,
        uptime=up / seen if seen else None,
    )


def _named(values: list[float | None]) -> dict[Percentile, float] | None:
    found = dict(zip(PERCENTILES, values, strict=True))
    return {name: value for name, value in found.items() if value is not None} or None
