"""A clock that stands until it is told to move.

Knows one moment. Refuses to know the machine's time, so a test of time takes none.
"""

from __future__ import annotations

START_S = 1_700_000_000.0
"""Where a clock starts unless told otherwise: 14 November 2023, 22:13:20 UTC."""


class ManualClock:
    """Give ``clock.now_s`` or ``clock.now_ms`` to code that asks for a clock.

    Args:
        start_s: seconds since 1970.
    """

    def __init__(self, start_s: float = START_S) -> None:
        self._now_ns = round(start_s * 1e9)

    def now_s(self) -> float:
        """Seconds since 1970."""
        return self._now_ns / 1e9

    def now_ms(self) -> int:
        """Whole milliseconds since 1970."""
        return self._now_ns // 1_000_000

    def advance(self, seconds: float) -> None:
        """Move on; a clock of this kind never runs backwards.

        Raises:
            ValueError: for a negative step.
        """
        if seconds < 0:
            raise ValueError(f"a clock does not run backwards ({seconds} s)")
        # Kept in whole nanoseconds: ten steps of 0.1 s are one second.
        self._now_ns += round(seconds * 1e9)
