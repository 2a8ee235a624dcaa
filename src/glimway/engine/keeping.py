"""Keeps the statistics of endpoints through restarts, and reads what other workers saw.

Knows when statistics are stored, in what pieces, and what becomes of it while the database is away.
Refuses to know what they say. No request waits for any of this: the loop copies one endpoint at a
time (about 0.1 ms) and takes in one row at a time, packing and writing happen on the writer's
thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from glimway.domain.statistics.keeping import unpacked
from glimway.domain.statistics.vitals import Vitals
from glimway.engine.wheel import Alarm, Wheel
from glimway.store.errors import StoreError
from glimway.store.statistics import StatisticsRows, Told

SAVE_S_DEFAULT: Final = 10.0
"""What a crash may lose."""
FIRST_WORKER: Final = "0"
"""The name of the only process of a server that has one."""

_log = logging.getLogger("glimway")


class Keeper:
    """Stores what ``vitals`` saw, every few seconds and at the end.

    Args:
        vitals: whose statistics.
        rows: where they are stored.
        wheel: rings when it is time.
        clock_ms: the present, milliseconds since 1970.
        every_s: how often.
    """

    def __init__(
        self,
        vitals: Vitals,
        rows: StatisticsRows,
        wheel: Wheel,
        clock_ms: Callable[[], int],
        *,
        every_s: float = SAVE_S_DEFAULT,
    ) -> None:
        self._vitals = vitals
        self._rows = rows
        self._wheel = wheel
        self._clock_ms = clock_ms
        self._every_s = every_s
        self._alarm: Alarm | None = None
        self._read_ms = 0
        """Rows of others from before this moment are known."""
        self._failing = False
        self._turn: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read what was stored, and store from now on.

        Raises:
            StoreError: the database cannot be read.
        """
        await self._learn(await asyncio.wrap_future(self._rows.told(self._clock_ms())))
        self._rest()

    async def stop(self) -> None:
        """Store everything once more."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._turn is not None:
            self._turn.cancel()
            await asyncio.gather(self._turn, return_exceptions=True)
        try:
            await self._save()
        except StoreError as error:
            _log.warning("statistics could not be stored at the end: %s", error)

    # ---- inside -----------------------------------------------------------------------------

    def _rest(self) -> None:
        self._alarm = self._wheel.after(self._every_s, self._begin)

    def _begin(self) -> None:
        self._turn = self._wheel.loop.create_task(self._go())

    async def _go(self) -> None:
        try:
            await self._save()
            await self._hear()
            self._failing = False
        except StoreError as error:
            # Told once: statistics are no books, and the server goes on without.
            if not self._failing:
                _log.warning("statistics cannot be stored or read at present: %s", error)
            self._failing = True
        self._rest()

    async def _save(self) -> None:
        """Store what is new, one endpoint of it to a turn of the loop."""
        vitals, found = self._vitals, {}
        names = vitals.unsaved()
        try:
            for name in names:
                kept = vitals.kept(name)
                if kept is not None:
                    found[name] = kept
                await asyncio.sleep(0)
            if found:
                await asyncio.wrap_future(self._rows.put(self._clock_ms(), found))
        except BaseException:
            vitals.not_saved(names)
            raise

    async def _hear(self) -> None:
        """Read what other workers wrote since."""
        # Clocks of two machines differ, and a row is written a moment after its time was taken.
        since_ms = self._read_ms - round(self._every_s * 1000)
        await self._learn(await asyncio.wrap_future(self._rows.told_by_others(since_ms)))

    async def _learn(self, rows: list[Told]) -> None:
        """Take in what rows say, one to a turn of the loop (each takes a millisecond or two)."""
        for row in rows:
            await asyncio.sleep(0)
            try:
                kept = unpacked(row.kept)
                if row.worker == self._rows.worker:
                    self._vitals.absorb(row.endpoint, kept)
                else:
                    self._vitals.beside(row.worker, row.endpoint, kept)
            except ValueError as error:
                _log.warning("statistics of %s are left out: %s", row.endpoint, error)
            self._read_ms = max(self._read_ms, row.at_ms)
