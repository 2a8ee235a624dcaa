"""Refusals of an overloaded server: cheap, and not more of them than it can afford.

Knows how many may be said in a moment, in which order, and that those of one moment read the same.
Refuses to know who is refused and how a path says no.

A refusal costs a tenth of a short answer, and whoever is refused can ask again at once. At several
times the capacity nothing would be left for the answers. So only so many are said at each tick of
the clock; all others wait their turn, and their clients with them, since a connection has one
request under way. That is the only brake there is on somebody who does not look at ``retry-after``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

SAID_PER_S_MAX = 6000
"""Some 12 us each: seven hundredths of a processor."""

HELD_S_MAX = 1.0
"""Nobody waits longer: it is what ``retry-after`` asks for."""

WAITING_MAX = 20_000
"""Connections that wait to be refused; beyond it the one that has waited longest is told."""

KINDS_MAX = 64
"""Refusals that are kept ready at a time; a path may be spelled in many ways."""


class Refused(Protocol):
    """Somebody who is to be refused."""

    def say(self) -> None:
        """Say it now; nothing happens when the client has left."""


class Curtness:
    """Who waits to be refused by one server.

    Args:
        now_s: the loop's clock.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._waiting: deque[tuple[float, Refused]] = deque(maxlen=WAITING_MAX)
        self._left = 0.0
        """How many may still be said before the next tick."""
        self._ready: dict[tuple[bytes, bool], bytes] = {}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def refuse(self, refused: Refused) -> None:
        """Let somebody be refused: at once, or when it is their turn."""
        if self._left >= 1:
            self._left -= 1
            refused.say()
        else:
            if len(self._waiting) == WAITING_MAX:
                self._waiting.popleft()[1].say()
            self._waiting.append((self._now_s() + HELD_S_MAX, refused))

    def tick(self, seconds: float) -> None:
        """Say what may be said after so many more seconds."""
        self._ready.clear()
        now_s = self._now_s()
        left = seconds * SAID_PER_S_MAX
        waiting = self._waiting
        while waiting and (left >= 1 or waiting[0][0] <= now_s):
            left -= 1
            waiting.popleft()[1].say()
        self._left = max(0.0, left)

    def ready(self, kind: tuple[bytes, bool], make: Callable[[], bytes]) -> bytes:
        """The bytes of a refusal, made once for each kind and tick.

        Args:
            kind: the path, and whether the connection stays open.
            make: makes them.
        """
        answer = self._ready.get(kind)
        if answer is None:
            answer = make()
            if len(self._ready) < KINDS_MAX:
                self._ready[kind] = answer
        return answer
