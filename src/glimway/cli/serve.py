"""``glimway serve``: the server.

Knows its flags. Refuses to know what serving means: ``app`` does that.
"""

from __future__ import annotations

import click

from glimway.cli.options import Flags, shared_flags
from glimway.cli.terminal import failures


@click.command()
@click.option("--workers", type=int, metavar="N", help="Not yet: one process serves.", hidden=True)
@shared_flags("server.host", "server.port", "server.data")
def serve(workers: int | None, *, flags: Flags) -> None:
    """Start the server."""
    if workers is not None:
        raise click.UsageError(
            "--workers is not there yet: this release serves with one process. Start it without "
            "--workers; one process answers thousands of streams."
        )
    from glimway.cli.configuration import read_configuration

    with failures():
        config = read_configuration(flags).usable()
        from glimway.app import serve as run

        run(config)
