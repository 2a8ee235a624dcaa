"""The tables.

Knows the name and type of every column. Refuses to know queries; how tables came to be as they are
is in ``migrations``. Ids are text, times are whole milliseconds since 1970, money is whole
nano-USD, and what is only ever read whole is one JSON text.
"""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

DEFAULT_ORGANIZATION: Final = "default"
DEFAULT_PROJECT: Final = "default"
CONTROL: Final = "control"
"""The revision that each change of keys, projects and the administrator raises."""
JOURNAL: Final = "journal"
"""The cursor of the drain."""

RECEIPTS_PREFIX: Final = "receipts_"
_MONTH: Final = re.compile(r"\d{4,5}_(0[1-9]|1[0-2])")

metadata: Final = sa.MetaData()

organizations: Final = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

projects: Final = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("billing", sa.Text, nullable=False),
    sa.Column("allowed_origins", sa.Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("organization_id", "name", name="projects_name"),
)

keys: Final = sa.Table(
    "keys",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("last4", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("project_id", sa.Text, sa.ForeignKey("projects.id"), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger),
    sa.Column("revoked_ms", sa.BigInteger),
    sa.Column("limits", sa.Text),
    sa.Column("allowed_origins", sa.Text, nullable=False),
    sa.Column("successor_id", sa.Text, sa.ForeignKey("keys.id")),
    sa.Index("keys_by_project", "project_id", "id"),
)

administrators: Final = sa.Table(
    "administrators",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
)

sign_in_links: Final = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("administrator_id", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
)

open_requests: Final = sa.Table(
    "open_requests",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("opened", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Requests whose ``opened`` record is drained and whose ``settled`` record is not. ``opened`` is
that record, which names organization, project and key."""

set_aside: Final = sa.Table(
    "set_aside",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
)
"""Journal records of a kind that this release does not know, kept for one that does."""

cursors: Final = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("segment", sa.BigInteger, nullable=False),
    sa.Column("byte_offset", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

revisions: Final = sa.Table(
    "revisions",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

statistics: Final = sa.Table(
    "statistics",
    metadata,
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("endpoint", sa.Text, primary_key=True),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("kept", sa.LargeBinary, nullable=False),
    sa.Index("statistics_by_time", "at_ms"),
)
"""What each worker saw of each endpoint; every worker writes its own rows, and all read all."""

responses: Final = sa.Table(
    "responses",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organization_id", sa.Text, nullable=False),
    sa.Column("project_id", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("expires_ms", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("previous_id", sa.Text),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("input", sa.LargeBinary, nullable=False),
    sa.Column("response", sa.LargeBinary, nullable=False),
    sa.Column("events", sa.LargeBinary),
    sa.Index("responses_by_expiry", "expires_ms"),
    sa.Index("responses_by_project", "project_id", "id"),
)
"""Answers that callers may ask for again, with what was asked. ``previous_id`` is the answer that
one continues; the three last columns are JSON, and frames of a stream."""

unsorted_receipts: Final = sa.Table(
    "unsorted_receipts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Receipts that are not in their month's order by key yet (``sorting``)."""


def receipts_name(month: str) -> str:
    """Name of the table that holds the receipts of ``month`` (``2026_11``).

    Raises:
        ValueError: not a month.
    """
    if not _MONTH.fullmatch(month):
        raise ValueError(f"{month!r} is not a month; write it as 2026_11")
    return RECEIPTS_PREFIX + month


def receipts_table(month: str) -> sa.Table:
    """The receipts of one month; not part of ``metadata``, the drain makes it when it needs it.

    The row's key is the request's id, which begins with its time: newest first is id order. Few
    columns are indexed because each index costs about as much as the row: what went wrong (most
    rows are ``ok`` and are not in that index). Those of one key are found by ``key_order_table``.
    """
    name = receipts_name(month)
    table = sa.Table(
        name,
        sa.MetaData(),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organization_id", sa.Text, nullable=False),
        sa.Column("project_id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cost_nanousd", sa.BigInteger, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    troubled = table.c.status != "ok"
    sa.Index(
        f"{name}_by_status",
        table.c.status,
        table.c.id,
        sqlite_where=troubled,
        postgresql_where=troubled,
    )
    return table


def key_index_name(month: str) -> str:
    """Of the index by key, which tables of an earlier release have instead."""
    return f"{receipts_name(month)}_by_key"


def key_order_table(month: str) -> sa.Table:
    """The receipts of one month in the order of keys, and of each key by time."""
    return sa.Table(
        f"{receipts_name(month)}_of_keys",
        sa.MetaData(),
        sa.Column("key_id", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
