"""Reads the configuration for a command.

Knows that a command reads what the server would read. Refuses to know flags' texts and what the
configuration is for. Commands import this when they run, so that ``--help`` is quick.
"""

from __future__ import annotations

import os

from glimway.cli.options import Flags
from glimway.config.load import Reading, Sources, read_config
from glimway.config.shipped import Shipped


def read_configuration(flags: Flags, shipped: Shipped | None = None) -> Reading:
    """Read the configuration as the server would.

    Args:
        flags: of the command.
        shipped: where the caller has it already.
    """
    sources = Sources(environ=os.environ, config=flags.config, flags=flags.settings)
    return read_config(sources, shipped or Shipped.load())
