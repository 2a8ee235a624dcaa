"""Brings the schema up to date.

Knows where the migrations lie and that they run inside the caller's transaction. Refuses to know
what each changes.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from glimway.store.errors import DatabaseUnsupported

FOLDER: Final = Path(__file__).parent / "migrations"


def migrate(connection: sa.Connection) -> None:
    """Run every migration that this database has not seen, all or none.

    Args:
        connection: in a transaction that excludes other writers.

    Raises:
        DatabaseUnsupported: the schema comes from a newer release.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    # The option goes through a parser that gives the percent sign a meaning.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseUnsupported(
            "this database was written by a newer Glimway, and its tables may have changed: "
            f"install that release again ({error})"
        ) from error
