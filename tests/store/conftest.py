"""Parts that the tests of the store share: a journal and a database.

Knows how each is made small and quick. Every test has its own folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from glimway.store import journal as journal_module
from glimway.store import sqlite
from glimway.store.database import Database
from glimway.store.disk import system_disk
from glimway.store.journal import Journal


@pytest.fixture(scope="module", params=["mapped", "written"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Tests that use this run twice: with records copied into a mapped file, and written."""
    disk = system_disk(mapped=request.param == "mapped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_module, "system_disk", lambda: disk)
        yield request.param


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journal of this test lies."""
    return tmp_path / "journal"


@pytest.fixture
def open_journal(folder: Path) -> Iterator[Callable[[], Journal]]:
    """Opens the journal, after closing it where it was open; small segments, each record synced."""
    opened: list[Journal] = []

    def make() -> Journal:
        for journal in opened:
            journal.close()
        opened.append(Journal.open(folder, segment_bytes=5000, fsync_each=True))
        return opened[-1]

    yield make
    for journal in opened:
        journal.close()


@pytest.fixture
def journal(open_journal: Callable[[], Journal]) -> Journal:
    """An empty journal."""
    return open_journal()


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Address of the database of this test."""
    return sqlite.address(tmp_path / "glimway.db")


@pytest.fixture
def open_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Opens the database, each time anew; what is left open is closed."""
    opened: list[Database] = []

    def make() -> Database:
        opened.append(Database.open(database_url, busy_timeout_ms=50))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Callable[[], Database]) -> Database:
    """An empty database."""
    return open_database()
