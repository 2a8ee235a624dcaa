"""A table for the statistics of endpoints.

Knows what it adds. Refuses to know ``schema``, which shows the tables of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "statistics",
        sa.Column("worker", sa.Text, primary_key=True),
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("kept", sa.LargeBinary, nullable=False),
        sa.Index("statistics_by_time", "at_ms"),
    )
