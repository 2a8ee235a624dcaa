"""Reads the whole configuration and tells every problem at once.

Knows the order of the places (defaults, ``glimway.toml``, environment, flags) and how the file is
opened. Refuses to know single settings, providers and models: its neighbours read those.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from glimway.config.addresses import reach_of
from glimway.config.authorities import with_client_ca_file
from glimway.config.health import wrong_rests
from glimway.config.lines import Lines, find_lines
from glimway.config.models import read_models
from glimway.config.places import config_files, expanded
from glimway.config.problem import COMMAND_LINE, ENVIRONMENT, ConfigError, Problem
from glimway.config.projects import read_projects
from glimway.config.providers import read_providers, usual_providers
from glimway.config.proxies import Surroundings, chosen, surroundings, surroundings_problem
from glimway.config.sections import (
    Found,
    read_environment,
    read_file,
    read_flags,
    refuse_unknown_sections,
    section_words,
)
from glimway.config.settings import Settings
from glimway.config.shipped import Shipped
from glimway.config.splits import check_splits
from glimway.config.table import Scope, Table
from glimway.config.values import Config, ProviderConfig

FILE_BYTES_MAX: Final = 4 * 1024 * 1024
"""A file of a thousand models is below 1 MiB."""

ADMIN_KEY_CHARS_MIN: Final = 16
ADMIN_KEY_LETTERS_MIN: Final = 6
"""Different characters; fewer are a pattern, not a secret."""
EXAMPLE_SECRETS: Final = re.compile(
    "change.?me|replace.?me|example|password|secret.?key|your.?key", re.IGNORECASE
)
"""What examples put where a secret belongs; random text does not hold these words."""

_NOT_SETTINGS = ("providers", "models", "projects")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Sources(msgspec.Struct, frozen=True):
    """Where the configuration comes from.

    Args:
        environ: all variables.
        config: the file that a flag names; None: the usual places are looked at.
        flags: texts by setting key (``server.port``).
        folder: the working directory.
    """

    environ: Mapping[str, str]
    config: Path | None = None
    flags: Mapping[str, str] = {}
    folder: Path = Path()


class Reading(msgspec.Struct, frozen=True):
    """The configuration as far as it could be read, and every problem, in order.

    With a problem, the value concerned is its default or missing; ``usable`` is the way to a
    configuration that is right.
    """

    config: Config
    problems: tuple[Problem, ...]

    def usable(self) -> Config:
        """The configuration.

        Raises:
            ConfigError: there are problems; it carries all of them.
        """
        if self.problems:
            raise ConfigError(self.problems)
        return self.config

    def usable_settings(self) -> Settings:
        """The settings alone, for what needs no provider: a command that is run beside the server
        seldom has the variables with the providers' keys.

        Raises:
            ConfigError: there are problems with settings, or the file cannot be read.
        """
        problems = [one for one in self.problems if not one.key.startswith(_NOT_SETTINGS)]
        if problems:
            raise ConfigError(problems)
        return self.config.settings


def read_config(sources: Sources, shipped: Shipped) -> Reading:
    """Read everything. Wrong input makes problems, never an exception.

    Args:
        sources: where to look.
        shipped: profiles and models that come with Glimway.
    """
    found = Found()
    path, problems = _find(sources)
    root, syntax = _parse(path, sources) if path is not None else (_empty(sources), [])
    problems += syntax
    root.refuse_unknown((*section_words(), "providers", "models", "projects"))
    refuse_unknown_sections(root)
    read_file(root, found)
    problems += read_environment(sources.environ, found)
    problems += read_flags(sources.flags, found)
    settings, wrong = with_client_ca_file(
        found.settings(), found.origins, root.scope.folder, sources.folder
    )
    problems += wrong
    problems += _weak_admin_key(settings, found.origins)
    problems += wrong_rests(settings, found.origins)
    if path is None and sources.config is None:
        providers = usual_providers(shipped, sources.environ)
    else:
        providers = read_providers(root, shipped, settings.deadlines)
    models = read_models(root, shipped, _provider_ids(root))
    projects = read_projects(root, _provider_ids(root))
    check_splits(root, models, projects, shipped)
    around = surroundings(sources.environ)
    problems += _wrong_surroundings(providers, settings, shipped, around)
    problems += root.scope.problems
    return Reading(
        Config(settings, providers, models, path, found.origins, around, projects),
        tuple(sorted(set(problems))),
    )


def _find(sources: Sources) -> tuple[Path | None, list[Problem]]:
    if sources.config is not None:
        path = sources.folder / expanded(sources.config)
        if not path.is_file() and not path.is_fifo():
            mend = "give the path of a file that exists"
            return None, [Problem(COMMAND_LINE, 0, "--config", f"there is no file {path}", mend)]
        return path, []
    for path in config_files(sources.environ, sources.folder):
        if path.is_file():
            return path, []
    return None, []


def _parse(path: Path, sources: Sources) -> tuple[Table, list[Problem]]:
    """The file's root table; an empty one when it cannot be parsed."""
    name = str(sources.config or path)
    try:
        text = _text(path)
        values, lines = tomllib.loads(text), find_lines(text)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        return _empty(sources), [Problem(name, 0, "", reason, "make it readable for this user")]
    except RecursionError:
        reason = "has arrays or tables nested too deeply"
        return _empty(sources), [
            Problem(name, 0, "", reason, "no setting needs more than four levels")
        ]
    except ValueError as error:
        return _empty(sources), [_syntax_problem(name, error)]
    return Table(Scope(name, path.parent, lines, sources.environ), (), values), []


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise ValueError(f"Larger than {FILE_BYTES_MAX} bytes")
    return data.decode("utf-8-sig")  # some editors begin a file with a byte order mark


def _syntax_problem(name: str, error: ValueError) -> Problem:
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(name, line, "", "holds bytes that are not UTF-8", "save the file as UTF-8")
    text = str(error)
    place = _TOML_PLACE.search(text)
    line = int(place[1]) if place is not None and place[1] else 0
    reason = _TOML_PLACE.sub("", text)
    message = f"is not valid TOML: {reason[:1].lower()}{reason[1:]}"
    mend = "mend this line" if line else "mend the file's end or shorten the file"
    return Problem(name, line, "", message, mend)


def _empty(sources: Sources) -> Table:
    return Table(Scope("", sources.folder, Lines({}), sources.environ), (), {})


def _provider_ids(root: Table) -> frozenset[str]:
    """Ids as written, also of providers with problems: an endpoint that names one is not wrong."""
    entries: Any = root.values.get("providers")
    if not isinstance(entries, list):
        return frozenset()
    names = (entry.get("id") for entry in entries if isinstance(entry, dict))
    return frozenset(name for name in names if isinstance(name, str))


def _wrong_surroundings(
    providers: Iterable[ProviderConfig], settings: Settings, shipped: Shipped, around: Surroundings
) -> list[Problem]:
    """Usual variables that name a proxy which cannot be used, where a provider would need it."""
    found = []
    for one in providers:
        profile = shipped.profiles.get(one.profile)
        url = one.base_url or (profile.base_url if profile is not None else None) or ""
        said = chosen(url, one.proxy, settings.client.proxy, around, private=one.private)
        problem = surroundings_problem(said) if said in (around.http, around.https) else None
        found += [problem] if problem is not None else []
    return found


def _weak_admin_key(settings: Settings, origins: Mapping[str, str]) -> list[Problem]:
    """Outside loopback, an administrator's key that can be guessed is a problem."""
    key = settings.server.admin_key
    if key is None or reach_of(settings.server.host) == "loopback":
        return []
    value = key.reveal()
    weak = len(value) < ADMIN_KEY_CHARS_MIN or len(set(value)) < ADMIN_KEY_LETTERS_MIN
    if not weak and not EXAMPLE_SECRETS.search(value):
        return []
    path, _, line = origins["server.admin_key"].rpartition(":")
    message = "can be guessed, and the server listens beyond this machine"
    mend = "make one with: openssl rand -hex 32"
    if path:
        return [Problem(path, int(line), "server.admin_key", message, mend)]
    return [Problem(ENVIRONMENT, 0, key.source, message, mend)]
