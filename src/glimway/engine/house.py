"""The parts that every journey uses.

Knows which parts there are. Refuses to know how they are made (``app`` composes them). Whatever
can change while the server runs (keys, catalog) is held in a ``Latest`` whose value is replaced
whole, never edited, so that a journey that has begun sees one consistent state.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from glimway.domain.catalog import Catalog
from glimway.domain.ids import ENTROPY_BYTES, new_id
from glimway.domain.keys import Key, Keyring
from glimway.engine.admission import Admission
from glimway.engine.client import Ask
from glimway.engine.errors import ErrorLog
from glimway.engine.flow import Answer
from glimway.engine.hosts import Hosts
from glimway.engine.routing import Routing
from glimway.engine.seals import Seals
from glimway.engine.settlement import Settlement
from glimway.engine.wheel import Wheel
from glimway.wire.refusal import Refusal

T = TypeVar("T")

ENTROPY_BATCH_BYTES = 4096
"""Random bytes fetched at once: one system call for hundreds of ids."""


class Live(Protocol):
    """A request under way."""

    key: Key | None

    def stop(self, why: Refusal) -> None:
        """End it now."""


class Sharing(Protocol):
    """Lets requests share answers."""

    def of(self, ask: Ask, key: Key) -> Callable[..., Coroutine[Any, Any, Answer]]:
        """What to call for a request's first answer, in place of ``first_answer`` and as it."""


class Latest(Generic[T]):
    """A value that is replaced whole."""

    __slots__ = ("now",)

    def __init__(self, value: T) -> None:
        self.now = value


class Entropy:
    """Random bytes in small pieces, from large draws of the system's generator."""

    __slots__ = ("_at", "_pool")

    def __init__(self) -> None:
        self._pool = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        """``size`` random bytes, each used once."""
        if self._at + size > len(self._pool):
            self._pool = os.urandom(ENTROPY_BATCH_BYTES)
            self._at = 0
        piece = self._pool[self._at : self._at + size]
        self._at += size
        return piece


class House:
    """Everything a journey uses."""

    def __init__(
        self,
        *,
        keys: Latest[Keyring],
        catalog: Latest[Catalog],
        admission: Admission,
        settlement: Settlement,
        hosts: Hosts,
        routing: Routing,
        errors: ErrorLog,
        wheel: Wheel,
        seals: Seals,
        depth_max: int = 128,
    ) -> None:
        self.seals = seals
        self.depth_max = depth_max
        self.keys = keys
        self.catalog = catalog
        self.admission = admission
        self.settlement = settlement
        self.hosts = hosts
        self.routing = routing
        routing.try_with(hosts.changes)
        self.errors = errors
        self.wheel = wheel
        self.loop = asyncio.get_running_loop()
        self.draining = False
        self.sharing: Sharing | None = None
        """None: every request has an answer of its own."""
        self.live: set[Live] = set()
        """Requests under way."""
        self._entropy = Entropy()

    def end_revoked(self) -> None:
        """End what runs under keys that may not be used any more."""
        keyring, now_ms = self.keys.now, self.now_ms()
        for one in list(self.live):
            known = keyring.get(one.key.id) if one.key is not None else None
            if one.key is not None and (known is None or known.state(now_ms) != "active"):
                one.stop(
                    Refusal("unauthenticated", f"This API key ({one.key.prefix}) was revoked.")
                )

    def now_ms(self) -> int:
        """Wall time, for ids and receipts; durations come from the loop's clock."""
        return time.time_ns() // 1_000_000

    def new_id(self, now_ms: int) -> str:
        """A fresh request id."""
        return new_id(now_ms, self._entropy.take(ENTROPY_BYTES))
