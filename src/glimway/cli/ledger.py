"""``glimway ledger``: prove the books, and take them elsewhere.

Knows which receipts are asked for and in which form. Refuses to know what makes a receipt right
(``audit``) and how receipts are kept.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from glimway.cli.moments import moment_ms
from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import EXIT_FAILURE, fail, failures, print_json

FINDINGS_SHOWN_MAX = 20
"""Wrong receipts that are named on a terminal; ``--json`` has more."""


@click.group()
def ledger() -> None:
    """Prove the books, and export them."""


def _span(command: Any) -> Any:
    """Add ``--since`` and ``--until``."""
    until = click.option("--until", metavar="WHEN", help="Only requests before then.")
    words = "Only requests from then on: a date (2026-11-01), or how long ago (30d)."
    since = click.option("--since", metavar="WHEN", help=words)
    return since(until(command))


@ledger.command()
@_span
@as_json
@in_places
@click.pass_context
def audit(
    context: click.Context, since: str | None, until: str | None, *, as_json: bool, flags: Flags
) -> None:
    """Check every receipt: one for each request, its cost is its tokens times the price.

    The exit status is 1 if one is wrong.
    """
    from glimway.cli.audit import Audit
    from glimway.cli.books import open_books
    from glimway.cli.catalog import know_prices
    from glimway.cli.receipts import every
    from glimway.store.receipts import Receipts

    wanted = _filter(since, until)
    with failures(), open_books(flags) as books:
        found = Audit(know_prices(flags))
        books.drain()
        for receipt in every(Receipts(books.database, None), wanted):
            found.look_at(receipt)
    if as_json:
        print_json(found.document())
    else:
        for line in found.lines(FINDINGS_SHOWN_MAX):
            click.echo(line)
    if found.wrong:
        context.exit(EXIT_FAILURE)


@ledger.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="A table, or one JSON document a line.",
)
@_span
@click.option("--project", metavar="TEXT", help="Only receipts of this project: id or name.")
@click.option("--key", metavar="ID", help="Only receipts of this key.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write here instead of to standard output.",
)
@in_places
def export(
    form: str,
    since: str | None,
    until: str | None,
    *,
    output: Path | None,
    flags: Flags,
    **owner: str | None,
) -> None:
    """Write receipts as CSV or JSON lines, newest first."""
    from glimway.cli.books import open_books
    from glimway.cli.receipts import csv_head, csv_line, every, json_line
    from glimway.store import projects
    from glimway.store.receipts import Receipts

    wanted = _filter(since, until, key=owner["key"])
    project = owner["project"]
    with failures(), open_books(flags) as books, click.open_file(output or "-", "wb") as file:
        if project is not None:
            known = books.database.read(lambda connection: projects.find(connection, project))
            wanted = _filter(since, until, key=owner["key"], project=known.result().id)
        books.drain()
        line = csv_line if form == "csv" else json_line
        if form == "csv":
            file.write(csv_head().encode())
        for receipt in every(Receipts(books.database, None), wanted):
            file.write(line(receipt).encode())


@ledger.command()
@click.option("--write", is_flag=True, help="Save what can be read; the damaged files are kept.")
@as_json
@in_places
@click.pass_context
def repair(context: click.Context, *, write: bool, as_json: bool, flags: Flags) -> None:
    """Show what a damaged journal has lost; with --write, save the rest.

    Without --write nothing is changed, and the exit status is 1 if there is damage.
    """
    from glimway.cli.books import journal_of
    from glimway.store import repair as journal

    with failures():
        folder = journal_of(flags)
        if not folder.is_dir():
            fail(f"there is no journal in {folder.parent}")
        report = journal.repair(folder) if write else journal.inspect(folder)
    if as_json:
        damages = [damage._asdict() for damage in report.damages]
        print_json({**report._asdict(), "damages": damages, "repaired": write and bool(damages)})
    else:
        _tell(report, write=write)
    if report.damages and not write:
        context.exit(EXIT_FAILURE)


def _tell(report: Any, *, write: bool) -> None:
    for one in report.damages:
        click.echo(f"{one.segment}: {one.bytes} bytes at {one.offset} are lost: {one.reason}")
    click.echo(f"Records that can be read: {report.records}, in segments: {report.segments}.")
    if report.torn_bytes:
        click.echo(f"{report.torn_bytes} bytes of an interrupted write are cut at the next start.")
    if not report.damages:
        click.echo("Nothing is damaged.")
    elif write:
        click.echo("They were saved. The damaged files stay beside them; a server can start now.")
    else:
        click.echo("Nothing was changed. To save what can be read: glimway ledger repair --write")


def _filter(since: str | None, until: str | None, **fields: str | None) -> Any:
    from glimway.store.receipts import Filter

    now_ms = time.time_ns() // 1_000_000
    return Filter(
        since_ms=None if since is None else moment_ms(since, now_ms, ago=True),
        until_ms=None if until is None else moment_ms(until, now_ms, ago=True),
        **fields,
    )
