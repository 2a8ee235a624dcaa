"""Answers that are kept, for whoever may ask for them again.

Knows when an answer is written (beside the event loop), where it is until then, and how much may
wait. Refuses to know what an answer says, and who may see it beyond its project.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, TypeVar

import msgspec
import sqlalchemy as sa

from glimway.domain import storing
from glimway.engine.keepterms import Terms
from glimway.engine.wheel import Alarm, Wheel
from glimway.store import responses as rows
from glimway.store.database import Database
from glimway.store.errors import StoreError
from glimway.store.responses import Saved
from glimway.wire.refusal import Refusal

T = TypeVar("T")

WAITING_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of answers that are not written yet. What comes on top is not kept, and says so."""
WAITING_ANSWERS_MAX: Final = 500
"""The same, in answers; half of what may wait for the database."""
BATCH_ANSWERS_MAX: Final = 100
"""Written in one transaction: what came while the last one was on its way to the disk."""
EXPIRE_EVERY_S: Final = 300.0
"""How long an answer may lie on disk after its time; nobody is shown it any more."""
STOP_LOOK_S: Final = 0.005
CHAIN_MAX: Final = 1000
"""Answers that one continues, one after the other."""

_log = logging.getLogger("glimway")


class Waiting(msgspec.Struct, frozen=True, eq=False):
    """An answer that is not written yet; ``make`` gives its row."""

    id: str
    project: str
    size_bytes: int
    make: Callable[[], Saved]


class KeptAnswers:
    """The kept answers of a running server.

    Args:
        database: where they are written.
        wheel: rings when some have expired.
        clock_ms: the present, milliseconds since 1970.
        terms: what is kept.
    """

    def __init__(
        self, database: Database, wheel: Wheel, clock_ms: Callable[[], int], terms: Terms
    ) -> None:
        self.terms = terms
        self.projects: Mapping[str, storing.Use] = {}
        """What projects say of keeping their answers, by id."""
        self.clock_ms = clock_ms
        self.lost = 0
        """Answers that could not be written."""
        self._database = database
        self._wheel = wheel
        self._waiting: dict[str, Waiting] = {}
        self._unwritten: dict[str, Waiting] = {}
        """Those of them that are in no transaction yet."""
        self._writing = False
        self._waiting_bytes = 0
        self._total_bytes: int | None = None
        """On disk; known to the writer's thread alone."""
        self._alarm: Alarm | None = None

    async def start(self) -> None:
        """Say of answers that a crash interrupted that they failed, and forget what expired.

        Raises:
            StoreError: the database cannot be written.
        """
        await asyncio.wrap_future(self._database.write(rows.interrupt))
        self._tidy()

    async def stop(self) -> None:
        """Write what waits."""
        if self._alarm is not None:
            self._alarm.cancel()
        while self._waiting:
            self._write_more()
            await asyncio.sleep(STOP_LOOK_S)

    def keeps(self, project: str, *, asked: bool | None) -> bool:
        """Whether an answer of a project is kept whose request asked for it (True), forbade it
        (False), or neither (None)."""
        return storing.keeps(self.terms.use, self.projects.get(project), asked=asked)

    def has_room(self, size_bytes: int) -> bool:
        """Whether an answer to a request of this size can be taken now."""
        return (
            len(self._waiting) < WAITING_ANSWERS_MAX
            and size_bytes <= self.terms.bytes_max
            and self._waiting_bytes + size_bytes <= WAITING_BYTES_MAX
        )

    def put(self, one: Waiting) -> None:
        """Keep an answer. It can be read at once, and is written soon."""
        self._forget(self._waiting.get(one.id))
        self._waiting[one.id] = self._unwritten[one.id] = one
        self._waiting_bytes += one.size_bytes
        self._write_more()

    async def get(self, id_: str, project: str) -> Saved | None:
        """One answer of a project; None: it is not kept.

        Raises:
            Refusal: ``unavailable``.
        """
        one = self._waiting.get(id_)
        if one is not None:
            return one.make() if one.project == project else None
        now_ms = self.clock_ms()
        return await _done(
            lambda: self._database.read(
                lambda connection: rows.get(connection, id_, project, now_ms)
            )
        )

    async def chain(self, id_: str, project: str) -> list[Saved]:
        """An answer and those before it that it continues, oldest first.

        Raises:
            Missing: one of them is not kept.
            Refusal: ``unavailable``; ``invalid``: there are too many.
        """
        found: list[Saved] = []
        wanted: str | None = id_
        while wanted is not None:
            if len(found) >= CHAIN_MAX:
                raise Refusal(
                    "invalid",
                    f"This conversation has more than {CHAIN_MAX} answers. Send what matters of "
                    "it as 'input', without 'previous_response_id'.",
                    param="previous_response_id",
                )
            one = self._waiting.get(wanted)
            if one is None:
                more = await self._stored_chain(wanted, project, CHAIN_MAX - len(found))
            else:
                more = [one.make()] if one.project == project else []
            if not more:
                raise Missing(wanted)
            found += more
            wanted = found[-1].previous
        found.reverse()
        return found

    async def drop(self, id_: str, project: str) -> bool:
        """Forget one answer of a project; whether there was one.

        Raises:
            Refusal: ``unavailable``.
        """
        one = self._waiting.get(id_)
        waited = one is not None and one.project == project
        if waited:
            self._forget(one)
        dropped = await _done(
            lambda: self._database.write(lambda connection: self._drop(connection, id_, project))
        )
        return dropped or waited

    # ---- on the writer's and readers' threads ------------------------------------------------

    def _write(self, connection: sa.Connection, batch: list[Waiting]) -> None:
        if self._total_bytes is None:
            self._total_bytes = rows.total_bytes(connection)
        # A total that a failed commit made wrong is put right when room is made.
        self._total_bytes += rows.put(connection, [one.make() for one in batch])
        if self._total_bytes > self.terms.bytes_max:
            self._total_bytes = rows.make_room(connection, self.terms.bytes_max)

    def _drop(self, connection: sa.Connection, id_: str, project: str) -> bool:
        size_bytes = rows.drop(connection, id_, project)
        if self._total_bytes is not None:
            self._total_bytes -= size_bytes
        return size_bytes > 0

    def _expire(self, connection: sa.Connection) -> None:
        if rows.expire(connection, self.clock_ms()):
            self._total_bytes = None

    async def _stored_chain(self, id_: str, project: str, most: int) -> list[Saved]:
        """Answers from one back to the first, as far as they are on disk."""
        now_ms, waiting = self.clock_ms(), frozenset(self._waiting)

        def read(connection: sa.Connection) -> list[Saved]:
            found: list[Saved] = []
            wanted: str | None = id_
            while wanted is not None and len(found) < most and wanted not in waiting:
                one = rows.get(connection, wanted, project, now_ms)
                if one is None:
                    break
                found.append(one)
                wanted = one.previous
            return found

        return await _done(lambda: self._database.read(read))

    # ---- what waits --------------------------------------------------------------------------

    def _write_more(self) -> None:
        """Write what waits, unless a transaction is on its way: then its end writes more."""
        if self._writing or not self._unwritten:
            return
        batch = list(self._unwritten.values())[:BATCH_ANSWERS_MAX]
        for one in batch:
            del self._unwritten[one.id]
        self._writing = True
        try:
            future = self._database.write(lambda connection: self._write(connection, batch))
        except StoreError as error:
            self._settled(batch, error)
            return
        future.add_done_callback(lambda done: self._written(batch, done))

    def _written(self, batch: list[Waiting], future: Future[None]) -> None:
        """On the writer's thread: tell the loop."""
        error = None if future.cancelled() else future.exception()
        try:
            self._wheel.loop.call_soon_threadsafe(self._settled, batch, error)
        except RuntimeError:
            return  # the loop is closed: the server ends, and nobody asks any more

    def _settled(self, batch: list[Waiting], error: BaseException | None) -> None:
        self._writing = False
        if error is not None:
            if not self.lost:
                _log.warning("answers cannot be kept at present: %s", error)
            self.lost += len(batch)
        for one in batch:
            self._forget(one)
        self._write_more()

    def _forget(self, one: Waiting | None) -> None:
        if one is not None and self._waiting.get(one.id) is one:
            del self._waiting[one.id]
            self._unwritten.pop(one.id, None)
            self._waiting_bytes -= one.size_bytes

    def _tidy(self) -> None:
        try:
            self._database.write(self._expire)
        except StoreError as error:
            _log.warning("kept answers cannot be tidied at present: %s", error)
        self._alarm = self._wheel.after(EXPIRE_EVERY_S, self._tidy)


class Missing(Exception):
    """An answer is not kept.

    Args:
        id_: its public id.
    """

    def __init__(self, id_: str) -> None:
        super().__init__(id_)
        self.id = id_


async def _done(begin: Callable[[], Future[T]]) -> T:
    """What the store's threads have done; raises Refusal."""
    try:
        return await asyncio.wrap_future(begin())
    except StoreError as error:
        raise Refusal(
            "unavailable",
            "Kept responses cannot be read at present, please retry later.",
            detail=str(error),
            retry_after_s=5,
        ) from None
