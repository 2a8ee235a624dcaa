"""Noticing that keys, projects or the administrator changed, here or in another process.

Knows one counter and how to look at it cheaply. Refuses to know what changed: who asks reads again.
"""

from __future__ import annotations

import contextlib
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc

from glimway.store import sqlite
from glimway.store.database import Database
from glimway.store.schema import CONTROL, revisions

_BUMP: Final = (
    sa.update(revisions).where(revisions.c.name == CONTROL).values(value=revisions.c.value + 1)
)
_READ: Final = sa.select(revisions.c.value).where(revisions.c.name == CONTROL)


def bump(connection: sa.Connection) -> None:
    """Say that the control plane changes; call it in the transaction of the change."""
    connection.execute(_BUMP)


class Watch:
    """Tells whether the revision moved since it was last asked.

    Made for polling each 100 ms: one query of a few microseconds when nothing was committed, a
    second one when something was. For one thread at a time.

    Args:
        database: whose revision; the watch keeps a connection of its own.
    """

    def __init__(self, database: Database) -> None:
        self._engine = database.watching()
        self._connection: sa.Connection | None = None
        self._seen_version: int | None = None
        self._seen_revision = 0

    def changed(self) -> bool:
        """Whether there is a change to read; the first call says yes.

        While the database cannot be asked the answer is no: what is in memory stays in force, and
        the change is seen once the database answers again.
        """
        try:
            connection = self._connected()
            version = sqlite.data_version(connection)
            if version == self._seen_version:
                return False
            revision = int(connection.execute(_READ).scalar_one())
        except exc.DBAPIError:
            self.close()
            return False
        self._seen_version = version
        moved = revision != self._seen_revision
        self._seen_revision = revision
        return moved

    def close(self) -> None:
        """Let the connection go; the next question opens a new one."""
        with contextlib.suppress(exc.DBAPIError):
            if self._connection is not None:
                self._connection.close()
            self._engine.dispose()
        self._connection = None
        self._seen_version = None

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
        return self._connection
