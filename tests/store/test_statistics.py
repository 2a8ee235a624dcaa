"""Every worker writes its own rows, all are read together, and old ones go."""

from __future__ import annotations

from glimway.store import statistics
from glimway.store.database import Database
from glimway.store.statistics import Told

DAY_MS = 86_400_000


def test_a_worker_replaces_its_own_rows_alone(database: Database) -> None:
    database.write(lambda c: statistics.put(c, "0", 10, {"a": b"1", "b": b"2"})).result()
    database.write(lambda c: statistics.put(c, "1", 11, {"a": b"3"})).result()
    database.write(lambda c: statistics.put(c, "0", 12, {"a": b"4"})).result()
    database.write(lambda c: statistics.put(c, "0", 13, {})).result()
    assert database.read(statistics.told).result() == [
        Told("0", "b", 10, b"2"),
        Told("1", "a", 11, b"3"),
        Told("0", "a", 12, b"4"),
    ]


def test_others_are_read_since_the_last_time(database: Database) -> None:
    database.write(lambda c: statistics.put(c, "0", 10, {"a": b"1"})).result()
    database.write(lambda c: statistics.put(c, "1", 11, {"a": b"2"})).result()
    database.write(lambda c: statistics.put(c, "2", 12, {"a": b"3"})).result()
    others = database.read(lambda c: statistics.told(c, 12, "0")).result()
    assert others == [Told("2", "a", 12, b"3")]


def test_rows_that_nobody_writes_any_more_go(database: Database) -> None:
    database.write(lambda c: statistics.put(c, "0", DAY_MS, {"a": b"1"})).result()
    database.write(lambda c: statistics.put(c, "1", 2 * DAY_MS, {"a": b"2"})).result()
    assert database.write(lambda c: statistics.forget(c, 2 * DAY_MS)).result() == 1
    assert [row.worker for row in database.read(statistics.told).result()] == ["1"]
