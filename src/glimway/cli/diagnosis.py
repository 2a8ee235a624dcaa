"""What the doctor looks at.

Knows what a server needs of this machine and of its configuration. Refuses to change anything:
each look leaves everything as it was, also beside a running server.
"""

from __future__ import annotations

import os
import resource
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from glimway import __version__
from glimway.cli.knock import knock
from glimway.cli.reach import server_state
from glimway.cli.terminal import counted
from glimway.config.addresses import reach_of
from glimway.config.assemble import assemble, stands_in
from glimway.config.load import Reading
from glimway.config.places import DATABASE_NAME, FOLDER_MODE, data_folder
from glimway.config.reaching import Client
from glimway.config.sections import explain
from glimway.config.settings import Settings
from glimway.config.shipped import Shipped
from glimway.config.values import Config, ProviderConfig
from glimway.domain.catalog import Catalog

State = Literal["good", "note", "wrong"]

FREE_BYTES_MIN: Final = 256 * 1024**2
"""Below this, SQLite and the journal soon cannot write."""
SQLITE_HEAD: Final = b"SQLite format 3\0"
"""How every such file begins (https://www.sqlite.org/fileformat.html)."""
FILES_FOR_ITSELF: Final = 256
"""Open files besides connections."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    Args:
        subject: what was looked at.
        state: ``good``, ``note`` (works, but should be known) or ``wrong``.
        message: what was seen.
        mend: what to do; empty where there is nothing to do.
    """

    subject: str
    state: State
    message: str
    mend: str = ""


def examine(reading: Reading, shipped: Shipped, *, online: bool) -> list[Finding]:
    """Look at everything.

    Args:
        reading: of the configuration; its problems are findings too.
        shipped: profiles and models of this release.
        online: also call each provider, with its key.
    """
    config = reading.config
    findings = [_program(), *_configuration(reading)]
    findings += _settings(config)
    findings += _data(config.settings)
    findings += _files(config.settings)
    findings += _server(config.settings)
    if reading.problems:
        words = "not looked at, because the configuration has problems"
        return [*findings, Finding("providers", "note", words, "mend those first")]
    catalog = assemble(config, shipped)
    findings += _providers(config, catalog)
    if online:
        client = config.settings.client
        findings += [knocked(one, catalog, client) for one in config.providers]
    return findings


def knocked(config: ProviderConfig, catalog: Catalog, client: Client) -> Finding:
    """Call one provider."""
    answer = knock(catalog.providers[config.id], client)
    subject = f"provider {config.id}"
    if answer.refused:
        mend = (
            f"check the key in {config.api_key.source}" if config.api_key else "give it an api_key"
        )
        return Finding(subject, "wrong", answer.message, mend)
    if not answer.reached:
        return Finding(subject, "wrong", answer.message, "check base_url, the network and proxies")
    return Finding(subject, "good", answer.message)


def _program() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("program", "good", f"glimway {__version__} on Python {version}, {sys.platform}")


def _configuration(reading: Reading) -> Iterator[Finding]:
    file = reading.config.file
    for problem in reading.problems:
        yield Finding("configuration", "wrong", str(problem))
    if file is None and not reading.problems:
        yield Finding("configuration", "good", "no file: defaults and the environment")
    elif not reading.problems:
        yield Finding("configuration", "good", f"{file} has no problem")


def _settings(config: Config) -> Iterator[Finding]:
    """Settings that somebody set, with the place."""
    for row in explain(config.settings, config.origins):
        if row["key"] in config.origins:
            yield Finding(row["key"], "good", f"{row['value']} (from {row['origin']})")


def _data(settings: Settings) -> Iterator[Finding]:
    subject = "data folder"
    try:
        folder = data_folder(settings, os.environ)
    except FileNotFoundError as error:
        yield Finding(subject, "wrong", str(error), "name one with --data")
        return
    if not folder.exists():
        above = next(parent for parent in folder.parents if parent.exists())
        if os.access(above, os.W_OK | os.X_OK):
            yield Finding(subject, "good", f"{folder} is made at the first start")
        else:
            yield _unwritable(subject, folder)
        return
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield _unwritable(subject, folder)
        return
    yield Finding(subject, "good", str(folder))
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & ~FOLDER_MODE:
        words = f"others on this machine may enter {folder} (mode {mode:o})"
        yield Finding(subject, "note", words, f"chmod 700 {folder}")
    yield _room(folder, settings)
    yield _database(folder / DATABASE_NAME)


def _unwritable(subject: str, folder: Path) -> Finding:
    mend = "make it writable for this user, or name another one with --data"
    return Finding(subject, "wrong", f"{folder} cannot be written", mend)


def _room(folder: Path, settings: Settings) -> Finding:
    free_bytes = shutil.disk_usage(folder).free
    words = f"{free_bytes / 1024**3:.1f} GiB free"
    if free_bytes < FREE_BYTES_MIN:
        return Finding("disk", "wrong", words, "make room: requests get 503 when it is full")
    if free_bytes < settings.journal.total_bytes:
        mend = "make room, or make journal.total_bytes smaller"
        return Finding("disk", "note", f"{words}, less than the journal may take", mend)
    return Finding("disk", "good", words)


def _database(file: Path) -> Finding:
    """Whether the file is a database; it is not opened as one, which could change it."""
    if not file.exists():
        return Finding("database", "good", f"{file.name} is made at the first start")
    mend = "if no server uses it, restore it from a backup"
    try:
        with file.open("rb") as opened:
            head = opened.read(len(SQLITE_HEAD))
    except OSError as error:
        return Finding("database", "wrong", f"{file} cannot be read: {error.strerror}", mend)
    if head not in (SQLITE_HEAD, b""):
        return Finding("database", "wrong", f"{file} is not an SQLite database", mend)
    return Finding("database", "good", f"{file.name} can be read")


def _files(settings: Settings) -> Iterator[Finding]:
    """The open-file limit; the server raises the soft one to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A request holds two connections: the client's and the provider's
    wanted = 2 * settings.server.max_connections + FILES_FOR_ITSELF
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        yield Finding("open files", "good", "enough for server.max_connections")
    else:
        words = f"{hard} at most; server.max_connections = {settings.server.max_connections}"
        mend = f"raise the hard limit to {wanted} (LimitNOFILE in systemd), or lower the setting"
        yield Finding("open files", "note", f"{words} may need {wanted}", mend)


def _server(settings: Settings) -> Iterator[Finding]:
    server = settings.server
    if reach_of(server.host) != "loopback":
        words = f"{server.host} can be reached from other machines, without TLS"
        mend = "put a TLS proxy in front, or listen on 127.0.0.1"
        yield Finding("server", "note", words, mend)
    state = server_state(server.host, server.port)
    yield Finding("server", "good" if state.ready else "note", state.message, state.mend)


def _providers(config: Config, catalog: Catalog) -> Iterator[Finding]:
    if not config.providers:
        words = "none is configured"
        if stands_in(config):
            words += ": the sandbox answers to every model's name, on this machine only"
        mend = "set a provider's key (ZAI_API_KEY, ...), or write a glimway.toml"
        yield Finding("providers", "note", words, mend)
    for one in config.providers:
        count = sum(
            any(endpoint.provider.id == one.id for endpoint in catalog.endpoints_of(model.id))
            for model in catalog.models
        )
        key = f"key from {one.api_key.source}" if one.api_key else "no key"
        state: State = "good" if count else "note"
        mend = "" if count else f"name its models under [[models]], or ask for NAME@{one.id}"
        yield Finding(f"provider {one.id}", state, f"{key}, {counted(count, 'model')}", mend)
