from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from glimway.store import sqlite
from glimway.store.database import Database
from glimway.store.rows import SIZES, Many
from glimway.store.schema import open_requests

COUNTS = sorted({0, 1, 2, *(size + more for size in SIZES for more in (-1, 0, 1) if size > 1)})


def rows(count: int) -> list[object]:
    return [value for number in range(count) for value in (f"id{number:05d}", number, "{}")]


@pytest.mark.parametrize("count", [*COUNTS, 1700])
def test_any_number_of_rows_is_written_and_deleted(database: Database, count: int) -> None:
    insert = Many(sqlite.insert_new(open_requests), database.dialect, 3)
    one_of = open_requests.c.id.in_([sa.bindparam("id")])
    delete = Many(sa.delete(open_requests).where(one_of), database.dialect, 1)
    query = sa.select(open_requests).order_by(open_requests.c.id)

    def work(connection: sa.Connection) -> None:
        insert.execute(connection, rows(count))
        insert.execute(connection, rows(count))
        found = [tuple(row) for row in connection.execute(query)]
        assert found == [(f"id{number:05d}", number, "{}") for number in range(count)]
        delete.execute(connection, [f"id{number:05d}" for number in range(0, count, 2)])
        left = [row.sequence for row in connection.execute(query)]
        assert left == list(range(1, count, 2))

    database.write(work).result()


def test_few_statements_are_made_for_many_rows(database: Database) -> None:
    insert = Many(sqlite.insert_new(open_requests), database.dialect, 3)
    texts: list[str] = []
    sa.event.listen(
        database._writer._engine,
        "before_cursor_execute",
        lambda _connection, _cursor, text, *_: texts.append(text),
    )
    database.write(lambda connection: insert.execute(connection, rows(1000))).result()
    assert sum(text.startswith("INSERT") for text in texts) < 20


def test_no_statement_has_more_parameters_than_the_database_takes() -> None:
    widest = 8
    assert max(SIZES) * widest <= sqlite.STATEMENT_PARAMETERS_MAX


def test_a_statement_that_cannot_be_repeated_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="cannot repeat"):
        Many(sqlite.insert_new(open_requests), database.dialect, 2)
    two = sa.delete(open_requests).where(
        open_requests.c.id == sa.bindparam("a"), open_requests.c.sequence == sa.bindparam("b")
    )
    with pytest.raises(ValueError, match="cannot repeat"):
        Many(two, database.dialect, 1)


def test_other_databases_mark_parameters_in_their_way() -> None:
    dialect = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]
    insert = Many(sa.insert(open_requests), dialect, 3)
    size, text = insert._texts[-2]
    assert text.count("(%s::VARCHAR, %s::BIGINT, %s::VARCHAR)") == size == 8
    one_of = open_requests.c.id.in_([sa.bindparam("id")])
    delete = Many(sa.delete(open_requests).where(one_of), dialect, 1)
    assert delete._texts[-2][1].endswith("IN (" + ", ".join(["%s"] * 8) + ")")
