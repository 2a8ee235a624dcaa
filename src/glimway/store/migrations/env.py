"""Run by Alembic for each upgrade; the connection and its transaction come from ``migrate``.

Knows how Alembic is told about them. Refuses to know any table.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
