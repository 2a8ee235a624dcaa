"""The steps, found by Alembic through their revision numbers. Knows nothing itself."""
