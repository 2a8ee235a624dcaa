"""From decoded TOML to a typed value, with errors that say where and what is meant.

Knows msgspec's structs and their nested types. Refuses to know what any of them is about, and
where the text came from.
"""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class DataError(ValueError):
    """A data file says something that cannot be; the message names the place."""


def read(kind: type[T], value: Any, where: str) -> T:
    """Convert ``value`` to ``kind``.

    Args:
        kind: a struct type; it and those below it must forbid unknown members.
        value: what ``tomllib`` gave.
        where: begins every message, such as the file's name.

    Raises:
        DataError: an unknown member (with the nearest known one), a wrong type, a missing member.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        # Only now, since walking the types costs ten times the conversion.
        unknown = _unknown(msgspec.inspect.type_info(kind), value, "")
        raise DataError(f"{where}: {unknown or error}") from None


def laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """One decoded table laid over another: tables are merged, everything else is replaced.

    An empty table above says "none of these" and clears what lies below.
    """
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        if isinstance(value, dict) and value and isinstance(under, dict):
            result[name] = laid_over(under, value)
        else:
            result[name] = value
    return result


def nearest(name: str, known: Any) -> str:
    """``, did you mean 'x'?`` for the nearest of the known names, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f", did you mean {close[0]!r}?" if close else ""


def _unknown(kind: Any, value: Any, path: str) -> str | None:
    """The first member that its struct does not have, as a message."""
    if isinstance(kind, msgspec.inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        for name, inner in value.items():
            place = f"{path}.{name}" if path else name
            if name not in fields:
                return f"{place!r} is not known{nearest(name, fields)}"
            found = _unknown(fields[name], inner, place)
            if found is not None:
                return found
    elif isinstance(kind, msgspec.inspect.DictType) and isinstance(value, dict):
        for name, inner in value.items():
            found = _unknown(kind.value_type, inner, f"{path}.{name}")
            if found is not None:
                return found
    elif isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(value, list):
        for place, inner in enumerate(value):
            found = _unknown(kind.item_type, inner, f"{path}[{place}]")
            if found is not None:
                return found
    elif isinstance(kind, msgspec.inspect.UnionType):
        for one in kind.types:
            if isinstance(one, msgspec.inspect.StructType):
                return _unknown(one, value, path)
    return None
