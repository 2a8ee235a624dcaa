"""``glimway route``: where a request would go.

Knows how a route is shown. Refuses to know what a running server knows better: who is healthy and
fast now.
"""

from __future__ import annotations

import time

import click

from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import failures, print_json, print_table

COLUMNS = ("ENDPOINT", "PROVIDER", "ITS MODEL", "CONTEXT", "INPUT", "OUTPUT")


@click.command()
@click.argument("model")
@as_json
@in_places
def route(model: str, *, as_json: bool, flags: Flags) -> None:
    """Show what MODEL means and which endpoints serve it, in order."""
    from glimway.cli.catalog import know
    from glimway.cli.offers import endpoint_row, resolved_document

    with failures():
        resolved = know(flags).catalog.resolve(model)
    now_ms = time.time_ns() // 1_000_000
    if as_json:
        print_json(resolved_document(resolved, now_ms))
        return
    click.echo(f"{model} means {resolved.model_id}.", err=True)
    rows = [endpoint_row(endpoint, now_ms) for endpoint in resolved.endpoints]
    print_table(COLUMNS, rows, "No configured provider serves it.")
