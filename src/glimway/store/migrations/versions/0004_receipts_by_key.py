"""Receipts in the order of keys: a table for each month in place of an index, and the list of those
that are not in it yet.

Knows what it changes. Refuses to know ``schema``, which shows the tables of today.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MONTH_TABLE = re.compile(r"receipts_\d{4,5}_\d{2}")


def upgrade() -> None:
    """Make the list; give each month that is there its order."""
    op.create_table(
        "unsorted_receipts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
    )
    connection = op.get_bind()
    for name in sa.inspect(connection).get_table_names():
        if not _MONTH_TABLE.fullmatch(name):
            continue
        order = f"{name}_by_key"
        op.drop_index(order, name)
        op.create_table(
            order,
            sa.Column("key_id", sa.Text, primary_key=True),
            sa.Column("id", sa.Text, primary_key=True),
            sqlite_with_rowid=False,
        )
        receipts, ordered = (
            sa.table(table, sa.column("key_id", sa.Text), sa.column("id", sa.Text))
            for table in (name, order)
        )
        rows = sa.select(receipts).order_by(receipts.c.key_id, receipts.c.id)
        connection.execute(sa.insert(ordered).from_select(["key_id", "id"], rows))
