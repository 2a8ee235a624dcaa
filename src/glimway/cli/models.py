"""``glimway models``: what clients can ask for.

Knows how models are listed. Refuses to know where they come from.
"""

from __future__ import annotations

import time

import click

from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import failures, print_json, print_table

COLUMNS = ("MODEL", "PROVIDER", "CONTEXT", "INPUT", "OUTPUT")
STAND_IN = (
    "No provider is configured: the sandbox answers to every name, on this machine only. "
    "Set a provider's key, or write a glimway.toml."
)
PRICES = "Prices are USD per million tokens."


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also models that no provider here serves.")
@as_json
@in_places
def models(*, everything: bool, as_json: bool, flags: Flags) -> None:
    """List the models that the configured providers serve, with prices."""
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
