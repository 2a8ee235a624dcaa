"""What workers saw of endpoints, as rows.

Knows whose a row is, of which endpoint and from when. Refuses to know what the bytes in it say.

A worker writes its own rows alone, so no two ever meet, and whoever reads all rows has seen what
all workers saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Final, NamedTuple

import sqlalchemy as sa

from glimway.domain.statistics.history import Kept
from glimway.domain.statistics.keeping import packed
from glimway.store.database import Database
from glimway.store.schema import statistics

KEPT_MS: Final = 31 * 86_400_000
"""A row that nobody wrote for so long says nothing of the longest window any more."""
ROWS_MAX: Final = 16_384
"""Rows that are read at once; the latest."""


class Told(NamedTuple):
    """One row: what ``worker`` saw of ``endpoint`` until ``at_ms``, milliseconds since 1970."""

    worker: str
    endpoint: str
    at_ms: int
    kept: bytes


def put(connection: sa.Connection, worker: str, at_ms: int, kept: Mapping[str, bytes]) -> None:
    """Write what a worker saw, by endpoint, in the place of what it wrote before."""
    if not kept:
        return
    mine = statistics.c.worker == worker
    gone = sa.delete(statistics).where(mine, statistics.c.endpoint == sa.bindparam("gone"))
    connection.execute(gone, [{"gone": endpoint} for endpoint in kept])
    connection.execute(
        sa.insert(statistics),
        [
            {"worker": worker, "endpoint": endpoint, "at_ms": at_ms, "kept": data}
            for endpoint, data in kept.items()
        ],
    )


def told(connection: sa.Connection, since_ms: int = 0, but: str | None = None) -> list[Told]:
    """Rows written at ``since_ms`` or later, oldest first, without those of worker ``but``."""
    query = sa.select(statistics).where(statistics.c.at_ms >= since_ms)
    if but is not None:
        query = query.where(statistics.c.worker != but)
    latest = query.order_by(statistics.c.at_ms.desc()).limit(ROWS_MAX)
    rows = [Told(*row) for row in connection.execute(latest)]
    rows.reverse()
    return rows


def forget(connection: sa.Connection, before_ms: int) -> int:
    """Drop rows that nobody has written since ``before_ms``; how many there were."""
    old = sa.delete(statistics).where(statistics.c.at_ms < before_ms)
    return connection.execute(old).rowcount


class StatisticsRows:
    """The rows as one worker uses them; nothing here waits.

    Args:
        database: where they are.
        worker: whose rows are written; no two processes may have the same name.
    """

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self.worker = worker

    def put(self, at_ms: int, kept: Mapping[str, Kept]) -> Future[None]:
        """Pack and write what this worker saw, by endpoint, and drop what is too old.

        Raises:
            As ``Database.write``.
        """

        def work(connection: sa.Connection) -> None:
            put(connection, self.worker, at_ms, {name: packed(one) for name, one in kept.items()})
            forget(connection, at_ms - KEPT_MS)

        return self._database.write(work)

    def told(self, at_ms: int) -> Future[list[Told]]:
        """All rows that are not too old.

        Raises:
            As ``Database.read``.
        """
        return self._database.read(lambda connection: told(connection, at_ms - KEPT_MS))

    def told_by_others(self, since_ms: int) -> Future[list[Told]]:
        """What other workers wrote since.

        Raises:
            As ``Database.read``.
        """
        return self._database.read(lambda connection: told(connection, since_ms, self.worker))
