"""Flags that several commands share, made from the table of settings.

Knows which flags there are and their texts. Refuses to know what they mean: ``configuration``
reads them with the file and the environment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from glimway.config.settings import SETTINGS, Setting

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Flags(msgspec.Struct, frozen=True):
    """What the shared flags say.

    Args:
        config: the file named, or None.
        settings: texts by setting key.
    """

    config: Path | None
    settings: dict[str, str]


def shared_flags(*keys: str) -> Decorator:
    """Add ``--config`` and the flags of settings; the command gets one ``flags: Flags``.

    Args:
        keys: settings that have a flag (``server.data``).
    """
    wanted = [setting for setting in SETTINGS if setting.key in keys]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_flags(*args: Any, config: Path | None, **rest: Any) -> Any:
            given = {setting.key: rest.pop(_parameter(setting)) for setting in wanted}
            texts = {key: text for key, text in given.items() if text is not None}
            return command(*args, flags=Flags(config, texts), **rest)

        decorated: Callable[..., Any] = with_flags
        for setting in reversed(wanted):
            decorated = _option(setting)(decorated)
        return _CONFIG(decorated)

    return decorate


def _option(setting: Setting) -> Decorator:
    default = setting.row.default_words or setting.default
    words = f"{setting.row.help}  [default: {default}]".replace("`", "")
    metavar = "N" if setting.type is int else setting.name.upper()
    return click.option(str(setting.row.flag), _parameter(setting), metavar=metavar, help=words)


def _parameter(setting: Setting) -> str:
    return setting.key.replace(".", "_")


_CONFIG: Final = click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The configuration.  [default: ./glimway.toml, else that in $XDG_CONFIG_HOME/glimway]",
)

in_places: Final = shared_flags("server.data")
"""``--config`` and ``--data``: for every command that reads what the server reads."""

as_json: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
