"""``glimway providers``: who serves.

Knows how providers are listed. Refuses to know how they are reached (``doctor --online`` tries).
"""

from __future__ import annotations

import click

from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import failures, print_json, print_table

COLUMNS = ("PROVIDER", "PROFILE", "KEY", "MODELS", "BASE URL")
NOBODY = "No provider is configured. Set a provider's key, or write a glimway.toml."


@click.command()
@as_json
@in_places
def providers(*, as_json: bool, flags: Flags) -> None:
    """List the configured providers."""
    from glimway.cli.catalog import know
    from glimway.cli.offers import provider_documents

    with failures():
        known = know(flags)
    documents = provider_documents(known.config, known.catalog)
    if as_json:
        print_json({"providers": documents})
        return
    rows = [
        (one["id"], one["profile"], one["key"] or "none", str(len(one["models"])), one["base_url"])
        for one in documents
    ]
    print_table(COLUMNS, rows, NOBODY)
