"""One table of the file, read field by field.

Knows how a TOML value of the wrong type, out of its range or under an unknown name is told with
its line. Refuses to know which fields there are. Every reader gives None for a field that is
missing or wrong, so that reading goes on and all problems are told at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from glimway.config.lines import KeyPath, Lines
from glimway.config.problem import Problem, dotted, given, listed, nearest


class Scope:
    """What all tables of one file share.

    Args:
        shown_path: the file as problems name it.
        folder: where relative paths in the file begin.
        lines: of the file's keys.
        environ: for references to variables.
    """

    def __init__(
        self, shown_path: str, folder: Path, lines: Lines, environ: Mapping[str, str]
    ) -> None:
        self.shown_path = shown_path
        self.folder = folder
        self.lines = lines
        self.environ = environ
        self.problems: list[Problem] = []


class Table:
    """A table of the file and its place in it."""

    __slots__ = ("path", "scope", "values")

    def __init__(self, scope: Scope, path: KeyPath, values: Mapping[str, Any]) -> None:
        self.scope = scope
        self.path = path
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def line(self, *names: str | int) -> int:
        """The line of a field, or of the table itself."""
        return self.scope.lines.of((*self.path, *names))

    def complain(self, names: Iterable[str | int], message: str, mend: str) -> None:
        """Note a problem with a field (``names`` from this table on), or with the table."""
        path = (*self.path, *names)
        line = self.scope.lines.of(path)
        self.scope.problems.append(
            Problem(self.scope.shown_path, line, dotted(path), message, mend)
        )

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Note every field that is not one of ``known``."""
        names = tuple(known)
        for name in self.values:
            if name not in names:
                close = nearest(name, names)
                mend = f"did you mean {close}?" if close else f"known here: {listed(names)}"
                self.complain([name], "is not a setting", mend)

    def text(self, name: str) -> str | None:
        """A string that is not empty."""
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.complain([name], f"is {given(value)}", "write a text in quotes")
        elif not value.strip():
            self.complain([name], "is empty", "write a text, or leave the line out")
        else:
            return value
        return None

    def truth(self, name: str) -> bool | None:
        """True or false."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.complain([name], f"is {given(value)}", "write true or false, without quotes")
        return None

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number from ``least`` to ``most``."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.complain([name], f"is {given(value)}", f"write a whole number from {least} to {most}")
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of an array; what is not a string is told and left out."""
        value = self.values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.complain([name], f"is {given(value)}", f'write an array: {name} = ["..."]')
            return ()
        found = []
        for place, item in enumerate(value):
            if isinstance(item, str) and item.strip():
                found.append(item)
            else:
                what = "is empty" if isinstance(item, str) else f"is {given(item)}"
                self.complain([name, place], what, "write a text in quotes")
        return tuple(found)

    def table(self, name: str) -> Table | None:
        """A table within."""
        value = self.values.get(name)
        if value is None:
            return None
        path = (*self.path, name)
        if isinstance(value, dict):
            return Table(self.scope, path, value)
        mend = f"write a table: [{_header(path)}] and its lines"
        self.complain([name], f"is {given(value)}", mend)
        return None

    def tables(self, name: str) -> list[Table]:
        """The members of an array of tables; what is not a table is told and left out."""
        value = self.values.get(name)
        if value is None:
            return []
        path = (*self.path, name)
        header = _header(path)
        if not isinstance(value, list):
            mend = f"write each one under its own [[{header}]]"
            self.complain([name], f"is {given(value)}", mend)
            return []
        found = []
        for place, item in enumerate(value):
            if isinstance(item, dict):
                found.append(Table(self.scope, (*path, place), item))
            else:
                mend = f"write each one under its own [[{header}]]"
                self.complain([name, place], f"is {given(item)}", mend)
        return found


def _header(path: KeyPath) -> str:
    """What stands between the brackets of a table's header."""
    return ".".join(part for part in path if isinstance(part, str))
