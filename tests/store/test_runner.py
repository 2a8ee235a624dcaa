from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from glimway.store import schema
from glimway.store.database import Database
from glimway.store.drain import Drain, Drained
from glimway.store.errors import DatabaseAway
from glimway.store.journal import Journal
from glimway.store.receipts import months
from glimway.store.runner import DrainRunner
from kit.clock import ManualClock
from store.records import opened, raw, settled

WAIT_S = 20.0


def receipt_count(database: Database) -> int:
    def rows(connection: sa.Connection) -> int:
        tables = [schema.receipts_table(month) for month in months(connection)]
        counts = [sa.select(sa.func.count()).select_from(table) for table in tables]
        return sum(int(connection.execute(count).scalar_one()) for count in counts)

    return database.read(rows).result()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def drain(journal: Journal, database: Database) -> Drain:
    return Drain(journal, database)


@pytest.fixture
def runner(journal: Journal, drain: Drain, clock: ManualClock) -> Iterator[DrainRunner]:
    made = DrainRunner(drain, journal, clock.now_ms, interval_s=0.005)
    yield made
    made.stop(WAIT_S)


def test_it_drains_by_itself(
    journal: Journal, database: Database, drain: Drain, runner: DrainRunner
) -> None:
    caught_up = threading.Event()
    run_once = drain.run_once

    def watched() -> Drained:
        done = run_once()
        if done.records:
            caught_up.set()
        return done

    drain.run_once = watched  # type: ignore[method-assign, assignment]
    journal.append(raw(settled(1)))
    runner.start()
    assert caught_up.wait(WAIT_S)
    assert receipt_count(database) == 1


def test_flush_waits_for_what_was_appended_before(
    journal: Journal, database: Database, drain: Drain, clock: ManualClock
) -> None:
    runner = DrainRunner(drain, journal, clock.now_ms, interval_s=3600)
    runner.start()
    for number in range(1500):
        journal.append(raw(settled(number)))
    assert runner.flush(WAIT_S)
    assert receipt_count(database) == 1500
    assert runner.flush(WAIT_S)
    assert runner.health() == (True, None, None, 0)
    assert runner.stop(WAIT_S)
    assert not runner.health().running


def test_flush_makes_records_durable_first(
    folder: Path, database: Database, clock: ManualClock
) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    runner = DrainRunner(Drain(journal, database), journal, clock.now_ms, interval_s=3600)
    runner.start()
    journal.append(raw(settled(1)))
    assert runner.stop(WAIT_S)
    assert receipt_count(database) == 1
    journal.close()


def test_stopping_drains_what_is_left(
    journal: Journal, database: Database, drain: Drain, clock: ManualClock
) -> None:
    runner = DrainRunner(drain, journal, clock.now_ms, interval_s=3600)
    runner.start()
    journal.append(raw(settled(1)))
    assert runner.stop(WAIT_S)
    assert receipt_count(database) == 1


def test_without_its_thread_nothing_is_waited_for(journal: Journal, runner: DrainRunner) -> None:
    journal.append(raw(settled(1)))
    assert not runner.flush(WAIT_S)
    assert not runner.health().running


def test_a_locked_database_only_delays_the_receipts(
    journal: Journal,
    database: Database,
    runner: DrainRunner,
    clock: ManualClock,
    tmp_path: Path,
) -> None:
    other = sqlite3.connect(tmp_path / "glimway.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    began_ms = clock.now_ms()
    runner.start()
    for number in range(300):
        journal.append(raw(opened(number)))
        journal.append(raw(settled(number)))
    assert not runner.flush(WAIT_S)
    health = runner.health()
    assert health.running
    assert health.behind_since_ms == began_ms
    assert health.last_error is not None
    assert "locked" in health.last_error
    assert health.undrained_records == 600
    clock.advance(60)
    assert not runner.flush(WAIT_S)
    assert runner.health().behind_since_ms == began_ms
    assert receipt_count(database) == 0
    other.execute("ROLLBACK")
    other.close()
    assert runner.flush(WAIT_S)
    assert runner.health() == (True, None, None, 0)
    assert receipt_count(database) == 300


def test_a_full_database_only_delays_the_receipts(
    journal: Journal, database: Database, runner: DrainRunner
) -> None:
    def limit(driver: Any, _record: Any) -> None:
        driver.execute("PRAGMA max_page_count=40")

    engine = database._writer._engine
    engine.dispose()
    sa.event.listen(engine, "connect", limit)
    full = b'"%s"' % (b"x" * 4000)
    for number in range(500):
        journal.append(raw(settled(number))[:-1] + b',"more":' + full + b"}")
    runner.start()
    assert not runner.flush(WAIT_S)
    error = runner.health().last_error
    assert error is not None
    assert "full" in error
    sa.event.remove(engine, "connect", limit)
    assert runner.flush(WAIT_S)
    assert receipt_count(database) == 500


def test_failures_are_retried_ever_more_slowly_within_a_bound(
    journal: Journal, drain: Drain, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    runner = DrainRunner(drain, journal, clock.now_ms, interval_s=0.25)
    enough = threading.Event()

    def wait(timeout: float) -> bool:
        waits.append(timeout)
        if len(waits) == 9:
            runner._stopping.set()
            enough.set()
        return False

    def away() -> Drained:
        raise DatabaseAway("gone")

    monkeypatch.setattr(runner._wake, "wait", wait)
    monkeypatch.setattr(drain, "run_once", away)
    runner.start()
    assert enough.wait(WAIT_S)
    assert waits == [0.25, 0.5, 1, 2, 4, 5, 5, 5, 5]


def test_a_database_that_is_away_at_the_stop_loses_nothing(
    open_journal: Callable[[], Journal],
    open_database: Callable[[], Database],
    clock: ManualClock,
    tmp_path: Path,
) -> None:
    journal, database = open_journal(), open_database()
    runner = DrainRunner(Drain(journal, database), journal, clock.now_ms)
    runner.start()
    other = sqlite3.connect(tmp_path / "glimway.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for number in range(10):
        journal.append(raw(settled(number)))
    assert not runner.stop(WAIT_S)
    database.close()
    other.close()
    journal, database = open_journal(), open_database()
    assert Drain(journal, database).recover(clock.now_ms()) == 0
    assert receipt_count(database) == 10
