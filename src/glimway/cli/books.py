"""Opens the books for a command, beside a running server or without one.

Knows the data folder, and that only one process at a time holds the journal. Refuses to know what
the books say.

This is imported by commands when they run: the database takes longer to load than ``--help`` to
print.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glimway.cli.configuration import read_configuration
from glimway.cli.options import Flags
from glimway.config.places import data_folder, database_url, journal_folder, make_private
from glimway.config.settings import Settings
from glimway.store.database import Database
from glimway.store.drain import Drain
from glimway.store.errors import JournalLocked
from glimway.store.journal import Journal


class Books:
    """The database of a data folder, and the settings that go with it."""

    def __init__(self, settings: Settings, data: Path, database: Database) -> None:
        self.settings = settings
        self.data = data
        self.database = database

    def drain(self) -> None:
        """Bring what waits in the journal into the tables, unless a server does so.

        Raises:
            StoreError: the journal or the database cannot be used.
        """
        folder = journal_folder(self.data)
        if not folder.is_dir():
            return
        sizes = self.settings.journal
        try:
            journal = Journal.open(
                folder, segment_bytes=sizes.segment_bytes, total_bytes=sizes.total_bytes
            )
        except JournalLocked:
            return
        try:
            drain = Drain(journal, self.database)
            while not drain.run_once().caught_up:
                pass
        finally:
            journal.close()


def journal_of(flags: Flags) -> Path:
    """The journal's folder, whether it exists or not.

    Raises:
        ConfigError: the settings have problems.
    """
    settings = read_configuration(flags).usable_settings()
    return journal_folder(data_folder(settings, os.environ))


@contextmanager
def open_books(flags: Flags) -> Iterator[Books]:
    """Open the database that ``flags`` lead to; it is made where there is none.

    Raises:
        ConfigError: the settings have problems.
        StoreError: the database cannot be used.
        OSError: the data folder cannot be made.
    """
    settings = read_configuration(flags).usable_settings()
    data = data_folder(settings, os.environ)
    make_private(data)
    database = Database.open(database_url(data))
    try:
        yield Books(settings, data, database)
    finally:
        database.close()
