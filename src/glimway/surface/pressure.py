"""How much is going on at the door, and whether one more may come in.

Knows the number of connections, the bytes of large bodies, and how late the loop is. Refuses to
know any one connection and what is asked.

A loop that has more to do than it can is late with everything at once: with the streams that run,
with health checks, and with its own refusals. So calls are turned away as soon as the loop is late
for longer than a moment: as large a share of them as brings it back to time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from statistics import median

from glimway.wire.refusal import Refusal

LATE_MS_MAX = 30.0
"""How late the loop may usually be. A timer is late by half a turn on average, so a client's bytes
wait for up to twice as long."""

BUSY_MIN = 0.5
"""The part of the time that the loop's thread has computed. One that is late and did less has
waited for a processor that others use: turning calls away would not bring it back to time."""

TICK_S = 0.025
TICKS_KEPT = 5
"""The median of so many counts: one long turn (a huge body, a slow disk) turns nobody away."""

SHARE_STEP_UP = 0.1
"""How much more is turned away at each late tick, times how late it is."""
STEPS_MAX = 4.0
SHARE_STEP_DOWN = 0.04
SHARE_MAX = 0.98
"""Some calls are always let in: when turning away is itself what keeps the loop busy, turning away
everything would serve nobody."""

REQUESTS_MAX = 10_000
"""Requests under way at once."""

BODY_BYTES_COUNTED_MIN = 65_536
"""Smaller bodies come with one read and go with it; only larger ones are counted."""

TURNED_AWAY_AT_ONCE_MAX = 1000
"""Connections that are told to come back and are still open; beyond it they are dropped unsaid."""

RETRY_AFTER_S = 1.0


class Pressure:
    """What all connections of one server weigh together.

    Args:
        loop: whose lateness counts.
        computed_s: how long this thread has computed, in seconds (``time.thread_time``).
        connections_max: client connections at once.
        bodies_bytes_max: large bodies in memory, all together.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        computed_s: Callable[[], float],
        connections_max: int,
        bodies_bytes_max: int,
    ) -> None:
        self._loop = loop
        self._computed_s = computed_s
        self.connections_max = connections_max
        self.bodies_bytes_max = bodies_bytes_max
        self.connections = 0
        self.turned_away = 0
        self.bodies_bytes = 0
        self.share = 0.0
        """Of calls that are turned away now."""
        self._owed = 0.0
        self._late_ms: deque[float] = deque(maxlen=TICKS_KEPT)
        self._clocks: deque[tuple[float, float]] = deque(maxlen=TICKS_KEPT)
        """Of the loop and of its thread's computing, in seconds, at each of these ticks."""
        self._timer: asyncio.TimerHandle | None = None
        self._due_s = 0.0
        self._busy = False

    def full(self) -> Refusal | None:
        """Whether one more connection is too many."""
        if self.connections < self.connections_max:
            return None
        return Refusal(
            "unavailable",
            f"The server has {self.connections_max} connections and takes no more at present.",
            retry_after_s=RETRY_AFTER_S,
        )

    def heavy(self) -> Refusal | None:
        """Whether large bodies fill more memory than they may."""
        if self.bodies_bytes <= self.bodies_bytes_max:
            return None
        return Refusal(
            "unavailable",
            "The server holds too many large requests at present, please retry later.",
            retry_after_s=RETRY_AFTER_S,
        )

    def call(self, under_way: int) -> Refusal | None:
        """Whether one more call is too many.

        Args:
            under_way: requests that are being answered.
        """
        self._busy = True
        if self._timer is None:
            self._watch()
        if not self.share and under_way < REQUESTS_MAX:
            return None
        # So that exactly the share is turned away, evenly.
        self._owed += self.share if under_way < REQUESTS_MAX else 1.0
        if self._owed < 1.0:
            return None
        self._owed -= 1.0
        return Refusal(
            "unavailable",
            "The server is overloaded at present, please retry later.",
            retry_after_s=RETRY_AFTER_S,
        )

    def close(self) -> None:
        """Watch nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch(self) -> None:
        self._due_s = self._loop.time() + TICK_S
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        now_s = self._loop.time()
        self._late_ms.append((now_s - self._due_s) * 1000)
        self._clocks.append((now_s, self._computed_s()))
        usual = median(self._late_ms) if len(self._late_ms) == TICKS_KEPT else 0.0
        if usual > LATE_MS_MAX and self._computing() >= BUSY_MIN:
            steps = min(usual / LATE_MS_MAX, STEPS_MAX)
            self.share = min(SHARE_MAX, self.share + SHARE_STEP_UP * steps)
        else:
            self.share = max(0.0, self.share - SHARE_STEP_DOWN)
        if self._busy or self.share:
            self._busy = False
            self._watch()
        else:
            self._timer = None  # nobody asks: nothing to watch
            self._late_ms.clear()
            self._clocks.clear()

    def _computing(self) -> float:
        """The part of the last ticks in which the thread has computed."""
        (first_s, before_s), (last_s, after_s) = self._clocks[0], self._clocks[-1]
        return (after_s - before_s) / (last_s - first_s)
