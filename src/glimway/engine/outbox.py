"""Writes that wait for the end of the loop's turn.

Knows who has something to send. Refuses to know what it is and where it goes.

A busy loop handles dozens of requests in one turn. Writing each at once wakes its reader each time,
and a wake-up across processors costs more than the write. Written together, the first one wakes the
reader and it stays awake for the others. Streams do not wait here: their chunks come one by one,
and each is wanted at once.
"""

from __future__ import annotations

import asyncio
from typing import Protocol


class Sender(Protocol):
    """Has something to send."""

    def flush(self) -> None:
        """Send it now; nothing happens when it was sent or given up meanwhile."""


class Outbox:
    """Collects the senders of one turn of the loop."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Sender] = []

    def put(self, sender: Sender) -> None:
        """Let ``sender`` send when the loop has handled what it has read."""
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(sender)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        for sender in waiting:
            sender.flush()
