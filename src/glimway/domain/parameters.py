"""Request parameters by model: what each means, what it may be, what happens when it is left out.

Knows tables of parameters, how one table builds on another, and how a value is held to its row.
Refuses to know a request's form (the dialects check that) and to add anything to a request: a
default here says what a host does, never what Glimway sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from glimway.domain.model import Model
from glimway.domain.strict import DataError, nearest, read
from glimway.wire import check

EXTENDS_DEPTH_MAX = 8
"""A longer chain of tables is a circle."""

Kind = Literal["number", "integer", "boolean", "string", "enum", "array", "object"]


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row.

    Args:
        name: the member of a chat-completions body.
        type: what its value must be; ``enum`` is one of ``values``.
        also: another type that it may have instead.
        meaning: one or two sentences.
        default: what happens when it is left out; None: nothing of its own.
        low, high: bounds of a number, both included.
        values: the words of an ``enum``.
        items_max: of an array.
        chars_max: of a string.
        honoured_by: who acts on it, in words; empty: every host.
    """

    name: str
    type: Kind
    meaning: str
    also: Kind | None = None
    default: Any = None
    low: int | float | None = None
    high: int | float | None = None
    values: tuple[str, ...] = ()
    items_max: int | None = None
    chars_max: int | None = None
    honoured_by: str = ""

    def validate(self, value: Any) -> None:
        """Hold a value to this row; ``null`` counts as left out.

        Raises:
            Refusal: ``invalid``: the field, the value (shortened), what is accepted, and where
                it shows, what was meant.
        """
        if value is None:
            return
        if self.also is not None and type(value) in _JSON_TYPES[self.also]:
            _CHECKS[self.also](self, value)
        else:
            _CHECKS[self.type](self, value)

    def range_text(self) -> str:
        """Range or values for people: ``0 to 1``, ``one of "auto"``; empty: any."""
        if self.type == "enum":
            return ", ".join(self.values)
        if self.low is not None and self.high is not None:
            return f"{self.low} to {self.high}"
        if self.low is not None:
            return f"{self.low} or more"
        if self.high is not None:
            return f"{self.high} or less"
        if self.items_max is not None:
            return f"at most {self.items_max}"
        return f"at most {self.chars_max} characters" if self.chars_max is not None else ""


class Table(msgspec.Struct, frozen=True):
    """The parameters of one model, in the order in which people read them."""

    name: str
    parameters: tuple[Parameter, ...]

    def get(self, name: str) -> Parameter | None:
        """The row of a parameter."""
        return next((row for row in self.parameters if row.name == name), None)

    def validate(self, members: Mapping[str, Any]) -> None:
        """Hold the members of a request body to their rows; others are not judged here.

        Raises:
            Refusal: as ``Parameter.validate``.
        """
        for row in self.parameters:
            if row.name in members:
                row.validate(members[row.name])


Tables = dict[str, Table]


def table_of(known: Tables, model: Model) -> Table | None:
    """A model's table with the model's own bounds on output; None: it names none."""
    table = known.get(model.parameters)
    if table is None:
        return None
    own = {"high": model.max_output, "default": model.default_max_tokens}
    rows = tuple(
        msgspec.structs.replace(row, **{k: v for k, v in own.items() if v is not None})
        if row.name in ("max_tokens", "max_completion_tokens")
        else row
        for row in table.parameters
    )
    return Table(table.name, rows)


class _TableText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table as the file has it: another one less some rows, with changes and rows of its own."""

    extends: str = ""
    without: tuple[str, ...] = ()
    changes: dict[str, dict[str, Any]] = {}
    parameters: tuple[Parameter, ...] = ()


def tables(value: dict[str, Any], where: str) -> Tables:
    """Build every table of a decoded file.

    Args:
        value: table name -> its text form.
        where: the file's name, for messages.

    Raises:
        DataError: an unknown member or table, a change of a row that is not there, a circle.
    """
    texts = read(dict[str, _TableText], value, where)
    return {name: Table(name, _rows(name, texts, where, 0)) for name in texts}


def _rows(
    name: str, texts: Mapping[str, _TableText], where: str, depth: int
) -> tuple[Parameter, ...]:
    text = texts.get(name)
    if text is None:
        raise DataError(f"{where}: there is no table {name!r}{nearest(name, texts)}")
    if depth > EXTENDS_DEPTH_MAX:
        raise DataError(f"{where}: the tables below {name!r} build on one another in a circle")
    rows: dict[str, Parameter] = {}
    if text.extends:
        rows = {row.name: row for row in _rows(text.extends, texts, where, depth + 1)}
    for gone in (*text.without, *text.changes):
        if gone not in rows:
            raise DataError(f"{where}: {name!r} has no row {gone!r}{nearest(gone, rows)}")
    for gone in text.without:
        del rows[gone]
    for row_name, change in text.changes.items():
        merged = {**msgspec.to_builtins(rows[row_name]), **change}
        rows[row_name] = read(Parameter, merged, f"{where}: {name}.{row_name}")
    rows.update({row.name: row for row in text.parameters})
    return tuple(rows.values())


def _number(row: Parameter, value: Any) -> None:
    check.number(row.name, value, row.low, row.high)


def _integer(row: Parameter, value: Any) -> None:
    low = None if row.low is None else int(row.low)
    check.integer(row.name, value, low, None if row.high is None else int(row.high))


def _boolean(row: Parameter, value: Any) -> None:
    check.boolean(row.name, value)


def _string(row: Parameter, value: Any) -> None:
    check.string(row.name, value, row.chars_max)


def _enum(row: Parameter, value: Any) -> None:
    check.one_of(row.name, value, row.values)


def _array(row: Parameter, value: Any) -> None:
    items = check.sequence(row.name, value, "values")
    if row.items_max is not None and len(items) > row.items_max:
        check.wrong(row.name, value, f"an array of at most {row.items_max} (it has {len(items)})")


def _object(row: Parameter, value: Any) -> None:
    check.mapping(row.name, value)


_JSON_TYPES: dict[Kind, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
    "enum": (str,),
    "array": (list,),
    "object": (dict,),
}

_CHECKS: dict[Kind, Callable[[Parameter, Any], None]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "string": _string,
    "enum": _enum,
    "array": _array,
    "object": _object,
}
