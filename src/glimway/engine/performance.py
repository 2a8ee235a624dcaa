"""How endpoints perform, as people and programs are told.

Knows which figures are shown, over which times, and what an endpoint's state is called. Refuses to
know who asks. Reading a month of one endpoint takes about a millisecond of the loop, so what was
read is told again for a few seconds, and many endpoints are read with a pause between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final, Literal

from glimway.domain.cooldown import RESTS
from glimway.domain.health import Health
from glimway.domain.statistics.figures import Figures, Percentile
from glimway.domain.statistics.history import WINDOWS
from glimway.domain.statistics.vitals import ENDPOINTS_MAX, Vitals

FRESH_MS: Final = 2000
"""So long what was read once is told again."""
SHOWN: Final[tuple[Percentile, ...]] = ("p50", "p90", "p99")

Json = dict[str, Any]
State = Literal["healthy", "cooling", "ejected"]


class Performance:
    """Tells of endpoints.

    Args:
        vitals: their statistics.
        health: which of them are left alone, and why.
    """

    def __init__(self, vitals: Vitals, health: Health) -> None:
        self._vitals = vitals
        self._health = health
        self._read: dict[str, tuple[int, Json]] = {}

    async def of(self, endpoints: Iterable[str], at_ms: int, now_s: float) -> dict[str, Json]:
        """What is told of each.

        Args:
            endpoints: their ids.
            at_ms: wall time, milliseconds since 1970.
            now_s: the clock of health.
        """
        if now_s >= self._health.due_s:
            self._health.tick(now_s)
        found: dict[str, Json] = {}
        for endpoint in endpoints:
            read_ms, windows = self._read.get(endpoint, (0, {}))
            if not read_ms <= at_ms < read_ms + FRESH_MS:
                windows = self._windows(endpoint, at_ms)
                await asyncio.sleep(0)
            found[endpoint] = {
                **self._state(endpoint, now_s),
                **_speed(self._vitals.figures(endpoint)),
                "statistics": windows,
            }
        return found

    def _windows(self, endpoint: str, at_ms: int) -> Json:
        vitals = self._vitals
        windows: Json = {
            window: _figures(vitals.report(endpoint, window, at_ms)) for window in WINDOWS
        }
        if len(self._read) >= ENDPOINTS_MAX:
            self._read.clear()
        self._read[endpoint] = (at_ms, windows)
        return windows

    def _state(self, endpoint: str, now_s: float) -> Json:
        why = self._health.resting(endpoint)
        if why is None:
            return {"status": "healthy", "status_reason": None, "rests_for_s": None}
        # What asked to be left alone, or cannot be used until something else changes, cools down;
        # what failed again and again, and is now being tried, was taken out.
        said_so = why.asked or (why.kind is not None and RESTS[why.kind].in_a_row == 1)
        state: State = "cooling" if said_so else "ejected"
        left_s = round(max(why.until_s - now_s, 0.0), 1) if why.until_s else None
        return {"status": state, "status_reason": why.words, "rests_for_s": left_s}


def _speed(figures: Figures) -> Json:
    return {
        "ttft_ms": _shown(figures.ttft_ms),
        "tokens_per_second": _shown(figures.tokens_per_second),
        "success_rate": _share(figures.success),
        "uptime": _share(figures.uptime),
    }


def _figures(figures: Figures) -> Json:
    faults = figures.faults
    return {
        "requests": figures.answers + sum(faults.values()),
        "answers": figures.answers,
        "faults": {kind: faults[kind] for kind in sorted(faults)},
        "measured": figures.measured,
        **_speed(figures),
    }


def _shown(known: dict[Percentile, float] | None) -> Json | None:
    return None if known is None else {name: round(known[name], 1) for name in SHOWN}


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
