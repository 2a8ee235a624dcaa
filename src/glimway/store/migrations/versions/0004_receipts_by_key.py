"""A list of the receipts that are not in their month's order by key yet.

Knows what it adds. Refuses to know ``schema``, which shows the tables of today. Months that are
there keep their index by key: a server of the release before may be writing to them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the list."""
    op.create_table(
        "unsorted_receipts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
