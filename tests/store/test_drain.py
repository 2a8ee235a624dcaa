from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from glimway.domain.receipt import Receipt
from glimway.store import schema
from glimway.store.database import Database
from glimway.store.drain import Drain
from glimway.store.errors import DatabaseAway, DatabaseError
from glimway.store.journal import Journal
from glimway.store.receipts import drop_month, months
from glimway.store.segments import Position
from store.records import DECEMBER_MS, NOVEMBER_MS, opened, raw, request_id, settled

NOW_MS = NOVEMBER_MS + 60_000


def drained(drain: Drain, room: int = 1000) -> int:
    """Run until caught up; how many records."""
    records = 0
    while True:
        done = drain.run_once(room)
        records += done.records
        if done.caught_up:
            return records


def stored(database: Database) -> dict[str, Receipt]:
    """Every receipt in the tables."""

    def rows(connection: sa.Connection) -> dict[str, Receipt]:
        found: dict[str, Receipt] = {}
        for month in months(connection):
            table = schema.receipts_table(month)
            for row in connection.execute(sa.select(table.c.id, table.c.receipt)):
                assert row.id not in found
                found[row.id] = msgspec.json.decode(row.receipt, type=Receipt)
        return found

    return database.read(rows).result()


def open_ids(database: Database) -> list[str]:
    query = sa.select(schema.open_requests.c.id).order_by(schema.open_requests.c.id)
    return list(database.read(lambda c: c.execute(query).scalars().all()).result())


def test_receipts_come_to_the_tables_as_the_journal_had_them(
    journal: Journal, database: Database
) -> None:
    drain = Drain(journal, database)
    receipts = [settled(number) for number in range(700)]
    for number, receipt in enumerate(receipts):
        journal.append(raw(opened(number)))
        journal.append(raw(receipt))
    assert drain.undrained_records == 1400
    assert drained(drain) == 1400
    assert drain.undrained_records == 0
    assert stored(database) == {receipt.id: receipt for receipt in receipts}
    assert open_ids(database) == []

    table = schema.receipts_table("2025_11")
    first = sa.select(table).order_by(table.c.id).limit(1)
    row = database.read(lambda c: c.execute(first).one()).result()
    assert row == (
        request_id(0),
        "default",
        "default",
        "key1",
        "zai/glm-4.7-flash",
        "ok",
        1000,
        raw(receipts[0]).decode(),
    )


def test_a_run_says_what_it_did(journal: Journal, database: Database) -> None:
    drain = Drain(journal, database)
    assert drain.run_once() == (0, 0, 0, True)
    journal.append(raw(opened(1)))
    journal.append(raw(settled(1)))
    journal.append(b'{"record":"later"}')
    assert drain.run_once(2) == (2, 1, 0, False)
    assert drain.run_once(2) == (1, 0, 1, True)
    assert drain.run_once(2) == (0, 0, 0, True)


def test_only_requests_that_outlive_their_batch_get_an_open_row(
    journal: Journal, database: Database
) -> None:
    drain = Drain(journal, database)
    for number in (1, 2, 3):
        journal.append(raw(opened(number)))
    journal.append(raw(settled(2)))
    drained(drain)
    assert open_ids(database) == [request_id(1), request_id(3)]
    journal.append(raw(settled(3)))
    journal.append(raw(opened(4)))
    journal.append(raw(settled(4)))
    drained(drain)
    assert open_ids(database) == [request_id(1)]
    assert sorted(stored(database)) == [request_id(number) for number in (2, 3, 4)]


def test_each_month_has_its_table_and_goes_whole(journal: Journal, database: Database) -> None:
    drain = Drain(journal, database)
    for number in range(4):  # the two months alternate, as around midnight
        journal.append(raw(settled(number, NOVEMBER_MS)))
        journal.append(raw(settled(number, DECEMBER_MS)))
    drained(drain)
    assert database.read(months).result() == ["2025_11", "2025_12"]
    assert len(stored(database)) == 8
    assert database.write(lambda c: drop_month(c, "2025_11")).result()
    assert not database.write(lambda c: drop_month(c, "2025_11")).result()
    assert database.read(months).result() == ["2025_12"]
    assert len(stored(database)) == 4
    with pytest.raises(ValueError, match="not a month"):
        database.write(lambda c: drop_month(c, "2025_13; DROP TABLE keys")).result()


def test_a_month_that_was_dropped_meanwhile_is_made_again(
    journal: Journal, database: Database
) -> None:
    drain = Drain(journal, database)
    journal.append(raw(settled(1)))
    drained(drain)
    database.write(lambda c: drop_month(c, "2025_11")).result()
    journal.append(raw(settled(2)))
    with pytest.raises(DatabaseAway, match="no such table"):
        drain.run_once()
    drained(drain)
    assert sorted(stored(database)) == [request_id(2)]


def test_a_receipt_that_comes_again_changes_nothing(journal: Journal, database: Database) -> None:
    drain = Drain(journal, database)
    journal.append(raw(settled(1)))
    journal.append(raw(settled(1, status="failed", cost_nanousd=5)))
    drained(drain)
    journal.append(raw(settled(1, status="failed", cost_nanousd=6)))
    drained(drain)
    assert list(stored(database).values()) == [settled(1)]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"record":"later","id":"x"}',
        b'{"record":"settled","id":"not an id","organization":"o","project":"p","key":"k",'
        b'"model":"m","status":"ok"}',
        b'{"record":"settled"}',
        b"not JSON",
        b"\xff\xfe",
        b'{"record":"settled",\n"id":"x"}',
        b"1\n2",
        b" ",
        raw(settled(3)) + b"\n" + raw(settled(4)),
        b"[]",
    ],
)
def test_what_this_release_cannot_read_is_kept_aside(
    journal: Journal, database: Database, payload: bytes
) -> None:
    drain = Drain(journal, database)
    journal.append(raw(settled(1)))
    place = journal.append(payload)
    journal.append(raw(settled(2)))
    assert drain.run_once().set_aside == 1
    assert sorted(stored(database)) == [request_id(1), request_id(2)]
    rows = database.read(lambda c: c.execute(sa.select(schema.set_aside)).all()).result()
    assert rows == [(place.sequence, payload)]


def test_a_blank_record_beside_a_double_one_shifts_nothing(
    journal: Journal, database: Database
) -> None:
    drain = Drain(journal, database)
    for payload in (b" ", raw(settled(3)) + b"\n" + raw(settled(4)), raw(settled(1))):
        journal.append(payload)
    assert drain.run_once() == (3, 1, 2, True)
    assert stored(database) == {request_id(1): settled(1)}


def test_a_record_with_members_of_a_later_release_is_drained_whole(
    journal: Journal, database: Database
) -> None:
    payload = raw(settled(1))[:-1] + b',"weather":{"sky":"clear"}}'
    journal.append(payload)
    drained(Drain(journal, database))
    table = schema.receipts_table("2025_11")
    text = database.read(lambda c: c.execute(sa.select(table.c.receipt)).scalar_one()).result()
    assert text == payload.decode()


def test_drained_segments_are_released(journal: Journal, database: Database) -> None:
    drain = Drain(journal, database)
    for number in range(100):
        journal.append(raw(settled(number)))
    assert len(journal.starts()) > 5
    drained(drain, 20)
    assert len(journal.starts()) == 1
    assert len(stored(database)) == 100


def test_nothing_is_drained_that_a_power_cut_could_take(folder: Path, database: Database) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    drain = Drain(journal, database)
    journal.append(raw(settled(1)))
    assert drained(drain) == 0
    journal.sync()
    assert drained(drain) == 1
    journal.close()


class Crash(BaseException):
    """Nothing catches this."""


@contextmanager
def crash_at(database: Database, step: int) -> Iterator[list[str]]:
    """Die before the statement, or the commit, with this number."""
    engine = database._writer._engine
    steps: list[str] = []

    def passed(what: str) -> None:
        steps.append(what)
        if len(steps) == step:
            raise Crash(what)

    def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        passed(text)

    def commit(_connection: Any) -> None:
        passed("COMMIT")

    sa.event.listen(engine, "before_cursor_execute", statement)
    sa.event.listen(engine, "commit", commit)
    try:
        yield steps
    finally:
        sa.event.remove(engine, "before_cursor_execute", statement)
        sa.event.remove(engine, "commit", commit)


def test_dying_between_any_two_steps_loses_and_doubles_nothing(
    open_journal: Callable[[], Journal],
    open_database: Callable[[], Database],
    tmp_path: Path,
) -> None:
    step = 0
    while True:
        step += 1
        journal, database = open_journal(), open_database()
        for number in range(6):
            journal.append(raw(opened(number)))
        for number in range(3):
            journal.append(raw(settled(number)))
        journal.append(raw(settled(9, DECEMBER_MS)))
        journal.append(b'{"record":"later"}')
        died = False
        with crash_at(database, step) as steps:
            try:
                drained(Drain(journal, database), 4)
            except Crash:
                died = True
        database.close()
        journal, database = open_journal(), open_database()
        drain = Drain(journal, database)
        drained(drain, 4)
        done = sorted(stored(database))
        assert done == [*(request_id(number) for number in range(3)), request_id(9, DECEMBER_MS)]
        assert open_ids(database) == [request_id(number) for number in range(3, 6)]
        assert drain.recover(NOW_MS) == 3
        assert len(stored(database)) == 7
        journal.close()
        database.close()
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()
        if not died:
            break
    assert step > 15
    assert steps.count("COMMIT") == 3


def test_dying_after_the_commit_repeats_nothing(
    open_journal: Callable[[], Journal], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal()
    for number in range(50):
        journal.append(raw(settled(number)))

    def dies(*_: object) -> int:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(journal, "release", dies)
        with pytest.raises(Crash):
            drained(Drain(journal, database), 10)
    journal = open_journal()
    before = len(journal.starts())
    drain = Drain(journal, database)
    assert drained(drain) < 50
    assert len(stored(database)) == 50
    # What was drained before and not released is released now, also when nothing is new.
    assert 1 == len(journal.starts()) < before


def test_a_cursor_that_someone_else_moved_is_read_again(
    journal: Journal, database: Database
) -> None:
    one = Drain(journal, database)
    journal.append(raw(settled(0)))
    drained(one)
    two = Drain(journal, database)
    journal.append(raw(settled(1)))
    drained(one)
    journal.append(raw(settled(2)))
    with pytest.raises(DatabaseError, match="moved by someone else"):
        two.run_once()
    assert drained(two) == 1
    assert len(stored(database)) == 3


def test_an_older_copy_of_the_database_is_filled_again(
    journal: Journal, open_database: Callable[[], Database], tmp_path: Path
) -> None:
    database = open_database()
    journal.append(raw(settled(1)))
    drained(Drain(journal, database))
    database.close()
    shutil.copy(tmp_path / "glimway.db", tmp_path / "copy.db")
    database = open_database()
    journal.append(raw(settled(2)))
    drained(Drain(journal, database))
    database.close()
    shutil.copy(tmp_path / "copy.db", tmp_path / "glimway.db")
    database = open_database()
    assert drained(Drain(journal, database)) == 1
    assert sorted(stored(database)) == [request_id(1), request_id(2)]


def test_a_journal_that_was_thrown_away_does_not_hide_new_records(
    open_journal: Callable[[], Journal], folder: Path, database: Database
) -> None:
    journal = open_journal()
    for number in range(20):
        journal.append(raw(opened(number)))
    drained(Drain(journal, database))
    journal.close()
    shutil.rmtree(folder)
    journal = open_journal()
    drain = Drain(journal, database)
    assert drain.cursor <= journal.end
    journal.append(raw(settled(30)))
    assert drain.undrained_records == 1
    assert drained(drain) == 1
    assert sorted(stored(database)) == [request_id(30)]
    assert drain.recover(NOW_MS) == 20


def test_a_request_that_a_crash_left_open_costs_nothing(
    open_journal: Callable[[], Journal], database: Database
) -> None:
    journal = open_journal()
    drain = Drain(journal, database)
    for number in range(4):
        journal.append(raw(opened(number)))
    drained(drain)  # some are in the tables, some in the journal alone
    for number in range(4, 8):
        journal.append(raw(opened(number)))
    journal.append(raw(settled(2)))
    journal.append(raw(settled(5)))
    journal = open_journal()
    drain = Drain(journal, database)
    assert drain.recover(NOW_MS) == 6
    assert drain.recover(NOW_MS) == 0
    receipts = stored(database)
    assert len(receipts) == 8
    assert open_ids(database) == []
    assert receipts[request_id(2)] == settled(2)
    assert receipts[request_id(5)] == settled(5)
    assert receipts[request_id(7)] == Receipt(
        id=request_id(7),
        at_ms=NOVEMBER_MS + 7,
        organization="default",
        project="default",
        key="key1",
        model="zai/glm-4.7-flash",
        asked="zai/glm-4.7-flash",
        endpoint="zai/glm-4.7-flash@zai",
        provider="",
        dialect="chat",
        mount="/v1",
        status="lost",
        end="lost",
        http_status=0,
        stream=True,
        duration_ms=59_993,
        client_request_id="theirs-7",
    )


def test_a_request_of_this_process_is_not_lost(
    open_journal: Callable[[], Journal], database: Database
) -> None:
    open_journal().append(raw(opened(1)))
    journal = open_journal()
    drain = Drain(journal, database)
    journal.append(raw(opened(2)))
    drained(drain)
    assert drain.recover(NOW_MS) == 1
    assert open_ids(database) == [request_id(2)]
    journal.append(raw(settled(2)))
    drained(drain)
    assert open_ids(database) == []
    assert stored(database)[request_id(2)] == settled(2)


def test_a_request_that_has_a_receipt_is_never_lost_as_well(
    open_journal: Callable[[], Journal], database: Database
) -> None:
    journal = open_journal()
    journal.append(raw(settled(1)))
    drained(Drain(journal, database))
    journal.append(raw(opened(1)))  # comes again, as after a repair
    journal = open_journal()
    assert Drain(journal, database).recover(NOW_MS) == 1
    assert list(stored(database).values()) == [settled(1)]
    assert open_ids(database) == []


def test_many_lost_requests_are_closed_in_steps(
    open_journal: Callable[[], Journal], database: Database
) -> None:
    journal = open_journal()
    for number in range(1203):
        journal.append(raw(opened(number)))
    journal = open_journal()
    assert Drain(journal, database).recover(NOW_MS) == 1203
    assert {receipt.status for receipt in stored(database).values()} == {"lost"}


def test_the_position_of_the_drain_survives_a_restart(
    open_journal: Callable[[], Journal], database: Database
) -> None:
    journal = open_journal()
    drain = Drain(journal, database)
    journal.append(raw(settled(1)))
    drained(drain)
    place = drain.cursor
    assert isinstance(place, Position)
    assert Drain(open_journal(), database).cursor == place
