"""``glimway route``: where a request would go, and why.

Knows how a route is shown. Refuses to know how it is planned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import EXIT_FAILURE, failures, print_json, print_table

COLUMNS = ("PLACE", "ENDPOINT", "ITS MODEL", "INPUT", "OUTPUT", "WHY")
UNKNOWN = "unknown"
LIVE = "Health and speed: as the server knows them now."
NOT_LIVE = "Health and speed: not known, no server was asked (--server URL)."


@click.command()
@click.argument("model")
@click.option(
    "--request",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The body of a request; its model is replaced by MODEL.  [default: a short chat]",
)
@click.option(
    "--dialect",
    type=click.Choice(("chat", "responses", "messages")),
    default="chat",
    show_default=True,
    help="How the request is written.",
)
@click.option(
    "--project", default="default", metavar="NAME", help="Whose rules hold.  [default: default]"
)
@click.option(
    "--server",
    metavar="URL",
    help="A running server that is asked, with the key in GLIMWAY_ADMIN_KEY.  [default: none is]",
)
@click.option("--prepaid", is_flag=True, help="Prepaid credits pay: a price is needed.")
@as_json
@in_places
def route(model: str, *, as_json: bool, flags: Flags, **question: Any) -> None:
    """Show what MODEL means and which endpoints would be asked, in order, and why the others not.

    No provider is called. Who is well and quick only a running server knows: without --server all
    endpoints count as well and none as measured. The exit status is 1 where no endpoint is left.
    """
    from glimway.cli.asking import asked
    from glimway.cli.catalog import know
    from glimway.cli.plans import Question, answer

    with failures():
        server = question.pop("server")
        wanted = Question(model, **question)
        found = asked(wanted, server) if server else answer(know(flags), wanted)
    document = found.document
    if as_json:
        print_json(document)
    else:
        _show(model, document)
        click.echo(found.refused, err=True, nl=bool(found.refused))
    if found.refused:
        raise SystemExit(EXIT_FAILURE)


def _show(model: str, document: dict[str, Any]) -> None:
    click.echo(f"{model} means {document['model']}.", err=True)
    if "basis_words" in document:
        click.echo(f"Order: {document['basis_words']}.", err=True)
    click.echo(LIVE if document["live"] else NOT_LIVE, err=True)
    rows = [_row(str(place), one) for place, one in enumerate(document["endpoints"], 1)]
    rows += [("-", one["id"], "", "", "", one["reason"]) for one in document["excluded"]]
    print_table(COLUMNS, rows, "No configured provider serves it.")


def _row(place: str, one: dict[str, Any]) -> tuple[str, ...]:
    prices = [one[f"{kind}_usd_per_million"] for kind in ("input", "output")]
    shown = [UNKNOWN if price is None else price for price in prices]
    return (place, one["id"], one["model"], *shown, one["why"])
