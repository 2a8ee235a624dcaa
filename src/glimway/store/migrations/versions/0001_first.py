"""The first tables, with the default organization and project.

Knows what there is on the first day. Refuses to know ``schema``, which shows the tables of today.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and the rows that are always there."""
    _tenants()
    _keys()
    _administrators()
    _books()


def _tenants() -> None:
    organizations = op.create_table(
        "organizations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )
    projects = op.create_table(
        "projects",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("billing", sa.Text, nullable=False),
        sa.Column("allowed_origins", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("organization_id", "name", name="projects_name"),
    )
    # Made by the software, not at a moment: their time of creation is 0.
    op.bulk_insert(organizations, [{"id": "default", "name": "default", "created_ms": 0}])
    op.bulk_insert(
        projects,
        [
            {
                "id": "default",
                "organization_id": "default",
                "name": "default",
                "billing": "postpaid",
                "allowed_origins": "[]",
                "settings": "{}",
                "created_ms": 0,
            }
        ],
    )


def _keys() -> None:
    op.create_table(
        "keys",
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
    )
    op.create_index("keys_by_project", "keys", ["project_id", "id"])


def _administrators() -> None:
    op.create_table(
        "administrators",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sign_in_links",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("administrator_id", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
    )


def _books() -> None:
    op.create_table(
        "open_requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("opened", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "set_aside",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    cursors = op.create_table(
        "cursors",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("byte_offset", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    revisions = op.create_table(
        "revisions",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(cursors, [{"name": "journal", "segment": 0, "byte_offset": 0, "sequence": 0}])
    op.bulk_insert(revisions, [{"name": "control", "value": 1}])
