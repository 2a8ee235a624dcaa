"""Kept answers: whose they are, how long they stay, and how much room they take."""

from __future__ import annotations

import msgspec

from glimway.store import responses as rows
from glimway.store.database import Database
from glimway.store.responses import Saved

ONE = Saved(
    id="resp_1",
    organization="o",
    project="p",
    key="k",
    created_ms=10,
    expires_ms=1000,
    status="completed",
    previous=None,
    input=b"[]",
    response=b"{}",
)


def saved(**members: object) -> Saved:
    return msgspec.structs.replace(ONE, **members)


def put(database: Database, *all_of: Saved) -> None:
    database.write(lambda c: rows.put(c, all_of)).result()


def ids(database: Database, *of: str, project: str = "p") -> list[str]:
    got = [database.read(lambda c, one=one: rows.get(c, one, project, 0)).result() for one in of]  # type: ignore[misc]
    return [one.id for one in got if one is not None]


def test_an_answer_belongs_to_one_project(database: Database) -> None:
    one = saved(events=b"event: x\n\n", previous="resp_0")
    put(database, one)
    assert database.read(lambda c: rows.get(c, "resp_1", "p", 999)).result() == one
    assert database.read(lambda c: rows.get(c, "resp_1", "other", 999)).result() is None
    assert database.write(lambda c: rows.drop(c, "resp_1", "other")).result() == 0
    assert database.write(lambda c: rows.drop(c, "resp_1", "p")).result() == one.size_bytes
    assert ids(database, "resp_1") == []


def test_an_answer_is_not_shown_after_its_time(database: Database) -> None:
    put(database, ONE)
    assert database.read(lambda c: rows.get(c, "resp_1", "p", 1000)).result() is None
    assert database.write(lambda c: rows.expire(c, 999)).result() == 0
    assert database.write(lambda c: rows.expire(c, 1000)).result() == 1


def test_writing_again_replaces_and_counts_the_difference(database: Database) -> None:
    assert database.write(lambda c: rows.put(c, [ONE])).result() == 4
    longer = saved(response=b'{"a":1}')
    assert database.write(lambda c: rows.put(c, [longer])).result() == 5
    assert database.read(rows.total_bytes).result() == 9


def test_room_is_made_by_whoever_has_most(database: Database) -> None:
    mine = [saved(id=f"resp_m{n}", created_ms=n, response=b"x" * 98) for n in range(5)]
    theirs = saved(id="resp_t", project="q", created_ms=0, response=b"y" * 98)
    put(database, theirs, *mine)
    assert database.write(lambda c: rows.make_room(c, 300)).result() == 300
    assert ids(database, *(one.id for one in mine)) == ["resp_m3", "resp_m4"]
    assert ids(database, "resp_t", project="q") == ["resp_t"]
    assert database.write(lambda c: rows.make_room(c, 0)).result() == 0


def test_what_a_crash_interrupted_has_failed(database: Database) -> None:
    put(database, saved(status="queued"), saved(id="resp_2", status="in_progress"))
    put(database, saved(id="resp_3", status="cancelled"))
    assert database.write(rows.interrupt).result() == 2
    states = [
        database.read(lambda c, n=n: rows.get(c, f"resp_{n}", "p", 0)).result()  # type: ignore[misc]
        for n in (1, 2, 3)
    ]
    assert [one.status for one in states if one] == ["failed", "failed", "cancelled"]
