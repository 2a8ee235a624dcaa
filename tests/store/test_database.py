from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from glimway.store import database as database_module
from glimway.store import migrate, schema, sqlite
from glimway.store.database import Database
from glimway.store.errors import (
    DatabaseAway,
    DatabaseBusy,
    DatabaseClosed,
    DatabaseUnsupported,
)
from glimway.store.receipts import Filter, Receipts
from store.records import raw, request_id, settled

COUNT = sa.select(sa.func.count()).select_from(schema.organizations)
ADD = sa.insert(schema.organizations).values(id="o1", name="one", created_ms=1)


def count(connection: sa.Connection) -> int:
    return int(connection.execute(COUNT).scalar_one())


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, schema.metadata))

    assert database.write(differences).result() == []


def test_a_new_database_has_the_default_organization_and_project(database: Database) -> None:
    def rows(connection: sa.Connection) -> tuple[sa.Row[tuple[object, ...]], ...]:
        return (
            connection.execute(sa.select(schema.organizations)).one(),
            connection.execute(sa.select(schema.projects)).one(),
        )

    organization, project = database.read(rows).result()
    assert organization.id == "default"
    assert (project.id, project.organization_id, project.name) == ("default",) * 3
    assert project.billing == "postpaid"


def test_reopening_changes_nothing_and_keeps_rows(open_database: Callable[[], Database]) -> None:
    first = open_database()
    first.write(lambda connection: connection.execute(ADD)).result()
    first.close()
    assert open_database().read(count).result() == 2


def test_migrating_says_nothing(
    open_database: Callable[[], Database],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.INFO):
        open_database()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_receipts_of_a_key_are_found_where_a_month_has_an_index_still(
    open_database: Callable[[], Database], database_url: str
) -> None:
    engine = sa.create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        table = schema.receipts_table("2025_11")
        sa.Index("receipts_2025_11_by_key", table.c.key_id, table.c.id)
        table.create(connection)
        for number in range(5):
            receipt = settled(number, key=f"key{number % 2}")
            row = (receipt.id, "default", "default", receipt.key, "m", "ok", 1, raw(receipt))
            connection.execute(sa.insert(table).values(row))
    engine.dispose()
    page = Receipts(open_database(), None).list(Filter(key="key0")).result()
    assert [receipt.id for receipt in page.receipts] == [request_id(n) for n in (4, 2, 0)]


def test_a_schema_of_the_future_is_refused(
    open_database: Callable[[], Database], tmp_path: Path
) -> None:
    open_database().close()
    with sqlite3.connect(tmp_path / "glimway.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(DatabaseUnsupported, match="newer Glimway"):
        open_database()


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "sqlite://", "sqlite:///:memory:", "not an address"]
)
def test_addresses_that_are_not_served_are_refused(url: str) -> None:
    with pytest.raises(DatabaseUnsupported, match="cannot be used"):
        Database.open(url)


def test_a_place_that_cannot_be_made_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseAway, match="cannot be made"):
        Database.open(sqlite.address(tmp_path / "file" / "glimway.db"))


def test_a_file_that_is_no_database_is_away(tmp_path: Path) -> None:
    path = tmp_path / "glimway.db"
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(DatabaseAway, match="not a database"):
        Database.open(sqlite.address(path))


def test_odd_characters_in_the_path_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "50% of? a#b &ä" / "glimway.db"
    database = Database.open(sqlite.address(path))
    assert database.read(count).result() == 1
    database.close()
    assert path.exists()


def test_the_file_is_for_its_owner_only(database: Database, tmp_path: Path) -> None:
    database.write(lambda connection: connection.execute(ADD)).result()
    files = list(tmp_path.glob("glimway.db*"))
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_pragmas_say_what_each_role_may_and_promises(database: Database) -> None:
    def pragma(name: str) -> Callable[[sa.Connection], object]:
        return lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

    full, on = 2, 1
    assert database.write(pragma("journal_mode")).result() == "wal"
    assert database.write(pragma("synchronous")).result() == full
    assert database.write(pragma("foreign_keys")).result() == on
    assert database.write(pragma("page_size")).result() == sqlite.PAGE_BYTES
    assert database.read(pragma("query_only")).result() == on
    with pytest.raises(DatabaseAway, match="readonly"):
        database.read(lambda connection: connection.execute(ADD)).result()


def test_an_error_rolls_everything_back_and_reaches_the_caller(database: Database) -> None:
    def fails(connection: sa.Connection) -> None:
        connection.execute(ADD)
        raise LookupError("the work's own")

    with pytest.raises(LookupError, match="own"):
        database.write(fails).result()
    assert database.read(count).result() == 1


def test_a_broken_rule_is_the_works_own_business(database: Database) -> None:
    database.write(lambda connection: connection.execute(ADD)).result()
    with pytest.raises(sa.exc.IntegrityError):
        database.write(lambda connection: connection.execute(ADD)).result()


def test_writes_run_one_after_the_other_in_order(database: Database) -> None:
    threads = []

    def work(_connection: sa.Connection) -> None:
        threads.append(threading.current_thread().name)

    for future in [database.write(work) for _ in range(20)]:
        future.result()
    assert len(set(threads)) == 1
    assert threads[0].startswith("glimway-writer")


def test_reading_goes_on_beside_a_write(database: Database) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(connection: sa.Connection) -> None:
        connection.execute(ADD)
        begun.set()
        assert go.wait(10)

    future = database.write(slow)
    assert begun.wait(10)
    assert database.read(count).result(timeout=10) == 1
    go.set()
    future.result()
    assert database.read(count).result() == 2


def test_a_writer_has_the_database_before_it_reads(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(
        tmp_path / "glimway.db", timeout=0, isolation_level=None, check_same_thread=False
    )

    def work(connection: sa.Connection) -> None:
        before = count(connection)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        connection.execute(ADD)
        assert count(connection) == before + 1

    database.write(work).result()
    other.close()


def test_a_locked_database_is_away_and_comes_back(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "glimway.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseAway, match="locked"):
        database.write(lambda connection: connection.execute(ADD)).result()
    assert database.read(count).result() == 1
    other.execute("ROLLBACK")
    other.close()
    database.write(lambda connection: connection.execute(ADD)).result()


def test_a_full_database_is_away(database: Database) -> None:
    def fill(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(2000):
            row = {"id": f"o{number}", "name": f"{number}" * 100, "created_ms": 1}
            connection.execute(sa.insert(schema.organizations), row)

    with pytest.raises(DatabaseAway, match="full"):
        database.write(fill).result()
    database.write(lambda connection: connection.execute(ADD)).result()


def test_no_error_repeats_values(database: Database) -> None:
    with pytest.raises(DatabaseAway) as caught:
        database.write(
            lambda connection: connection.exec_driver_sql("SELECT ? FROM nothing", ("secret",))
        ).result()
    assert "secret" not in str(caught.value)


def test_more_jobs_than_the_bound_are_refused(
    open_database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "WRITE_JOBS_MAX", 2)
    database = open_database()
    begun, go = threading.Event(), threading.Event()

    def slow(_connection: sa.Connection) -> None:
        begun.set()
        assert go.wait(10)

    running, waiting = database.write(slow), database.write(count)
    assert begun.wait(10)
    with pytest.raises(DatabaseBusy, match="writer"):
        database.write(count)
    assert database.read(count).result() == 1  # the readers have places of their own
    assert waiting.cancel()
    waiting = database.write(count)  # what was taken back leaves its place
    go.set()
    running.result()
    assert waiting.result() == 1
    database.write(count).result()


def test_closing_finishes_what_waits_and_refuses_the_rest(database: Database) -> None:
    waiting = [database.write(count) for _ in range(5)]
    database.close()
    assert all(future.result(timeout=0) == 1 for future in waiting)
    with pytest.raises(DatabaseClosed):
        database.write(count)
    with pytest.raises(DatabaseClosed):
        database.read(count)
    database.close()


def test_closing_lets_go_of_every_file(database_url: str) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    database = Database.open(database_url)
    database.read(count).result()
    assert len(list(Path("/dev/fd").iterdir())) > before
    database.close()
    assert len(list(Path("/dev/fd").iterdir())) == before
