"""The thread that syncs the journal behind the requests.

Knows how long a record may wait. Refuses to know files: it is given what to call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from glimway.store.errors import JournalBroken

FSYNC_MS_DEFAULT: Final = 20.0
STOP_WAIT_S: Final = 30.0
"""How long ``stop`` waits for a sync that hangs."""


class Syncer:
    """Calls ``sync`` once per interval, and only when something was written.

    Args:
        sync: what to call; ``JournalBroken`` ends the thread, since no later sync would be honest.
        interval_s: from the first write to its sync.
    """

    def __init__(self, sync: Callable[[], None], interval_s: float) -> None:
        self._sync = sync
        self._interval_s = interval_s
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="glimway-fsync", daemon=True)
        self.idle = True
        """No sync is due; the writer looks here first because an event costs more than a write."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def ask(self) -> None:
        """A sync is due."""
        self.idle = False
        self._asked.set()

    def stop(self) -> None:
        """End the thread; what it has not synced is the caller's to sync."""
        self._stopping.set()
        self._asked.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_WAIT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._asked.wait()
            self._stopping.wait(self._interval_s)
            self._asked.clear()
            self.idle = True  # before the sync: a later write asks again
            try:
                self._sync()
            except JournalBroken:
                return
