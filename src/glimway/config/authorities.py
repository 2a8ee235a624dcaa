"""Files of certificate authorities.

Knows how a file that the configuration names is tried, so that a wrong one is told before the first
request needs it. Refuses to know whose certificates are checked with it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from glimway.config.places import expanded
from glimway.config.problem import ENVIRONMENT, Problem
from glimway.config.settings import Settings
from glimway.config.table import Table
from glimway.wire.refusal import shown

CA_FILE_MEND: Final = "give the path of a PEM file of the authority"


def read_ca_file(table: Table) -> str | None:
    """The ``ca_file`` of a table as an absolute path, or None after a problem was noted too."""
    name = table.text("ca_file")
    if name is None:
        return None
    path, reason = _tried(name, table.scope.folder)
    if reason:
        table.complain(["ca_file"], f"{shown(name)} cannot be used: {reason}", CA_FILE_MEND)
        return None
    return path


def with_client_ca_file(
    settings: Settings, origins: Mapping[str, str], folder: Path, started: Path
) -> tuple[Settings, list[Problem]]:
    """The settings with ``client.ca_file`` as an absolute path, or without it and with a problem.

    Args:
        settings: as read.
        origins: where each value came from.
        folder: where the file's relative paths begin.
        started: where a variable's do.
    """
    name = settings.client.ca_file
    if name is None:
        return settings, []
    origin = origins["client.ca_file"]
    place, _, line = origin.rpartition(":")
    path, reason = _tried(name, folder if place else started)
    client = msgspec.structs.replace(settings.client, ca_file=None if reason else path)
    usable = msgspec.structs.replace(settings, client=client)
    if not reason:
        return usable, []
    message = f"{shown(name)} cannot be used: {reason}"
    if place:
        return usable, [Problem(place, int(line), "client.ca_file", message, CA_FILE_MEND)]
    return usable, [Problem(ENVIRONMENT, 0, origin, message, CA_FILE_MEND)]


def _tried(name: str, folder: Path) -> tuple[str, str]:
    """The absolute path, and why it cannot be used (empty: it can)."""
    path = folder / expanded(name)
    try:
        if "-----BEGIN CERTIFICATE-----" not in path.read_text("utf-8"):
            return "", "it holds no certificate"
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "", "a certificate in it is damaged"
    except (OSError, ValueError) as error:
        return "", getattr(error, "strerror", None) or "it does not hold text"
    return str(path.absolute()), ""
