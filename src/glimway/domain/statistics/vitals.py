"""The live statistics of all endpoints.

Knows every endpoint's history, and keeps the figures that routes are planned with ready to read.
Refuses to know a clock (``at_ms`` is wall time, milliseconds since 1970) and where snapshots lie.

How it is used::

    vitals.answered(endpoint_id, at_ms, ttft_ms, tokens_per_second)  # about 1 us
    vitals.failed(endpoint_id, at_ms, fault.kind)
    for endpoint_id in vitals.stale(at_ms):  # every REFRESH_S seconds, off every request's path
        vitals.read(endpoint_id, at_ms)
    vitals.figures(endpoint_id)  # a look-up: what was known at the last refresh
    vitals.report(endpoint_id, "24h", at_ms)  # for a page: computed now
    for endpoint_id in vitals.unsaved():  # every few seconds, and at the end
        kept = vitals.kept(endpoint_id)  # to store; about 0.1 ms
    vitals.absorb(endpoint_id, kept)  # after a restart
    vitals.beside(worker, endpoint_id, kept)  # what another worker saw, in the place of before
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from glimway.domain.statistics.figures import NOTHING, Figures, figures_of
from glimway.domain.statistics.history import WINDOWS, History, Kept, Window
from glimway.domain.statistics.slot import Slot

ENDPOINTS_MAX: Final = 4096
"""Endpoints with statistics; the one that was made first is forgotten for one more."""
REFRESH_S: Final = 5.0
"""How often figures should be read again."""
WORKERS_MAX: Final = 256
"""Other workers whose statistics of one endpoint are counted."""
ENOUGH: Final = 20
"""Answers and faults that make a window worth reading; with fewer, the next longer one is read."""
PACE_TOKENS_MIN: Final = 8
PACE_MS_MIN: Final = 20.0
"""A shorter answer says nothing of an endpoint's pace."""

_AGES_MS: Final = 30_000
"""Figures of an endpoint that nobody asks are read again this often, since they age."""


class Vitals:
    """The statistics of all endpoints.

    Args:
        endpoints_max: how many may have any.
    """

    __slots__ = (
        "_asked",
        "_endpoints_max",
        "_figures",
        "_histories",
        "_others",
        "_read_at",
        "_unsaved",
        "changes",
    )

    def __init__(self, endpoints_max: int = ENDPOINTS_MAX) -> None:
        self._endpoints_max = endpoints_max
        self._histories: dict[str, History] = {}
        """What this process saw, before restarts too."""
        self._others: dict[str, dict[str, History]] = {}
        """What other workers saw, by endpoint and worker."""
        self._figures: dict[str, Figures] = {}
        self._asked: set[str] = set()
        self._unsaved: set[str] = set()
        self._read_at: dict[str, int] = {}
        self.changes = 0
        """Grows with every refresh that changed any figures."""

    # ---- what attempts tell -----------------------------------------------------------------

    def answered(
        self,
        endpoint: str,
        at_ms: int,
        ttft_ms: float | None = None,
        tokens_per_second: float | None = None,
    ) -> None:
        """An attempt gave a whole answer.

        Args:
            endpoint: its id.
            at_ms: when it ended.
            ttft_ms: until the first token; None where no stream was asked for.
            tokens_per_second: see ``pace``; None where that cannot be said.
        """
        slot = self._slot(endpoint, at_ms)
        slot.successes += 1
        if ttft_ms is not None:
            slot.ttft.add(ttft_ms)
        if tokens_per_second is not None:
            slot.pace.add(tokens_per_second)

    def failed(self, endpoint: str, at_ms: int, kind: str) -> None:
        """An attempt ended in a fault of this kind, before or after its first token."""
        faults = self._slot(endpoint, at_ms).faults
        faults[kind] = faults.get(kind, 0) + 1

    def left(
        self,
        endpoint: str,
        at_ms: int,
        waited_ms: float | None = None,
        tokens_per_second: float | None = None,
    ) -> None:
        """An attempt was given up because it was slow: no answer, but its speed is known.

        Leaving slow ones out would make an endpoint look the quicker the more often it is given up.

        Args:
            endpoint: its id.
            at_ms: when that was.
            waited_ms: its first token took at least so long, where it had not come.
            tokens_per_second: its pace so far, where it had.
        """
        slot = self._slot(endpoint, at_ms)
        if waited_ms is not None:
            slot.ttft.add(waited_ms)
        if tokens_per_second is not None:
            slot.pace.add(tokens_per_second)

    def _slot(self, endpoint: str, at_ms: int) -> Slot:
        history = self._histories.get(endpoint)
        if history is None:
            history = self._new(endpoint)
        self._asked.add(endpoint)
        return history.at(at_ms)

    def _new(self, endpoint: str) -> History:
        if len(self._histories) >= self._endpoints_max:
            self._forget(next(iter(self._histories)))
        history = self._histories[endpoint] = History()
        return history

    def _forget(self, endpoint: str) -> None:
        del self._histories[endpoint]
        self._others.pop(endpoint, None)
        self._unsaved.discard(endpoint)
        self._figures.pop(endpoint, None)
        self._read_at.pop(endpoint, None)
        self._asked.discard(endpoint)

    # ---- what others read -------------------------------------------------------------------

    def figures(self, endpoint: str) -> Figures:
        """How it performs lately, as of the last refresh: over the shortest window in which
        enough was seen."""
        return self._figures.get(endpoint, NOTHING)

    def stale(self, at_ms: int) -> list[str]:
        """Endpoints whose figures are to be read again: they were asked, or their figures aged."""
        asked, self._asked = self._asked, set()
        self._unsaved |= asked & self._histories.keys()
        return [
            endpoint
            for endpoint in self.endpoints
            if endpoint in asked or at_ms - self._read_at.get(endpoint, 0) >= _AGES_MS
        ]

    def read(self, endpoint: str, at_ms: int) -> bool:
        """Read the figures of one endpoint again, which takes a tenth of a millisecond for a busy
        one and one for another; whether they changed. ``changes`` is then to be raised, once for
        many."""
        if endpoint not in self._histories and endpoint not in self._others:
            return False  # forgotten meanwhile
        self._read_at[endpoint] = at_ms
        found = self._recent(endpoint, at_ms)
        if found == self._figures.get(endpoint, NOTHING):
            return False
        self._figures[endpoint] = found
        return True

    def refresh(self, at_ms: int) -> None:
        """Read all figures that are stale, at once."""
        if [endpoint for endpoint in self.stale(at_ms) if self.read(endpoint, at_ms)]:
            self.changes += 1

    def report(self, endpoint: str, window: Window, at_ms: int) -> Figures:
        """How it performed over one window, up to now."""
        return figures_of(self._over(endpoint, window, at_ms))

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Ids of those that have statistics."""
        return tuple(dict.fromkeys((*self._histories, *self._others)))

    def _over(self, endpoint: str, window: Window, at_ms: int) -> Slot:
        """What all workers saw of an endpoint over one window."""
        history = self._histories.get(endpoint)
        total = Slot() if history is None else history.over(window, at_ms)
        for other in self._others.get(endpoint, {}).values():
            total.add(other.over(window, at_ms))
        return total

    def _recent(self, endpoint: str, at_ms: int) -> Figures:
        best = NOTHING
        for window in WINDOWS:
            found = figures_of(self._over(endpoint, window, at_ms))
            if found.answers + sum(found.faults.values()) >= ENOUGH:
                return found
            if found is not NOTHING:
                best = found
        return best

    # ---- keeping ----------------------------------------------------------------------------

    def unsaved(self) -> list[str]:
        """Endpoints of which something was seen since this was last asked."""
        asked, self._unsaved = self._unsaved | (self._asked & self._histories.keys()), set()
        return list(asked)

    def not_saved(self, endpoints: Iterable[str]) -> None:
        """They could not be stored: ``unsaved`` names them again."""
        self._unsaved.update(endpoint for endpoint in endpoints if endpoint in self._histories)

    def kept(self, endpoint: str) -> Kept | None:
        """What this process saw of an endpoint, to store; None: it was forgotten."""
        history = self._histories.get(endpoint)
        return None if history is None else history.kept()

    def absorb(self, endpoint: str, kept: Kept) -> None:
        """Add what was stored to what this process saw; endpoints beyond the bound are left out.

        Raises:
            ValueError: it cannot be read; nothing is added.
        """
        history = self._histories.get(endpoint)
        if history is None:
            if len(self._histories) >= self._endpoints_max:
                return
            history = History()
        history.absorb(kept)
        self._histories[endpoint] = history
        self._read_at.pop(endpoint, None)

    def beside(self, worker: str, endpoint: str, kept: Kept) -> None:
        """Count what another worker saw of an endpoint beside what was seen here, in the place of
        what that worker told before.

        Raises:
            ValueError: it cannot be read; what it told before stays.
        """
        known = self._others.get(endpoint)
        if known is None and len(self._others) >= self._endpoints_max:
            return
        if known is not None and worker not in known and len(known) >= WORKERS_MAX:
            return
        history = History()
        history.absorb(kept)
        self._others.setdefault(endpoint, {})[worker] = history
        self._read_at.pop(endpoint, None)


def pace(tokens: int, first_s: float, end_s: float) -> float | None:
    """Tokens per second of one streamed answer, from its first token to its end.

    Args:
        tokens: of output, thinking included.
        first_s: when the first token came.
        end_s: when the last frame came.

    Returns:
        None where the answer is too short to say.
    """
    took_s = end_s - first_s
    if tokens < PACE_TOKENS_MIN or took_s * 1000 < PACE_MS_MIN:
        return None
    # The first token stands at the beginning of the measured time, not inside it.
    return (tokens - 1) / took_s
