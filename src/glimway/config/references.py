"""Secrets in the file: never written out, only named.

Knows the two forms of a reference, ``{ env = "NAME" }`` and ``{ file = "PATH" }``. Refuses to know
what a secret is for.

A problem with a reference never shows what stands in the file: people paste the key itself where
its variable's or its file's name belongs.
"""

from __future__ import annotations

import re
from typing import Final

from glimway.config.lines import KeyPath
from glimway.config.places import expanded
from glimway.config.problem import given
from glimway.config.secrets import Secret
from glimway.config.table import Table

SECRET_BYTES_MAX: Final = 65_536
"""The largest file that is read as a secret; a bearer token is below 10 KiB."""

FORMS: Final = '{ env = "NAME" } or { file = "PATH" }'

_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SHOWN_VARIABLE = re.compile("[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
"""Names that cannot be a pasted key, and may be shown."""


def read_secret(table: Table, name: str, *, spaces: bool = False) -> Secret | None:
    """The secret that a field refers to, or None after a problem was noted.

    Args:
        table: holds the field.
        name: of the field.
        spaces: the secret may hold spaces (a whole header), a key may not.
    """
    return _referred(table, name, (name,), table.values.get(name), spaces=spaces)


def read_secrets(table: Table, name: str, most: int) -> tuple[Secret, ...]:
    """The secrets that an array refers to; those with a problem are told and left out.

    Args:
        table: holds the field.
        name: of the field.
        most: how many there may be.
    """
    value = table.values.get(name)
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        # What stands here may be a key: it is not repeated.
        what = f"has {len(value)} entries" if isinstance(value, list) else "is not an array"
        mend = f"write {name} = [{FORMS.replace(' or', ',')}], 1 to {most} of them"
        table.complain([name], what, mend)
        return ()
    found = [
        _referred(table, name, (name, place), item, spaces=False)
        for place, item in enumerate(value)
    ]
    return tuple([one for one in found if one is not None])


def _referred(
    table: Table, name: str, path: KeyPath, value: object, *, spaces: bool
) -> Secret | None:
    if value is None:
        return None
    if isinstance(value, str):
        mend = f"write {name} = {FORMS}, and make a new key if others may have seen this one"
        table.complain(path, "is written out in the file", mend)
        return None
    if not isinstance(value, dict):
        table.complain(path, f"is {given(value)}", f"write {name} = {FORMS}")
        return None
    if len(value) != 1 or not value.keys() <= {"env", "file"}:
        table.complain(path, "must have one of env and file", f"write {name} = {FORMS}")
        return None
    kind, target = next(iter(value.items()))
    if not isinstance(target, str) or not target.strip():
        table.complain((*path, kind), f"is {given(target)}", f"write {name} = {FORMS}")
        return None
    secret = _variable(table, path, target) if kind == "env" else _file(table, path, target)
    if secret is None or is_sound(secret.reveal(), spaces=spaces):
        return secret
    message = "the key holds a space, a line break or a letter that no key has"
    table.complain((*path, kind), message, "put the key alone there, without quotes or name")
    return None


def is_sound(value: str, *, spaces: bool = False) -> bool:
    """Whether a secret can stand in a header."""
    return value.isascii() and value.isprintable() and (spaces or " " not in value)


def _variable(table: Table, path: KeyPath, variable: str) -> Secret | None:
    if not _VARIABLE.fullmatch(variable):
        mend = "write the variable's name here and put the key into the variable"
        table.complain((*path, "env"), "is not the name of a variable", mend)
        return None
    words = variable if _SHOWN_VARIABLE.fullmatch(variable) else "the variable named here"
    value = table.scope.environ.get(variable, "").strip()
    if not value:
        mend = "set it in the environment of the server, or remove this line"
        table.complain((*path, "env"), f"{words} is not set", mend)
        return None
    return Secret(value, variable)


def _file(table: Table, path: KeyPath, target: str) -> Secret | None:
    place = table.scope.folder / expanded(target)
    try:
        with place.open("rb") as file:
            data = file.read(SECRET_BYTES_MAX + 1)
        value = data.decode().strip()
    except (OSError, ValueError) as error:  # ValueError: no text, or a NUL in the path
        reason = getattr(error, "strerror", None) or "it does not hold text"
        table.complain((*path, "file"), f"cannot be read: {reason}", "give the path of a text file")
        return None
    if not value or len(data) > SECRET_BYTES_MAX:
        what = "is empty" if not value else f"is larger than {SECRET_BYTES_MAX} bytes"
        table.complain((*path, "file"), f"the file {what}", "put the key alone into the file")
        return None
    return Secret(value, target)
