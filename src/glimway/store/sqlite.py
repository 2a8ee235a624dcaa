"""Everything that is said to SQLite alone.

Knows the pragmas, how a transaction begins, how an insert skips what is there and how a change made
elsewhere is noticed. Refuses to know tables. Another database gets a module of the same shape.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from glimway.store.disk import FILE_MODE, FOLDER_MODE

Role = Literal["writer", "reader", "watch"]

PAGE_BYTES: Final = 16_384
"""Of a new database. Receipts are large rows: fewer, larger pages cost a quarter less CPU."""
PAGE_CACHE_KIB: Final = 4096
"""Per connection."""
CHECKPOINT_PAGES: Final = 256
"""The write-ahead log goes to the database at this length (4 MiB), while it is in CPU caches."""
WAL_BYTES_KEPT: Final = 64 * 1024 * 1024
"""The write-ahead log is cut back to this size after it has grown."""
STATEMENT_PARAMETERS_MAX: Final = 32_000
"""SQLite takes 32,766 in one statement."""


def address(path: Path) -> str:
    """The database URL of a file."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def prepare(url: sa.URL) -> None:
    """Make the file for its owner's eyes only before SQLite makes it for everyone's.

    SQLite gives the write-ahead log the rights of the database file.

    Raises:
        OSError: the folder or file cannot be made.
        ValueError: the URL names no file; a database in memory would differ per connection.
    """
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database needs a file: sqlite:////folder/glimway.db")
    path = Path(url.database)
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))


def engine(url: sa.URL, role: Role, *, connections: int, busy_timeout_ms: int) -> sa.Engine:
    """An engine for one role.

    Args:
        url: of a database file.
        role: ``writer`` begins by taking the write lock, so that a transaction that reads before
            it writes cannot fail half-way, and returns from a commit when it is on disk;
            ``reader`` sees one snapshot and cannot write; ``watch`` begins nothing, so that it
            sees each change at once and never holds an old snapshot alive.
        connections: pool size; no more are ever opened.
        busy_timeout_ms: how long a statement waits for another process's lock.
    """
    made = sa.create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=busy_timeout_ms / 1000,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_ms / 1000, "check_same_thread": False},
    )
    pragmas = [
        f"PRAGMA page_size={PAGE_BYTES}",
        "PRAGMA journal_mode=WAL",
        f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
        f"PRAGMA cache_size=-{PAGE_CACHE_KIB}",
        f"PRAGMA journal_size_limit={WAL_BYTES_KEPT}",
        "PRAGMA foreign_keys=ON",
        "PRAGMA temp_store=MEMORY",
        "PRAGMA synchronous=FULL" if role == "writer" else "PRAGMA query_only=ON",
    ]

    def on_connect(driver: Any, _record: Any) -> None:
        driver.isolation_level = None  # the driver begins nothing by itself
        for pragma in pragmas:
            driver.execute(pragma).close()

    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if role == "writer" else "BEGIN")

    sa.event.listen(made, "connect", on_connect)
    if role != "watch":
        sa.event.listen(made, "begin", on_begin)
    return made


def insert_new(table: sa.Table) -> sa.Insert:
    """An insert that leaves rows alone that are already there."""
    return sqlite_insert(table).on_conflict_do_nothing()


def is_locked(error: BaseException | None) -> bool:
    """Whether another connection's lock is all that is wrong."""
    code = error.sqlite_errorcode if isinstance(error, sqlite3.Error) else 0
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # the rest is detail


def data_version(connection: sa.Connection) -> int:
    """A number that differs once another connection, of any process, has committed."""
    return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())
