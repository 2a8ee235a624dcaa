"""Where files of this program lie on this machine.

Knows the folders that the XDG base directory specification gives
(https://specifications.freedesktop.org/basedir-spec/latest/). Refuses to know what is in the files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from glimway.config.settings import Settings

CONFIG_NAME: Final = "glimway.toml"
DATABASE_NAME: Final = "glimway.db"
JOURNAL_NAME: Final = "journal"
FOLDER_MODE: Final = 0o700


def data_folder(settings: Settings, environ: Mapping[str, str]) -> Path:
    """The folder of the database and the journal, whether it exists or not.

    Raises:
        FileNotFoundError: neither a setting nor a home folder says where.
    """
    if settings.server.data is not None:
        return expanded(settings.server.data).absolute()
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "glimway"


def database_url(data: Path) -> str:
    """The database in a data folder, as an SQLAlchemy URL."""
    return f"sqlite:///{data / DATABASE_NAME}"


def journal_folder(data: Path) -> Path:
    """The journal's folder in a data folder."""
    return data / JOURNAL_NAME


def make_private(folder: Path) -> None:
    """Make a folder, if it is missing, that only its owner can enter; those above it are usual.

    Raises:
        OSError: it cannot be made, or a file has its name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def config_files(environ: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Where a config file is looked for, in this order; the first that exists counts."""
    places = [folder / CONFIG_NAME]
    with contextlib.suppress(FileNotFoundError):  # without a home folder there is one place less
        places.append(_xdg(environ, "XDG_CONFIG_HOME", ".config") / "glimway" / CONFIG_NAME)
    return tuple(places)


def expanded(path: str | Path) -> Path:
    """A path whose ``~`` is a home folder; one that nobody knows stays as it is."""
    with contextlib.suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def _xdg(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    # The specification: a relative path in these variables is invalid and must be ignored.
    given = Path(environ.get(variable, ""))
    if given.is_absolute():
        return given
    home = environ.get("HOME", "")
    try:
        return (Path(home) if home else Path.home()) / usual
    except RuntimeError:
        raise FileNotFoundError(
            "this user has no home folder, so the data folder must be named (--data)"
        ) from None
