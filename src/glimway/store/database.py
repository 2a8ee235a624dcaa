"""The database: one thread writes, a few read, and nothing waits on the event loop.

Knows connections, transactions and how long a job may queue. Refuses to know what the tables mean;
callers bring functions that take a connection and use the other modules of this floor.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from glimway.store import sqlite
from glimway.store.errors import (
    DatabaseAway,
    DatabaseBusy,
    DatabaseClosed,
    DatabaseUnsupported,
)
from glimway.store.migrate import migrate

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

READERS: Final = 3
WRITE_JOBS_MAX: Final = 1000
"""Jobs that wait for the writer."""
READ_JOBS_MAX: Final = 1000
"""Jobs that wait for a reader."""
BUSY_TIMEOUT_MS_DEFAULT: Final = 2000


class Lane:
    """A few threads that run jobs, each job in one transaction, on one engine.

    Args:
        name: shown as the threads' name.
        engine: whose connections the jobs get.
        threads: how many jobs run at once.
        jobs_max: how many may wait or run.
    """

    def __init__(self, name: str, engine: sa.Engine, threads: int, jobs_max: int) -> None:
        self._engine = engine
        self._name = name
        self._places = threading.BoundedSemaphore(jobs_max)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"glimway-{name}")

    def submit(self, work: Work[T]) -> Future[T]:
        """Queue ``work``; its result or error comes through the future.

        Raises:
            DatabaseBusy: too many jobs wait already.
            DatabaseClosed: the lane was closed.
        """
        if not self._places.acquire(blocking=False):
            raise DatabaseBusy(f"too many jobs wait for the database's {self._name}")
        try:
            future = self._threads.submit(self._run, work)
        except RuntimeError as error:
            self._places.release()
            raise DatabaseClosed("the database is closed") from error
        future.add_done_callback(self._leave)
        return future

    def close(self) -> None:
        """Finish the jobs that wait, then end the threads and the connections."""
        self._threads.shutdown(wait=True)
        self._engine.dispose()

    def _leave(self, future: Future[T]) -> None:
        if future.cancelled():  # it never ran
            self._places.release()

    def _run(self, work: Work[T]) -> T:
        try:
            return self._transact(work)
        finally:
            self._places.release()

    def _transact(self, work: Work[T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except exc.IntegrityError:
            raise  # the work's own business
        except (exc.DatabaseError, exc.InterfaceError) as error:
            if not sqlite.is_locked(error.orig):
                # A connection that saw the disk fail may keep failing; the next job opens another.
                self._engine.dispose()
            raise DatabaseAway(str(error.orig)) from error
        except exc.TimeoutError as error:
            raise DatabaseAway("no connection came free in time") from error


class Database:
    """One database with its writer and readers; made by ``open``."""

    def __init__(self, url: sa.URL, busy_timeout_ms: int) -> None:
        self._url = url
        self._busy_timeout_ms = busy_timeout_ms
        writer = sqlite.engine(url, "writer", connections=1, busy_timeout_ms=busy_timeout_ms)
        readers = sqlite.engine(url, "reader", connections=READERS, busy_timeout_ms=busy_timeout_ms)
        self.dialect = writer.dialect
        """How statements are spelled here."""
        self._writer = Lane("writer", writer, 1, WRITE_JOBS_MAX)
        self._readers = Lane("reader", readers, READERS, READ_JOBS_MAX)

    @classmethod
    def open(cls, url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS_DEFAULT) -> Database:
        """Connect, bring the schema up to date and be ready.

        Args:
            url: an SQLAlchemy URL; today ``sqlite:////folder/glimway.db``.
            busy_timeout_ms: how long a job waits for another process's lock.

        Raises:
            DatabaseUnsupported: not a database this release serves, or a newer schema.
            DatabaseAway: it cannot be reached or changed now.
        """
        try:
            parsed = sa.make_url(url)
            if parsed.get_backend_name() != "sqlite":
                raise ValueError("only sqlite:/// addresses are served")
            sqlite.prepare(parsed)
        except (ValueError, exc.ArgumentError) as error:
            raise DatabaseUnsupported(f"the database address cannot be used: {error}") from error
        except OSError as error:
            raise DatabaseAway(f"the database file cannot be made: {error}") from error
        database = cls(parsed, busy_timeout_ms)
        try:
            database.write(migrate).result()
        except BaseException:
            database.close()
            raise
        return database

    def write(self, work: Work[T]) -> Future[T]:
        """Run ``work(connection)`` in one transaction on the writer thread, in order of calls.

        When the future has its result, the change is on disk. An error rolls everything back.

        Raises:
            DatabaseBusy: ``WRITE_JOBS_MAX`` jobs wait already.
            DatabaseClosed: after ``close``.
            In the future: ``DatabaseAway`` when the database is locked, full or failing, and
            whatever ``work`` raises.
        """
        return self._writer.submit(work)

    def read(self, work: Work[T]) -> Future[T]:
        """Run ``work(connection)`` on a snapshot on one of the reader threads.

        Raises:
            As ``write``, with ``READ_JOBS_MAX``.
        """
        return self._readers.submit(work)

    def watching(self) -> sa.Engine:
        """An engine with one connection of its own, for ``revision.Watch``; the caller disposes."""
        return sqlite.engine(
            self._url, "watch", connections=1, busy_timeout_ms=self._busy_timeout_ms
        )

    def close(self) -> None:
        """Finish what waits, then let go of every connection. Closing twice is fine."""
        self._readers.close()
        self._writer.close()
