"""One value of one setting, from the file or from text.

Knows how each type of the table is read, checked and asked for. Refuses to know sections, files
and order.
"""

from __future__ import annotations

from glimway.config.problem import given, listed, nearest
from glimway.config.settings import Setting
from glimway.wire.refusal import shown

Value = str | int | float


class WrongValue(Exception):
    """A value cannot be taken.

    Args:
        message: what is wrong.
        mend: what to write instead.
    """

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


def value_of(setting: Setting, value: object) -> Value:
    """Check a TOML value.

    Raises:
        WrongValue: its type or range does not fit.
    """
    if setting.choices:
        return _choice(setting, value)
    if setting.type is str:
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value
        what = "is empty" if isinstance(value, str) and not value.strip() else f"is {given(value)}"
        raise WrongValue(what, accepted(setting))
    # bool is an int to Python, but nobody means 1 by true
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue(f"is {given(value)}", accepted(setting))
    if setting.type is int and not isinstance(value, int):
        raise WrongValue(f"is {given(value)}", accepted(setting))
    if not _inside(setting, value):
        raise WrongValue(f"is {given(value)}", accepted(setting))
    return float(value) if setting.type is float else value


def value_of_text(setting: Setting, text: str) -> Value:
    """Read a variable's or a flag's value.

    Raises:
        WrongValue: it cannot be read as the setting's type, or its range does not fit.
    """
    if setting.choices or setting.type is str:
        return value_of(setting, text)
    try:
        number = int(text) if setting.type is int else float(text)
    except ValueError:
        raise WrongValue(f"is {shown(text)}", accepted(setting)) from None
    return value_of(setting, number)


def accepted(setting: Setting) -> str:
    """What to write: ``write a whole number from 0 to 65535``."""
    if setting.choices:
        return "write " + listed(f'"{choice}"' for choice in setting.choices)
    if setting.type is str:
        return "write a text in quotes"
    kind = "a whole number" if setting.type is int else "a number"
    return f"write {kind} {span(setting)}"


def span(setting: Setting) -> str:
    """The range of numbers: ``from 1 to 3600``."""
    least, most = setting.row.least, setting.row.most
    return f"from {least:g} to {int(most) if most is not None else ''}"


def _choice(setting: Setting, value: object) -> str:
    if isinstance(value, str) and value in setting.choices:
        return value
    mend = accepted(setting)
    if isinstance(value, str) and (close := nearest(value.lower(), setting.choices)):
        mend = f'did you mean "{close}"?'
    raise WrongValue(f"is {given(value)}", mend)


def _inside(setting: Setting, value: float) -> bool:
    least, most = setting.row.least, setting.row.most
    # Asked this way round, NaN is outside
    return (least is None or value >= least) and (most is None or value <= most)
