"""``glimway doctor``: what is set up, what is reachable, what is wrong, and how to mend it.

Knows how findings are told. Refuses to know how each is found (``diagnosis``).
"""

from __future__ import annotations

import click

from glimway.cli.options import Flags, as_json, shared_flags
from glimway.cli.terminal import EXIT_FAILURE, in_color, print_json

COLORS = {"good": "green", "note": "yellow", "wrong": "red"}


@click.command()
@click.option("--online", is_flag=True, help="Also call each provider, with its key.")
@as_json
@shared_flags("server.host", "server.port", "server.data")
@click.pass_context
def doctor(context: click.Context, *, online: bool, as_json: bool, flags: Flags) -> None:
    """Say what is set up, what is reachable, what is wrong and how to mend it.

    Without --online nothing leaves this machine. The exit status is 1 if something is wrong.
    """
    from glimway.cli.configuration import read_configuration
    from glimway.cli.diagnosis import examine
    from glimway.config.shipped import Shipped

    shipped = Shipped.load()
    findings = examine(read_configuration(flags, shipped), shipped, online=online)
    wrong = any(finding.state == "wrong" for finding in findings)
    if as_json:
        print_json({"ok": not wrong, "findings": findings})
    else:
        for finding in findings:
            mark = click.style(f"{finding.state:<5}", fg=COLORS[finding.state])
            click.echo(f"{mark}  {finding.subject}: {finding.message}", color=in_color())
            if finding.mend:
                click.echo(f"       {finding.mend}")
    if wrong:
        context.exit(EXIT_FAILURE)
