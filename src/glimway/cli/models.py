"""``glimway models``: what clients can ask for, and what hosts' own lists say it costs.

Knows how models and changes of prices are shown. Refuses to know where they come from.
"""

from __future__ import annotations

import sys
import time

import click

from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import fail, failures, print_json, print_table

COLUMNS = ("MODEL", "PROVIDER", "CONTEXT", "INPUT", "OUTPUT")
STAND_IN = (
    "No provider is configured: the sandbox answers to every name, on this machine only. "
    "Set a provider's key, or write a glimway.toml."
)
CHANGES = ("PROVIDER", "MODEL", "KIND", "INPUT", "OUTPUT", "CACHED")
NO_LISTS = "No configured provider has a price list of its own that is known."
RESTART = "A server that runs uses them from its next start."
PRICES = "Prices are USD per million tokens."


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Also models that no provider here serves.")
@as_json
@in_places
@click.pass_context
def models(context: click.Context, *, everything: bool, as_json: bool, flags: Flags) -> None:
    """List the models that the configured providers serve, with prices."""
    if context.invoked_subcommand is None:
        _list(flags, everything=everything, as_json=as_json)


def _list(flags: Flags, *, everything: bool, as_json: bool) -> None:
    from glimway.cli.catalog import know
    from glimway.cli.offers import model_document, model_rows
    from glimway.config.assemble import stands_in

    with failures():
        known = know(flags)
    catalog, now_ms = known.catalog, time.time_ns() // 1_000_000
    shown = catalog.all_models if everything else catalog.models
    if as_json:
        print_json({"models": [model_document(model, catalog, now_ms) for model in shown]})
        return
    rows = [row for model in shown for row in model_rows(model, catalog, now_ms)]
    print_table(COLUMNS, rows, "There is no model.")
    click.echo(STAND_IN if stands_in(known.config) else PRICES, err=True)


@models.command()
@click.option("--yes", is_flag=True, help="Apply the changes without asking.")
@as_json
@in_places
def refresh(*, yes: bool, as_json: bool, flags: Flags) -> None:
    """Read the providers' own price lists, show what differs, and apply it on wish.

    Prices are kept in prices.json in the data folder and hold from today; what you set in the
    configuration still wins. Without --yes, and where nobody can be asked, nothing is applied.
    """
    from glimway.cli.models_refresh import apply, look, report, row_words

    with failures():
        seen = look(flags)
        changes = [row for row in seen.rows if row.kind in ("changed", "new")]
        if not as_json:
            for name, why in seen.failed.items():
                click.echo(f"{name}: {why}", err=True)
            print_table(CHANGES, [row_words(row) for row in changes], _nothing(seen.asked))
        agreed = yes or (bool(changes) and not as_json and _asks())
        file = apply(seen) if agreed and seen.brought else None
    if as_json:
        print_json(report(seen, file))
    elif file is not None:
        click.echo(f"Written to {file}. {RESTART}", err=True)
    if seen.asked and len(seen.failed) == seen.asked:
        fail("no price list could be read")


def _nothing(asked: int) -> str:
    return "Every listed price is as it is known." if asked else NO_LISTS


def _asks() -> bool:
    return sys.stdin.isatty() and click.confirm("Apply these prices?", err=True)
