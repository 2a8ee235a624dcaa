"""Statistics outlive the process: stored while it runs, read when it starts, shared by workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

import pytest
import sqlalchemy as sa

from glimway.domain.statistics.history import Kept
from glimway.domain.statistics.vitals import Vitals
from glimway.engine.keeping import FIRST_WORKER, Keeper
from glimway.engine.wheel import Wheel
from glimway.store import sqlite
from glimway.store import statistics as rows_of
from glimway.store.database import Database
from glimway.store.errors import DatabaseAway
from glimway.store.statistics import KEPT_MS, StatisticsRows, Told

NOW_MS = 1_795_000_000_000
SOON_S = 0.01


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite.address(tmp_path / "glimway.db"), busy_timeout_ms=50)
    yield opened
    opened.close()


class Worker:
    """One process, as far as statistics know it."""

    def __init__(
        self, database: Database, name: str = FIRST_WORKER, *, every_s: float = 3600.0
    ) -> None:
        self.vitals = Vitals()
        self.wheel = Wheel(asyncio.get_running_loop())
        self.rows = StatisticsRows(database, name)
        self.keeper = Keeper(self.vitals, self.rows, self.wheel, lambda: NOW_MS, every_s=every_s)

    def saw(self, *endpoints: str) -> None:
        for endpoint in endpoints:
            self.vitals.answered(endpoint, NOW_MS, 100.0, 50.0)

    def answers(self, endpoint: str = "e") -> int:
        return self.vitals.report(endpoint, "30d", NOW_MS).answers

    async def stop(self) -> None:
        await self.keeper.stop()
        self.wheel.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - it happens on the database's threads
            await asyncio.sleep(SOON_S)


def runs(story: Coroutine[None, None, None]) -> None:
    asyncio.run(story)


def stored(database: Database) -> list[Told]:
    return database.read(rows_of.told).result()


def test_what_was_seen_is_there_after_a_restart_and_counted_once(database: Database) -> None:
    async def story() -> None:
        for life in range(3):
            worker = Worker(database)
            await worker.keeper.start()
            assert worker.answers() == life
            worker.saw("e")
            await worker.stop()
        assert len(stored(database)) == 1

    runs(story())


def test_it_is_stored_while_it_runs_so_that_a_crash_loses_little(database: Database) -> None:
    async def story() -> None:
        crashing = Worker(database, every_s=SOON_S)
        await crashing.keeper.start()
        crashing.saw("a", "b")
        await until(lambda: len(stored(database)) == 2)
        after = Worker(database)
        await after.keeper.start()
        assert after.answers("a") == after.answers("b") == 1
        await after.stop()
        await crashing.stop()

    runs(story())


def test_workers_see_what_each_other_saw_and_write_only_their_own(database: Database) -> None:
    async def story() -> None:
        left, right = Worker(database, "0", every_s=SOON_S), Worker(database, "1", every_s=SOON_S)
        await left.keeper.start()
        await right.keeper.start()
        for seen in range(1, 4):
            left.saw("e", "mine")
            right.saw("e")
            await until(lambda: left.answers() == right.answers() == 2 * seen)  # noqa: B023
        assert right.answers("mine") == 3
        await left.stop()
        await right.stop()
        again = Worker(database, "0")
        await again.keeper.start()
        assert again.answers() == 6
        await again.stop()
        assert {(row.worker, row.endpoint) for row in stored(database)} == {
            ("0", "e"),
            ("0", "mine"),
            ("1", "e"),
        }

    runs(story())


class Away(StatisticsRows):
    """Rows of a database that is away, until ``back``."""

    back = False
    tries = 0

    def put(self, at_ms: int, kept: Mapping[str, Kept]) -> Future[None]:
        self.tries += 1
        if self.back:
            return super().put(at_ms, kept)
        failed: Future[None] = Future()
        failed.set_exception(DatabaseAway("locked"))
        return failed


def test_a_database_that_is_away_is_tried_again_and_told_of_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        worker = Worker(database)
        away = Away(database, FIRST_WORKER)
        keeper = Keeper(worker.vitals, away, worker.wheel, lambda: NOW_MS, every_s=SOON_S)
        await keeper.start()
        worker.saw("e")
        await until(lambda: away.tries >= 3)
        away.back = True
        await until(lambda: bool(stored(database)))
        await keeper.stop()
        worker.wheel.close()
        assert len(caplog.records) == 1

    runs(story())


def test_a_row_that_cannot_be_read_is_left_out(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def spoil(connection: sa.Connection) -> None:
        rows_of.put(connection, FIRST_WORKER, NOW_MS, {"bad": b"\x09nonsense"})
        rows_of.put(connection, "other", NOW_MS, {"worse": b"\x01nonsense"})

    async def story() -> None:
        worker = Worker(database)
        worker.saw("e")
        await worker.stop()
        database.write(spoil).result()
        again = Worker(database)
        await again.keeper.start()
        assert again.answers() == 1
        assert again.vitals.endpoints == ("e",)
        await again.stop()

    runs(story())
    assert len(caplog.records) == 2


def test_rows_that_nobody_writes_go_after_a_month(database: Database) -> None:
    database.write(
        lambda c: rows_of.put(c, "gone", NOW_MS - KEPT_MS - 1, {"old": b"\x01"})
    ).result()

    async def story() -> None:
        worker = Worker(database)
        await worker.keeper.start()
        assert worker.vitals.endpoints == ()
        worker.saw("e")
        await worker.stop()

    runs(story())
    assert [row.endpoint for row in stored(database)] == ["e"]
