"""Settings from the file, the environment and flags, in rising order.

Knows which place wins and where each value came from. Refuses to know providers and models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from glimway.config.problem import COMMAND_LINE, ENVIRONMENT, Problem, nearest
from glimway.config.proxies import read_proxy_field, read_proxy_text
from glimway.config.references import read_secret
from glimway.config.scalars import Value, WrongValue, value_of, value_of_text
from glimway.config.secrets import Secret
from glimway.config.settings import (
    SECTIONS,
    SETTINGS,
    Deadlines,
    Setting,
    Settings,
    section_name,
    settings_of,
)
from glimway.config.table import Table

PREFIX = "GLIMWAY_"
JOINT = "__"
"""Only names with a joint are taken for settings: an orchestrator sets names of its own for a
service called ``glimway`` (``GLIMWAY_PORT=tcp://...``), which must not be read as ours."""

DEFAULT = "default"
"""The origin of a value that nobody set."""


class Found:
    """Values by setting key, with the place that each came from."""

    def __init__(self) -> None:
        self.values: dict[str, Value | Secret] = {}
        self.origins: dict[str, str] = {}

    def put(self, key: str, value: Value | Secret, origin: str) -> None:
        """Set or replace a value."""
        self.values[key] = value
        self.origins[key] = origin

    def settings(self) -> Settings:
        """All values together; what was not found has its default."""
        sections = {}
        for attribute, section in SECTIONS.items():
            name = section_name(attribute)
            given = {
                setting.name: self.values[setting.key]
                for setting in SETTINGS
                if setting.section == name and setting.key in self.values
            }
            sections[attribute] = section(**given)
        return Settings(**sections)


def read_file(root: Table, found: Found) -> None:
    """Take every setting that stands in the file; other top-level names are the caller's."""
    for attribute in SECTIONS:
        name = section_name(attribute)
        table: Table | None = root
        for part in name.split("."):
            table = table.table(part) if table is not None else None
        if table is None:
            continue
        settings = settings_of(name)
        table.refuse_unknown((*(setting.name for setting in settings), *_below(name)))
        for setting in settings:
            value = _read(table, setting)
            if value is not None:
                origin = f"{root.scope.shown_path}:{table.line(setting.name)}"
                found.put(setting.key, value, origin)


def _below(name: str) -> tuple[str, ...]:
    """The sections inside a section: ``hedge`` in ``routing``."""
    named = (section_name(attribute) for attribute in SECTIONS)
    return tuple(one.removeprefix(f"{name}.") for one in named if one.startswith(f"{name}."))


def section_words() -> tuple[str, ...]:
    """The top-level names of the sections: ``server``, ``limits``..."""
    return tuple(dict.fromkeys(section_name(one).partition(".")[0] for one in SECTIONS))


def refuse_unknown_sections(root: Table) -> None:
    """Note names inside a two-part section (``[limits]``) that are no section."""
    groups: dict[str, list[str]] = {}
    for attribute in SECTIONS:
        group, _, name = section_name(attribute).partition(".")
        if name and group not in SECTIONS:  # where it is one, its own names were looked at
            groups.setdefault(group, []).append(name)
    for group, names in groups.items():
        values = root.values.get(group)
        if isinstance(values, dict):
            Table(root.scope, (*root.path, group), values).refuse_unknown(names)


def read_environment(environ: Mapping[str, str], found: Found) -> list[Problem]:
    """Take every setting that is a variable; an empty variable counts as not set."""
    problems: list[Problem] = []
    for setting in SETTINGS:
        for variable in reversed(setting.variables):
            text = environ.get(variable, "").strip()
            if text:
                problems += _take_text(setting, text, ENVIRONMENT, variable, found)
    known = {variable for setting in SETTINGS for variable in setting.variables}
    for variable in sorted(environ):
        rest = variable.removeprefix(PREFIX)
        if rest != variable and JOINT in rest and variable not in known:
            close = nearest(rest, (name.removeprefix(PREFIX) for name in known))
            mend = (
                f"did you mean {PREFIX}{close}?" if close else "remove it, or see docs/settings.md"
            )
            problems.append(Problem(ENVIRONMENT, 0, variable, "is not a setting", mend))
    return problems


def read_flags(flags: Mapping[str, str], found: Found) -> list[Problem]:
    """Take settings given as flags.

    Args:
        flags: texts by setting key (``server.port``).
        found: where they go.
    """
    by_key = {setting.key: setting for setting in SETTINGS}
    problems: list[Problem] = []
    for key, text in flags.items():
        setting = by_key[key]
        problems += _take_text(setting, text, COMMAND_LINE, setting.row.flag or key, found)
    return problems


def read_deadlines(table: Table, above: Deadlines) -> Deadlines:
    """A provider's own deadlines: those in ``table``, the rest as ``above``."""
    settings = settings_of("deadlines")
    table.refuse_unknown(setting.name for setting in settings)
    values = {setting.name: _read(table, setting) for setting in settings}
    own = {name: value for name, value in values.items() if value is not None}
    return msgspec.structs.replace(above, **own)


def _read(table: Table, setting: Setting) -> Value | Secret | None:
    if setting.secret:
        read = read_proxy_field if setting.row.proxy else read_secret
        return read(table, setting.name)
    if setting.name not in table:
        return None
    try:
        return value_of(setting, table.values[setting.name])
    except WrongValue as error:
        table.complain([setting.name], error.message, error.mend)
        return None


def _take_text(
    setting: Setting, text: str, place: str, name: str, found: Found
) -> Iterable[Problem]:
    """Read one variable or flag; nothing or one problem."""
    if setting.row.proxy:
        read = read_proxy_text(text, name)
        if isinstance(read, Problem):
            return (read,)
        found.put(setting.key, read, name)
        return ()
    if setting.secret:
        found.put(setting.key, Secret(text, name), name)
        return ()
    try:
        found.put(setting.key, value_of_text(setting, text), name)
    except WrongValue as error:
        return (Problem(place, 0, name, error.message, error.mend),)
    return ()


def explain(settings: Settings, origins: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every setting with its value and where that came from; secrets only say that they are set."""
    rows = []
    for setting in SETTINGS:
        section = getattr(settings, setting.section.replace(".", "_"))
        value = getattr(section, setting.name)
        rows.append(
            {
                "key": setting.key,
                "value": str(value) if isinstance(value, Secret) else value,
                "origin": origins.get(setting.key, DEFAULT),
            }
        )
    return rows
