"""``glimway check``: is the configuration right?

Knows how problems are listed. Refuses to know what makes one.
"""

from __future__ import annotations

import click

from glimway.cli.options import Flags, as_json, in_places
from glimway.cli.terminal import EXIT_FAILURE, counted, print_json


@click.command()
@as_json
@in_places
@click.pass_context
def check(context: click.Context, *, as_json: bool, flags: Flags) -> None:
    """Check a configuration: print every problem with its line and its mend.

    The exit status is 1 if there is any.
    """
    from glimway.cli.configuration import read_configuration

    reading = read_configuration(flags)
    config, problems = reading.config, reading.problems
    if as_json:
        file = None if config.file is None else str(config.file)
        print_json({"ok": not problems, "file": file, "problems": problems})
    else:
        for problem in problems:
            click.echo(str(problem))
    if problems:
        context.exit(EXIT_FAILURE)
    if not as_json:
        providers, models = len(config.providers), len(config.models)
        counts = f"{counted(providers, 'provider')}, {counted(models, 'model')}"
        where = f"{config.file}: " if config.file else "There is no configuration file: "
        click.echo(f"{where}no problem ({counts}).")
