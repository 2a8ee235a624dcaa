from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from glimway.store.database import Database
from glimway.store.revision import Watch, bump
from glimway.store.schema import organizations

OTHER_PROCESS = """
import sys
from glimway.store.database import Database
from glimway.store.revision import bump

database = Database.open(sys.argv[1])
sys.stdin.readline()
database.write(bump).result()
database.close()
"""


def test_the_first_look_says_yes_and_then_only_changes_do(database: Database) -> None:
    watch = Watch(database)
    assert watch.changed()
    assert not watch.changed()
    database.write(bump).result()
    assert watch.changed()
    assert not watch.changed()
    watch.close()


def test_other_writes_are_not_changes(database: Database) -> None:
    watch = Watch(database)
    watch.changed()
    row = {"id": "o1", "name": "one", "created_ms": 1}
    database.write(lambda connection: connection.execute(sa.insert(organizations), row)).result()
    assert not watch.changed()
    database.write(bump).result()
    assert watch.changed()
    watch.close()


def test_a_change_by_another_process_is_seen_at_the_next_look(
    database: Database, database_url: str
) -> None:
    watch = Watch(database)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", OTHER_PROCESS, database_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as other:
        assert watch.changed()
        assert not watch.changed()
        other.communicate(b"go\n")
        assert other.returncode == 0
    assert watch.changed()
    assert not watch.changed()
    watch.close()


def test_looking_does_not_wait_for_a_writer(database: Database, tmp_path: Path) -> None:
    watch = Watch(database)
    watch.changed()
    other = sqlite3.connect(tmp_path / "glimway.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE revisions SET value = value + 1")
    assert not watch.changed()
    other.execute("COMMIT")
    assert watch.changed()
    other.close()
    watch.close()


def test_while_the_database_is_away_nothing_changes_and_later_it_does(
    database: Database, tmp_path: Path
) -> None:
    watch = Watch(database)
    watch.changed()
    database.write(bump).result()
    database.close()
    watch.close()
    path = tmp_path / "glimway.db"
    path.rename(tmp_path / "elsewhere.db")
    path.mkdir()
    assert not watch.changed()
    path.rmdir()
    (tmp_path / "elsewhere.db").rename(path)
    assert watch.changed()
    watch.close()


def test_a_closed_watch_remembers_what_it_has_seen(
    open_database: Callable[[], Database],
) -> None:
    database = open_database()
    watch = Watch(database)
    assert watch.changed()
    watch.close()
    assert not watch.changed()
    database.write(bump).result()
    watch.close()
    assert watch.changed()
    watch.close()
