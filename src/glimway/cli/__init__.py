"""The command line: ``glimway``.

Knows which commands there are. Refuses to know what they do; each is a file of its own, named by
its noun, and loads what it needs when it runs, so that ``glimway --help`` is quick.
"""

from __future__ import annotations

import click

from glimway import __version__
from glimway.cli.check import check
from glimway.cli.doctor import doctor
from glimway.cli.keys import keys
from glimway.cli.ledger import ledger
from glimway.cli.models import models
from glimway.cli.providers import providers
from glimway.cli.route import route
from glimway.cli.sandbox import sandbox
from glimway.cli.serve import serve

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="glimway %(version)s")
def main() -> None:
    """Run your own API for GLM and other open-weight models."""


for command in (
    serve,
    check,
    doctor,
    keys,
    models,
    providers,
    route,
    ledger,
    sandbox,
):
    main.add_command(command)
