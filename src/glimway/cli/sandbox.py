"""``glimway sandbox``: the provider emulator on a port of its own.

Knows its flags and how it ends. Refuses to know what it answers.
"""

from __future__ import annotations

import click

from glimway.cli.options import as_json
from glimway.cli.terminal import failures, print_json, print_table

PORT_DEFAULT = 8001
PORT_MAX = 65535


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, PORT_MAX),
    default=PORT_DEFAULT,
    show_default=True,
    metavar="N",
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--tokens-per-second",
    type=click.FloatRange(0, 1_000_000),
    default=0.0,
    metavar="N",
    help="Speed of answers whose script names none; 0 is no delay.",
)
@click.option("--scripts", is_flag=True, help="List the scripts and end.")
@as_json
def sandbox(
    host: str, port: int, tokens_per_second: float, *, scripts: bool, as_json: bool
) -> None:
    """Emulate a provider, with scripted faults, for tests and demos.

    A model's name carries its script: glm-4.7-flash:slow+cut-5.
    """
    if as_json and not scripts:
        raise click.UsageError("--json goes with --scripts.")
    if scripts:
        _list(as_json=as_json)
        return
    import asyncio

    from glimway.cli.listening import serve_sandbox

    with failures():
        asyncio.run(serve_sandbox(host, port, tokens_per_second))


def _list(*, as_json: bool) -> None:
    from glimway.sandbox import describe

    rows = describe()
    if as_json:
        print_json({"scripts": rows})
    else:
        print_table(("SCRIPT", "DOES"), [(row.name, row.does) for row in rows], "no scripts")
