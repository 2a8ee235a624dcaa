"""Moves journal records into the tables.

Knows where it stopped, how a batch is written in one transaction, and what a crash left open.
Refuses to know when it is its turn (``runner``) and what a receipt says beyond its columns.

Everything may be repeated: rows that are there already are left alone, and the cursor moves in the
transaction that wrote them, from the place it was read at.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa

from glimway.domain.receipt import Opened, Receipt
from glimway.store import sqlite
from glimway.store.database import Database
from glimway.store.errors import DatabaseAway, StoreError
from glimway.store.journal import Journal
from glimway.store.months import month_at
from glimway.store.plan import Plan, Planner
from glimway.store.rows import Many
from glimway.store.schema import JOURNAL, cursors, open_requests, receipts_table, set_aside
from glimway.store.segments import Position
from glimway.store.sorting import UNSORTED_MAX, Sorting

RECORDS_PER_RUN: Final = 4000
"""Records in one transaction: about 2000 requests, some megabytes, some 20 ms of the writer."""
LOST_PER_RUN: Final = 500
"""Lost requests closed in one transaction."""
MONTHS_KNOWN_MAX: Final = 24
"""Months whose statements are kept compiled."""
_ID: Final = 0
_KEY: Final = 3
"""Places in a row of ``schema.receipts_table``."""

_CURSOR: Final = sa.select(cursors).where(cursors.c.name == JOURNAL)
_MOVE: Final = (
    sa.update(cursors)
    .where(
        cursors.c.name == JOURNAL,
        cursors.c.segment == sa.bindparam("old_segment"),
        cursors.c.byte_offset == sa.bindparam("old_offset"),
    )
    .values(
        segment=sa.bindparam("new_segment"),
        byte_offset=sa.bindparam("new_offset"),
        sequence=sa.bindparam("new_sequence"),
    )
)
"""Moves the cursor, but only from where it was read."""
_opened = msgspec.json.Decoder(Opened).decode
_encode = msgspec.json.Encoder().encode


class Drained(NamedTuple):
    """What one run did."""

    records: int
    receipts: int
    set_aside: int
    caught_up: bool
    """Nothing durable was left in the journal."""


class Drain:
    """Reads the journal, writes the tables. One per journal; safe to use from any thread.

    Args:
        journal: to read. What it holds when the drain is made is what an earlier process left.
        database: to write.
        unsorted_max: as in ``Sorting``.

    Raises:
        StoreError: the database is away. It is asked before anything is appended, because new
            records must lie after the place where it stopped.
    """

    def __init__(
        self, journal: Journal, database: Database, *, unsorted_max: int = UNSORTED_MAX
    ) -> None:
        self._journal = journal
        self._database = database
        self._lock = threading.Lock()
        self._sure = True  # that the stored cursor is the one known here
        self._cursor = self._stored()
        journal.continue_after(self._cursor)
        self._inherited = journal.end
        self._released = 0  # segments before this number are gone
        self._planner = Planner()
        self._months: dict[str, Many] = {}
        dialect = database.dialect
        self._open = Many(sqlite.insert_new(open_requests), dialect, 3)
        one_of = open_requests.c.id.in_([sa.bindparam("id")])
        self._close = Many(sa.delete(open_requests).where(one_of), dialect, 1)
        self._sorting = Sorting(dialect, unsorted_max)
        self._put_aside = Many(sqlite.insert_new(set_aside), dialect, 2)

    @property
    def cursor(self) -> Position:
        """After the last record that is known to be in the tables."""
        return self._cursor

    @property
    def undrained_records(self) -> int:
        """Records that are only in the journal."""
        return max(0, self._journal.end.sequence - self._cursor.sequence)

    def run_once(self, limit_records: int = RECORDS_PER_RUN) -> Drained:
        """Write the next records in one transaction and release what the journal need not keep.

        Args:
            limit_records: how many at most.

        Raises:
            StoreError: the database is away, or the journal cannot be read. Nothing was changed,
                and the next run begins at the same record.
            OSError: a drained segment cannot be deleted.
        """
        with self._lock:
            if not self._sure:
                self._cursor = self._stored()
                self._sure = True
            cursor = self._cursor
            batch = self._journal.read_batch(cursor, limit_records)
            if not batch.payloads:
                self._release()
                return Drained(0, 0, 0, caught_up=True)
            plan = self._planner.plan(batch.payloads, batch.first.sequence)
            try:
                self._database.write(
                    lambda connection: self._apply(connection, plan, cursor, batch.after)
                ).result()
            except StoreError:
                # Whether it was written, and whether a month is still there, is asked again.
                self._sure = False
                self._months.clear()
                self._sorting.forget()
                raise
            self._cursor = batch.after
            self._release()
            aside = len(plan.aside) // 2
            done = batch.after >= self._journal.durable
            return Drained(len(batch.payloads), plan.receipt_count, aside, caught_up=done)

    def recover(self, now_ms: int) -> int:
        """Drain what an earlier process left, then close what it left open.

        Each such request gets one receipt ``lost`` that costs nothing; a request that has any
        receipt gets no second one. Requests of this process are left alone, so that serving may
        begin before this ends.

        Args:
            now_ms: the present; a lost receipt's duration runs until here.

        Returns:
            how many requests were lost.

        Raises:
            As ``run_once``. Calling again goes on where it stopped.
        """
        self._journal.sync()
        while self._cursor < self._inherited:
            if not self.run_once().records:
                break
        lost = 0
        while True:
            some = self._database.write(lambda connection: self._lose(connection, now_ms)).result()
            lost += some
            if some < LOST_PER_RUN:
                return lost

    def _release(self) -> None:
        if self._released < self._cursor.segment:
            self._journal.release(self._cursor)
            self._released = self._cursor.segment

    def _stored(self) -> Position:
        row = self._database.read(lambda connection: connection.execute(_CURSOR).one()).result()
        return Position(row.segment, row.byte_offset, row.sequence)

    def _apply(
        self, connection: sa.Connection, plan: Plan, before: Position, after: Position
    ) -> None:
        for month, values in plan.receipts.items():
            if values:
                self._insert(connection, month, values)
        if plan.opened:
            self._open.execute(connection, plan.opened)
        if plan.closed:
            self._close.execute(connection, plan.closed)
        if plan.aside:
            self._put_aside.execute(connection, plan.aside)
        moved = connection.execute(
            _MOVE,
            {
                "old_segment": before.segment,
                "old_offset": before.offset,
                "new_segment": after.segment,
                "new_offset": after.offset,
                "new_sequence": after.sequence,
            },
        )
        if moved.rowcount != 1:
            raise DatabaseAway("the journal's cursor was moved by someone else")

    def _insert(self, connection: sa.Connection, month: str, values: Sequence[Any]) -> None:
        many = self._months.get(month)
        if many is None:
            table = receipts_table(month)
            table.create(connection, checkfirst=True)
            many = Many(sqlite.insert_new(table), self._database.dialect, len(table.columns))
            if len(self._months) >= MONTHS_KNOWN_MAX:
                self._months.clear()
            self._months[month] = many
        many.execute(connection, values)
        self._sorting.add(connection, values[_ID :: many.width], values[_KEY :: many.width])

    def _lose(self, connection: sa.Connection, now_ms: int) -> int:
        rows = connection.execute(
            sa.select(open_requests.c.id, open_requests.c.opened)
            .where(open_requests.c.sequence < self._inherited.sequence)
            .order_by(open_requests.c.id)
            .limit(LOST_PER_RUN)
        ).all()
        for row in rows:
            receipt = lost_receipt(_opened(row.opened), now_ms)
            self._insert(connection, month_at(receipt.id).name, _row(receipt))
        if rows:
            self._close.execute(connection, [row.id for row in rows])
        return len(rows)


def lost_receipt(opened: Opened, now_ms: int) -> Receipt:
    """The receipt of a request that a crash left open: it costs the caller nothing.

    Which provider was asked, what it delivered and which status the caller saw died with the
    process; ``duration_ms`` is how long ago the request came at most.
    """
    return Receipt(
        id=opened.id,
        at_ms=opened.at_ms,
        organization=opened.organization,
        project=opened.project,
        key=opened.key,
        model=opened.model,
        asked=opened.model,
        endpoint=opened.endpoint,
        provider="",
        dialect=opened.dialect,
        mount=opened.mount,
        status="lost",
        end="lost",
        http_status=0,
        stream=opened.stream,
        duration_ms=max(0, now_ms - opened.at_ms),
        client_request_id=opened.client_request_id,
    )


def _row(receipt: Receipt) -> list[Any]:
    """One row in the columns' order of ``schema.receipts_table``."""
    return [
        receipt.id,
        receipt.organization,
        receipt.project,
        receipt.key,
        receipt.model,
        receipt.status,
        receipt.cost_nanousd,
        _encode(receipt).decode(),
    ]
