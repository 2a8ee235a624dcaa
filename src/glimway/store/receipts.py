"""Receipts as a caller reads them: one, or a list, newest first.

Knows the month tables and the journal's undrained tail, and that a receipt is in one or the other.
Refuses to know who may read which; callers put that into the filter.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from glimway.domain.ids import month_of, strip_prefix
from glimway.domain.receipt import Receipt
from glimway.store.database import Database
from glimway.store.months import least_id, month_named
from glimway.store.schema import RECEIPTS_PREFIX, receipts_name, receipts_table
from glimway.store.sorting import drop_order, sources
from glimway.store.tail import Tail

PAGE_MAX: Final = 200
PAGE_DEFAULT: Final = 50
IDS_MAX: Final = 500
"""Asked for by one statement."""

_decode: Final = msgspec.json.Decoder(Receipt).decode


class Filter(msgspec.Struct, frozen=True):
    """Which receipts; what is None does not matter.

    Args:
        since_ms: arrived at or after.
        until_ms: arrived before.
        before: id of the last receipt of the page before this one.
    """

    organization: str | None = None
    project: str | None = None
    key: str | None = None
    model: str | None = None
    status: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    before: str | None = None

    def takes(self, receipt: Receipt) -> bool:
        """Whether a receipt is wanted."""
        return (
            self.organization in (None, receipt.organization)
            and self.project in (None, receipt.project)
            and self.key in (None, receipt.key)
            and self.model in (None, receipt.model)
            and self.status in (None, receipt.status)
            and self.low <= receipt.id
            and (self.high is None or receipt.id < self.high)
        )

    @property
    def low(self) -> str:
        """Ids from here on."""
        return "" if self.since_ms is None else least_id(self.since_ms)

    @property
    def high(self) -> str | None:
        """Ids before this one."""
        ends = [] if self.until_ms is None else [least_id(self.until_ms)]
        if self.before is not None:
            ends.append(self.before)
        return min(ends, default=None)


class Page(msgspec.Struct, frozen=True):
    """Receipts, newest first.

    Args:
        next_before: ``Filter.before`` of the next page; None when this is the last one.
    """

    receipts: tuple[Receipt, ...]
    next_before: str | None


class Receipts:
    """Reads receipts, also those that are settled and not drained yet.

    Args:
        database: with the month tables.
        tail: the journal's undrained end; None where there is no journal (a command line beside
            a server that has it).
    """

    def __init__(self, database: Database, tail: Tail | None) -> None:
        self._database = database
        self._tail = tail

    def get(self, public_id: str) -> Future[Receipt | None]:
        """The receipt of one request.

        Args:
            public_id: any id of the request, with or without its prefix.

        Returns:
            None: there is none; what is not an id has none either.

        Raises:
            In the future: ``DatabaseAway``, ``JournalCorrupt``.
        """
        return self._database.read(partial(self._get, public_id=public_id))

    def list(self, wanted: Filter, limit: int = PAGE_DEFAULT) -> Future[Page]:
        """One page of receipts.

        Args:
            wanted: which.
            limit: how many, at most ``PAGE_MAX``.

        Raises:
            As ``get``.
        """
        room = max(1, min(limit, PAGE_MAX))
        return self._database.read(partial(self._list, wanted=wanted, room=room))

    def spent(self, project: str) -> Future[int]:
        """What all requests of a project have cost together, in billionths of a dollar.

        Args:
            project: its id.

        Raises:
            As ``get``.
        """
        return self._database.read(partial(self._spent, project=project))

    def _spent(self, connection: sa.Connection, project: str) -> int:
        # What leaves the tail between the two looks is counted by its id.
        undrained: dict[str, int] = {}
        if self._tail is not None:
            of_project = self._tail.receipts(lambda receipt: receipt.project == project)
            undrained = {receipt.id: receipt.cost_nanousd for receipt in of_project}
        total = sum(undrained.values())
        for month in months(connection):
            table = receipts_table(month)
            ours = table.c.project_id == project
            query = sa.select(sa.func.coalesce(sa.func.sum(table.c.cost_nanousd), 0)).where(ours)
            total += connection.execute(query).scalar_one()
            ids = list(undrained)
            for at in range(0, len(ids), IDS_MAX):
                total -= connection.execute(
                    query.where(table.c.id.in_(ids[at : at + IDS_MAX]))
                ).scalar_one()
        return total

    def _get(self, connection: sa.Connection, public_id: str) -> Receipt | None:
        try:
            request_id = strip_prefix(public_id)
            month = month_of(request_id)
        except ValueError:
            return None
        # The tail first: what leaves it before the look is in the tables by the time of the query.
        if self._tail is not None and (found := self._tail.receipt(request_id)) is not None:
            return found
        if not sa.inspect(connection).has_table(receipts_name(month)):
            return None
        table = receipts_table(month)
        query = sa.select(table.c.receipt).where(table.c.id == request_id)
        text = connection.execute(query).scalar_one_or_none()
        return None if text is None else _decode(text)

    def _list(self, connection: sa.Connection, wanted: Filter, room: int) -> Page:
        undrained = [] if self._tail is None else self._tail.receipts(wanted.takes)
        found = {receipt.id: receipt for receipt in undrained}
        taken = 0
        for month in reversed(months(connection)):
            rows: dict[str, str] = {}
            left = room + 1 - taken
            for query in _queries(connection, month, wanted):
                rows |= {one.id: one.receipt for one in connection.execute(query.limit(left))}
            taken += len(rows)
            for one, receipt in rows.items():
                if one not in found:
                    found[one] = _decode(receipt)
            if taken > room:
                break
        newest = sorted(found.values(), key=lambda receipt: receipt.id, reverse=True)
        page = tuple(newest[:room])
        return Page(page, page[-1].id if len(newest) > room else None)


def months(connection: sa.Connection) -> list[str]:
    """Months that have receipts, oldest first."""
    names = sa.inspect(connection).get_table_names()
    found = [name.removeprefix(RECEIPTS_PREFIX) for name in names if _is_month_table(name)]
    return sorted(found, key=lambda month: (len(month), month))


def drop_month(connection: sa.Connection, month: str) -> bool:
    """Drop all receipts of one month at once.

    Args:
        connection: in a transaction of the writer.
        month: as ``2026_11``.

    Returns:
        whether there were any.

    Raises:
        ValueError: not a month.
    """
    there = sa.inspect(connection).has_table(receipts_name(month))
    if there:
        receipts_table(month).drop(connection)
        drop_order(connection, month_named(month))
    return there


def _is_month_table(name: str) -> bool:
    if not name.startswith(RECEIPTS_PREFIX):
        return False
    try:
        receipts_name(name.removeprefix(RECEIPTS_PREFIX))
    except ValueError:
        return False
    return True


def _queries(connection: sa.Connection, month: str, wanted: Filter) -> list[sa.Select[Any]]:
    """What finds a month's receipts, newest first. Those of one key stand in two places, and one
    that moves between them is in exactly one of them."""
    found = [] if wanted.key is None else sources(connection, month)
    return [_query(month, wanted, source) for source in found] or [_query(month, wanted)]


def _query(month: str, wanted: Filter, source: sa.Table | None = None) -> sa.Select[Any]:
    """From the month's table, or by way of a table that says which are a key's."""
    table = receipts_table(month)
    first = table if source is None else source
    columns = {
        table.c.organization_id: wanted.organization,
        table.c.project_id: wanted.project,
        first.c.key_id: wanted.key,
        table.c.model: wanted.model,
        table.c.status: wanted.status,
    }
    query = sa.select(table.c.id, table.c.receipt).where(
        *(column == value for column, value in columns.items() if value is not None)
    )
    low, high = wanted.low, wanted.high
    if source is not None:
        query = query.select_from(source.join(table, table.c.id == source.c.id))
        ids = month_named(month)  # what waits is of any month
        low, high = max(low, ids.low), ids.high if high is None else min(high, ids.high)
    elif wanted.status is not None and wanted.status != "ok":
        # Names the condition of the index in words that its planner recognises.
        query = query.where(table.c.status != sa.literal_column("'ok'"))
    if low:
        query = query.where(first.c.id >= low)
    if high is not None:
        query = query.where(first.c.id < high)
    return query.order_by(first.c.id.desc())
