"""A mistake in the configuration, told so that its reader can mend it.

Knows where the mistake stands, what it is and what to write instead. Refuses to know how mistakes
are found. A problem never carries a secret: whoever makes one shows values through ``given``.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Sequence

import msgspec

from glimway.wire.refusal import shown

ENVIRONMENT = "environment"
"""The ``path`` of a problem with a variable; its ``line`` is 0."""

COMMAND_LINE = "command line"
"""The ``path`` of a problem with a flag; its ``line`` is 0."""

INTEGER_BITS_MAX = 64
"""Larger numbers are not printed: nobody meant them, and Python refuses to print the largest."""

_BARE_KEY = re.compile("[A-Za-z0-9_-]+")

NEAREST_RATIO = 0.6
"""How alike (0 to 1) an unknown name must be to a known one to be taken for a slip of the pen."""


class Problem(msgspec.Struct, frozen=True, order=True):
    """One mistake.

    Args:
        path: the file as it was named, or ``ENVIRONMENT`` or ``COMMAND_LINE``.
        line: from 1; 0 where there is no line.
        key: the setting's dotted path (``models[0].endpoints[1].price.input``), the variable or
            the flag; empty when the whole file is to blame.
        message: what is wrong, with what was given.
        mend: what to do about it.
    """

    path: str
    line: int
    key: str
    message: str
    mend: str

    def __str__(self) -> str:
        """``FILE:LINE: key: message; mend``, leaving out what is not known."""
        where = f"{self.path}:{self.line}" if self.line else self.path
        key = f" {self.key}:" if self.key else ""
        return f"{where}:{key} {self.message}; {self.mend}"


class ConfigError(Exception):
    """The configuration cannot be used.

    Args:
        problems: every mistake found, in the order of the file.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def dotted(path: Iterable[str | int]) -> str:
    """A key path as a reader of the file would say it: ``models[0].aliases[1]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else shown(part))
    return text


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` was probably meant to be, or None."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=NEAREST_RATIO)
    return close[0] if close else None


def given(value: object) -> str:
    """What stands in the file, with its TOML type: ``"80" (a string)``.

    Tables and arrays are named, not printed: they may hold anything, also secrets.
    """
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"{shown(value)} (a string)"
    if isinstance(value, dt.date | dt.time):
        return f"{value} (a date or time)"
    if isinstance(value, int) and value.bit_length() > INTEGER_BITS_MAX:
        return "a number of astronomical size"
    return shown(value)


def listed(names: Iterable[str]) -> str:
    """Names as an enumeration: ``a, b or c``."""
    words = list(names)
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " or " + words[-1]
