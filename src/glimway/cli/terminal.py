"""How the command line speaks.

Knows tables, JSON documents and failures, on a terminal and in a pipe. Refuses to know what is
told. What a command is asked for goes to standard output, everything else to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click

EXIT_FAILURE = 1
EXIT_USAGE = 2
"""Click's own exit status for wrong flags and arguments."""

COLUMN_GAP = "  "


class Failure(click.ClickException):
    """A command could not do what it was asked for; exit status 1, no traceback."""

    exit_code = EXIT_FAILURE

    def show(self, file: Any = None) -> None:
        """Say so on standard error."""
        click.echo(f"glimway: {self.message}", file=file, err=file is None)


def fail(message: str) -> NoReturn:
    """Stop with a message and exit status 1."""
    raise Failure(message)


@contextmanager
def failures() -> Iterator[None]:
    """Turn what users and disks do wrong into a ``Failure``; a fault of this program stays one."""
    from glimway.config.problem import ConfigError
    from glimway.store.errors import StoreError
    from glimway.wire.refusal import Refusal

    try:
        yield
    except ConfigError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        fail(f"the configuration has {counted(len(error.problems), 'problem')}")
    except Refusal as error:
        fail(error.message)
    except StoreError as error:
        fail(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}")


def counted(count: int, noun: str) -> str:
    """``1 model``, ``2 models``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def in_color() -> bool:
    """Whether colours may be shown (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    import msgspec

    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """Rows under headings: drawn on a terminal, plain columns in a pipe.

    Args:
        columns: the headings.
        rows: texts, as many in each row as there are headings.
        nothing: said on standard error when there are no rows.
    """
    if not rows:
        click.echo(nothing, err=True)
    elif sys.stdout.isatty():
        _draw(columns, rows)
    else:
        widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
        for row in (columns, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo(COLUMN_GAP.join(cells).rstrip())


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # rich honours NO_COLOR and TERM=dumb by itself
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
