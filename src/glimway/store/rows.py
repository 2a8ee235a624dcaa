"""Statements for many rows at once.

Knows how to make one statement of hundreds of rows without compiling it each time. Refuses to know
which table and why.

Why not one execution per row, as ``executemany`` does: between two rows the driver gives the
interpreter to the thread that serves requests and must win it back, which costs both of them more
than the row does. One statement gives it away once, and SQLite works beside the server meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

SIZES: Final = (512, 128, 32, 8, 1)
"""Rows per statement: few sizes, so that the driver keeps each one prepared."""
_MARKS: Final = {"qmark": r"\?", "format": r"%s(?:::\w+)?"}
"""How a parameter is written, by the driver's style; PostgreSQL's names its type behind it."""


class Many:
    """A statement for one row, executed for any number.

    Args:
        statement: an insert of one row, or a delete ``WHERE column IN (one value)``, compiled here
            once; each of its parameters is given for each row.
        dialect: of the engine that will run it; one with parameters by position.
        width: how many parameters a row has.
    """

    def __init__(self, statement: sa.Insert | sa.Delete, dialect: sa.Dialect, width: int) -> None:
        mark = _MARKS[dialect.paramstyle]
        text = str(statement.compile(dialect=dialect))
        found = re.search(r"\((" + ", ".join([mark] * width) + r")\)", text)
        if found is None or re.search(mark, text[found.end() :]):
            raise ValueError(f"cannot repeat the parameters of: {text}")
        # An insert takes rows in brackets of their own, a delete values within one pair.
        group = 0 if isinstance(statement, sa.Insert) else 1
        before, row, after = text[: found.start(group)], found[group], text[found.end(group) :]
        self.width = width
        """Parameters of a row."""
        self._texts = [(size, before + ", ".join([row] * size) + after) for size in SIZES]

    def execute(self, connection: sa.Connection, values: Sequence[Any]) -> None:
        """Run the statement for all rows.

        Args:
            connection: in a transaction.
            values: the parameters of all rows, row after row, in column order.
        """
        at = 0
        width = self.width
        left = len(values) // width
        for size, text in self._texts:
            step = size * width
            while left >= size:
                connection.exec_driver_sql(text, tuple(values[at : at + step]))
                at += step
                left -= size
