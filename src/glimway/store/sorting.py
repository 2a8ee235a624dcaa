"""Which receipts are one key's.

Knows an order by key beside each month's receipts, and the list of those that are not in it yet.
Refuses to know what a receipt says and who asks.

With many keys an index would be touched all over: nearly each receipt of a batch would rewrite a
page of 16 KiB of its own, in the write-ahead log and in the database. So new receipts wait in a
list, where adding costs next to nothing, and go into the order many at a time and sorted, so that a
page is written once for all of its rows. A reader looks at both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

from glimway.store import sqlite
from glimway.store.months import Month, month_at
from glimway.store.rows import Many
from glimway.store.schema import (
    key_index_name,
    key_order_table,
    receipts_name,
    unsorted_receipts,
)

UNSORTED_MAX: Final = 65_536
"""Receipts that wait: a reader looks through all of them, which takes some milliseconds."""
STEPS: Final = 4
"""In so many steps all that wait go into the order, each with a part of the keys: a step holds the
writer for as long as its pages take."""


class Sorting:
    """Keeps the orders. For the one thread that writes receipts.

    Args:
        dialect: of the engine that will run the statements.
        unsorted_max: how many receipts may wait.
    """

    def __init__(self, dialect: sa.Dialect, unsorted_max: int = UNSORTED_MAX) -> None:
        self._unsorted_max = unsorted_max
        self._wait = Many(sqlite.insert_new(unsorted_receipts), dialect, 2)
        self._waiting: int | None = None

    def add(self, connection: sa.Connection, ids: Sequence[Any], keys: Sequence[Any]) -> None:
        """New receipts, in the transaction that writes them.

        Args:
            connection: in that transaction.
            ids: theirs.
            keys: for each the id of its key.
        """
        if self._waiting is None:
            self._waiting = connection.execute(_COUNT).scalar_one()
        self._wait.execute(connection, [*chain.from_iterable(zip(ids, keys, strict=True))])
        self._waiting += len(ids)
        if self._waiting >= self._unsorted_max:
            sort(connection, self._unsorted_max // STEPS)
            self._waiting = None  # a receipt that came again was counted and does not wait twice

    def forget(self) -> None:
        """A transaction has failed: how many wait must be counted anew."""
        self._waiting = None


def sort(connection: sa.Connection, rows: int) -> None:
    """Put some that wait into the orders of their months.

    Args:
        connection: in a transaction of the writer.
        rows: how many; all of a key go together.
    """
    waiting = unsorted_receipts.c
    last_key = connection.execute(
        sa.select(waiting.key_id).order_by(waiting.key_id).offset(rows).limit(1)
    ).scalar_one_or_none()
    ours = sa.true() if last_key is None else waiting.key_id <= last_key
    for month in _months(connection, ours):
        order = key_order_table(month.name)
        order.create(connection, checkfirst=True)
        sorted_rows = (
            sa.select(waiting.key_id, waiting.id)
            .where(ours, waiting.id >= month.low, waiting.id < month.high)
            .order_by(waiting.key_id, waiting.id)
        )
        connection.execute(sqlite.insert_new(order).from_select(["key_id", "id"], sorted_rows))
    connection.execute(sa.delete(unsorted_receipts).where(ours))


def drop_order(connection: sa.Connection, month: Month) -> None:
    """Forget which receipts of a month are whose."""
    waiting = unsorted_receipts.c
    key_order_table(month.name).drop(connection, checkfirst=True)
    connection.execute(
        sa.delete(unsorted_receipts).where(waiting.id >= month.low, waiting.id < month.high)
    )


def sources(connection: sa.Connection, month: str) -> list[sa.Table]:
    """Where to look for the receipts of one key: tables with the columns ``key_id`` and ``id``.
    None: the month's own table has an index by key."""
    look = sa.inspect(connection)
    if any(one["name"] == key_index_name(month) for one in look.get_indexes(receipts_name(month))):
        return []
    order = key_order_table(month)
    return [unsorted_receipts, order] if look.has_table(order.name) else [unsorted_receipts]


def _months(connection: sa.Connection, ours: sa.ColumnElement[bool]) -> Iterator[Month]:
    """Those of the receipts that wait."""
    first = sa.select(sa.func.min(unsorted_receipts.c.id)).where(ours)
    found = connection.execute(first).scalar_one()
    while found is not None:
        month = month_at(found)
        yield month
        later = first.where(unsorted_receipts.c.id >= month.high)
        found = connection.execute(later).scalar_one()


_COUNT: Final = sa.select(sa.func.count()).select_from(unsorted_receipts)
