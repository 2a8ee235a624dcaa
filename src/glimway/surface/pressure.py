"""How much is going on at the door, and whether one more may come in.

Knows the number of connections, the bytes of large bodies, how many requests are under way and how
late the loop is. Refuses to know any one connection and what is asked.

A loop that has more to do than it can is late with everything at once: with the streams that run,
with health checks, and with its own refusals. How many requests that are depends on what they are,
so it is learned: when the loop is late for longer than a moment, as many as are under way are too
many, and the bound falls below them; while it is in time, the bound rises slowly.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from statistics import median

from glimway.surface.curtness import Curtness
from glimway.wire.refusal import Refusal

LATE_MS_MAX = 8.0
"""How late the loop may usually be. A timer is late by half a turn on average, so a client's bytes
wait for up to twice as long."""

BUSY_MIN = 0.75
"""The part of the time that the loop's thread has computed or stood in line for a processor. One
that is late and wanted less was waiting for something else (a slow disk, a stopped machine, other
threads of ours): turning calls away would not bring it back to time."""

TICK_S = 0.01
TICKS_KEPT = 5
"""The median of so many counts: one long turn (a huge body, a slow disk) turns nobody away."""

REQUESTS_MAX = 10_000
"""Requests under way at once, however well the loop keeps up."""

REQUESTS_MIN = 100
"""So many are let in however late the loop is: a machine that is busy with other programs makes it
late with a few requests too, and turning those away would help nobody."""

FALL = 0.1
"""The part by which the bound falls below what was too many, times how late the loop is."""
FALLS_MAX = 5.0

RISE = 0.004
"""The part by which the bound rises at each tick in time."""

QUIET_S = 1.0
"""When nobody was turned away for so long, the bound is forgotten."""

BODY_BYTES_COUNTED_MIN = 65_536
"""Smaller bodies come with one read and go with it; only larger ones are counted."""

TURNED_AWAY_AT_ONCE_MAX = 1000
"""Connections that are told to come back and are still open; beyond it they are dropped unsaid."""

RETRY_AFTER_S = 1.0

OVERLOADED = Refusal(
    "unavailable",
    "The server is overloaded at present, please retry later.",
    retry_after_s=RETRY_AFTER_S,
)


class Pressure:
    """What all connections of one server weigh together.

    Args:
        loop: whose lateness counts.
        wanted_s: how long this thread has wanted to compute, in seconds.
        connections_max: client connections at once.
        bodies_bytes_max: large bodies in memory, all together.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        wanted_s: Callable[[], float],
        connections_max: int,
        bodies_bytes_max: int,
    ) -> None:
        self._loop = loop
        self._wanted_s = wanted_s
        self.connections_max = connections_max
        self.bodies_bytes_max = bodies_bytes_max
        self.connections = 0
        self.turned_away = 0
        self.bodies_bytes = 0
        self.resting = 0
        """WebSockets that wait for their clients: tasks, but nothing that is under way."""
        self.requests_max = float(REQUESTS_MAX)
        """As learned."""
        self.curtness = Curtness(loop.time)
        """Says the refusals of calls."""
        self._refused_s = 0.0
        """When the last call was turned away, on the loop's clock."""
        self._under_way = 0
        self._late_ms: deque[float] = deque(maxlen=TICKS_KEPT)
        self._clocks: deque[tuple[float, float]] = deque(maxlen=TICKS_KEPT)
        """Of the loop and of what its thread wanted, in seconds, at each of these ticks."""
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

    def call(self, tasks: int) -> Refusal | None:
        """Whether one more call is too many.

        Args:
            tasks: requests that are being answered, and WebSockets.
        """
        under_way = tasks - self.resting
        self._busy = True
        self._under_way = under_way
        if self._timer is None:
            self._watch()
        if under_way < self.requests_max:
            return None
        self._refused_s = self._loop.time()
        return OVERLOADED

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
        self.curtness.tick(TICK_S + now_s - self._due_s)
        self._late_ms.append((now_s - self._due_s) * 1000)
        self._clocks.append((now_s, self._wanted_s()))
        usual = median(self._late_ms) if len(self._late_ms) == TICKS_KEPT else 0.0
        if usual <= LATE_MS_MAX or self._busy_part() < BUSY_MIN:
            forgotten = now_s - self._refused_s > QUIET_S
            risen = REQUESTS_MAX if forgotten else self.requests_max * (1 + RISE)
            self.requests_max = min(REQUESTS_MAX, risen)
        elif self._under_way <= self.requests_max:
            # Else it has fallen already, and the loop is late with those that were let in before.
            fall = FALL * min(usual / LATE_MS_MAX, FALLS_MAX)
            self.requests_max = max(REQUESTS_MIN, self._under_way * (1 - fall))
            self._refused_s = now_s
        if self._busy or self.requests_max < REQUESTS_MAX or self.curtness.waiting:
            self._busy = False
            self._watch()
        else:
            self._timer = None  # nobody asks: nothing to watch
            self._late_ms.clear()
            self._clocks.clear()

    def _busy_part(self) -> float:
        """The part of the last ticks in which the thread has wanted a processor."""
        (first_s, before_s), (last_s, after_s) = self._clocks[0], self._clocks[-1]
        return (after_s - before_s) / (last_s - first_s)
