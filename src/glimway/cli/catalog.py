"""The catalog of a configuration, for commands that show it.

Knows how a command comes to the catalog that a server would have. Refuses to know what is shown
of it.
"""

from __future__ import annotations

import os
from typing import Final

import msgspec

from glimway.cli.configuration import read_configuration
from glimway.cli.options import Flags
from glimway.cli.terminal import fail
from glimway.config.assemble import assemble
from glimway.config.places import data_folder
from glimway.config.refreshed import read_prices, with_prices
from glimway.config.shipped import Shipped
from glimway.config.values import Config
from glimway.domain.catalog import Catalog

SANDBOX_URL: Final = "http://127.0.0.1/v1"
"""Stands for the sandbox that a server brings along: its port is known when it runs."""


class Known(msgspec.Struct, frozen=True):
    """A configuration and its catalog."""

    config: Config
    catalog: Catalog


def know(flags: Flags) -> Known:
    """Read the configuration and join it with the shipped data.

    Raises:
        ConfigError: it has problems.
    """
    shipped = Shipped.load()
    config = read_configuration(flags, shipped).usable()
    return Known(config, assemble(config, _with_prices(shipped, config), SANDBOX_URL))


def know_prices(flags: Flags) -> Catalog:
    """The catalog as far as it can be read: for its prices, no provider's key is needed."""
    shipped = Shipped.load()
    config = read_configuration(flags, shipped).config
    sound = tuple(one for one in config.providers if one.profile in shipped.profiles)
    config = msgspec.structs.replace(config, providers=sound)
    return assemble(config, _with_prices(shipped, config), SANDBOX_URL)


def _with_prices(shipped: Shipped, config: Config) -> Shipped:
    """The shipped data with the prices that ``models refresh`` has brought."""
    try:
        return with_prices(shipped, read_prices(data_folder(config.settings, os.environ)))
    except ValueError as error:
        fail(str(error))
