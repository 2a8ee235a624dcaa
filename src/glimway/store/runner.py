"""The thread that drains the journal while the server serves.

Knows when to run, how long to wait after a failure, and since when it is behind. Refuses to know
what a run does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from glimway.store.drain import Drain
from glimway.store.errors import StoreError
from glimway.store.journal import Journal
from glimway.store.segments import Position

INTERVAL_S_DEFAULT: Final = 1.0
"""A receipt is read from the journal until it is drained, so nobody waits for this; and at 500
requests/s a receipt costs half the CPU that it does at 0.25 s, because each commit costs some."""
RETRY_S_MAX: Final = 5.0
"""The longest wait after failures in a row; it doubles from the interval."""
STOP_WAIT_S: Final = 30.0
"""How long ``stop`` waits for a run that hangs."""


class Health(NamedTuple):
    """How the drain does."""

    running: bool
    behind_since_ms: int | None
    """Since when records wait that could not be drained; None while all is well."""
    last_error: str | None
    """Why; None while all is well."""
    undrained_records: int


class DrainRunner:
    """Runs a drain at an interval until it has caught up, and outlives a database that is away.

    Args:
        drain: to run.
        journal: which it reads.
        clock_ms: the present, milliseconds since 1970.
        interval_s: how long a receipt waits at most while all is well.
    """

    def __init__(
        self,
        drain: Drain,
        journal: Journal,
        clock_ms: Callable[[], int],
        *,
        interval_s: float = INTERVAL_S_DEFAULT,
    ) -> None:
        self._drain = drain
        self._journal = journal
        self._clock_ms = clock_ms
        self._interval_s = interval_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._turned = threading.Condition()
        self._turns = 0
        self._behind_since_ms: int | None = None
        self._last_error: str | None = None
        self._thread = threading.Thread(target=self._run, name="glimway-drain", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = STOP_WAIT_S) -> bool:
        """Try once more to drain everything, then end the thread.

        Returns:
            whether everything was drained; what was not is drained at the next start.
        """
        drained = self.flush(timeout_s)
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_WAIT_S)
        return drained

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything appended before this call is in the tables.

        A run that fails ends the wait: the answer is then no.

        Args:
            timeout_s: how long to wait at most.
        """
        target = self._journal.end
        if not self._thread.is_alive():
            return self._drained(target)
        try:
            self._journal.sync()
        except StoreError:
            return False
        with self._turned:
            # The turn under way may have read before the call; the one after it has not.
            last_turn = self._turns + 2
            self._wake.set()
            self._turned.wait_for(
                lambda: self._drained(target) or self._turns >= last_turn, timeout_s
            )
        return self._drained(target)

    def health(self) -> Health:
        """How the drain does now."""
        return Health(
            self._thread.is_alive(),
            self._behind_since_ms,
            self._last_error,
            self._drain.undrained_records,
        )

    def _drained(self, target: Position) -> bool:
        return self._drain.cursor >= target

    def _run(self) -> None:
        wait_s = self._interval_s
        while not self._stopping.is_set():
            self._wake.wait(wait_s)
            self._wake.clear()
            failed = self._turn()
            wait_s = min(wait_s * 2, RETRY_S_MAX) if failed else self._interval_s
            with self._turned:
                self._turns += 1
                self._turned.notify_all()

    def _turn(self) -> bool:
        """Run until caught up; whether it failed."""
        began_ms = self._clock_ms()
        try:
            while not self._drain.run_once().caught_up:
                if self._stopping.is_set():
                    break
        except (StoreError, OSError) as error:
            if self._behind_since_ms is None:
                self._behind_since_ms = began_ms
            self._last_error = str(error)
            return True
        self._behind_since_ms = self._last_error = None
        return False
