"""Checks of single JSON values, with errors that say what to do.

Knows how to refuse a value: the field, what was given, what is accepted, the likely intention.
Refuses to know which fields a dialect has.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, NoReturn

from glimway.wire.refusal import SHOWN_CHARS_MAX, Refusal, shown

_SCHEME_CHARS_MAX = 16
_HEAD_CHARS_MAX = 256
# Lines may be broken, and the alphabet for addresses is as good: hosts read both.
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\-\s]+")

_WORD_CHARS_COMPARED_MAX = 64
_MEMBERS_SHOWN_MAX = 8
_DEPTH_SHOWN_MAX = 4


def wrong(param: str, value: Any, accepted: str, hint: str = "") -> NoReturn:
    """Refuse ``value`` of the field ``param``; ``accepted`` completes "must be ...".

    Raises:
        Refusal: ``invalid`` with code ``invalid_value``, always.
    """
    advice = f" {hint}" if hint else ""
    raise Refusal(
        "invalid",
        f"Invalid value for '{param}': {shown(_beginning(value))}. It must be {accepted}.{advice}",
        code="invalid_value",
        param=param,
    )


def missing(param: str, purpose: str) -> NoReturn:
    """Refuse a body that lacks ``param``.

    Raises:
        Refusal: ``invalid`` with code ``missing_field``, always.
    """
    raise Refusal(
        "invalid",
        f"Missing required field '{param}': {purpose}.",
        code="missing_field",
        param=param,
    )


def boolean(param: str, value: Any) -> bool:
    """A JSON boolean; a string or number that looks like one is named as the likely intention."""
    if value is True or value is False:
        return bool(value)
    hint = ""
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "1", "0"):
        meant = "true" if value.strip().lower() in ("true", "1") else "false"
        hint = f"You sent a string: send the boolean {meant}, without quotes."
    elif value in (0, 1):
        hint = f"Send the boolean {'true' if value else 'false'}."
    wrong(param, value, "a boolean", hint)


def integer(param: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """A whole JSON number within ``low`` and ``high`` (both included). ``1.0`` counts as 1."""
    accepted = "a whole number" + _range(low, high)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        wrong(param, value, accepted, _number_hint(value))
    if (low is not None and value < low) or (high is not None and value > high):
        wrong(param, value, accepted)
    return int(value)


def number(
    param: str, value: Any, low: float | None = None, high: float | None = None
) -> int | float:
    """A JSON number within ``low`` and ``high`` (both included), kept as int or float."""
    if type(value) is not float and type(value) is not int:
        wrong(param, value, "a number" + _range(low, high), _number_hint(value))
    if (low is not None and value < low) or (high is not None and value > high):
        wrong(param, value, "a number" + _range(low, high))
    return value


def string(param: str, value: Any, chars_max: int | None = None) -> str:
    """A JSON string of at most ``chars_max`` characters."""
    if type(value) is not str:
        wrong(param, value, "a string")
    if chars_max is not None and len(value) > chars_max:
        wrong(param, value, f"at most {chars_max} characters long (it has {len(value)})")
    return value


def address(param: str, value: Any) -> str:
    """Where an image or a file is: an address that a host can follow, or its data.

    Only the beginning is looked at: the data may have megabytes, and their host reads them anyway.
    What has no scheme passes, since some hosts take bare base64.
    """
    url = string(param, value)
    if url.startswith(("https://", "http://")):
        return url
    scheme, colon, _ = url[:_SCHEME_CHARS_MAX].partition(":")
    if colon and scheme.lower() == "file":
        hint = "A host cannot read your files: send the data, as data:image/png;base64,..."
        wrong(param, url, "an https: or data: address", hint)
    if colon and scheme.lower() == "data":
        head, comma, data = url[:_HEAD_CHARS_MAX].partition(",")
        if not comma or not data:
            wrong(param, url, "an address with data in it, such as data:image/png;base64,...")
        if head.endswith(";base64") and not _BASE64.fullmatch(data):
            wrong(param, url, "an address whose data are base64", "They hold other characters.")
    elif not url.strip():
        wrong(param, url, "an https: or data: address")
    return url


def base64_data(param: str, value: Any) -> str:
    """Data in base64, by their beginning."""
    data = string(param, value)
    if not _BASE64.fullmatch(data[:_HEAD_CHARS_MAX]):
        hint = "Send the data without 'data:...;base64,'." if data.startswith("data:") else ""
        wrong(param, data, "data in base64", hint)
    return data


def mapping(param: str, value: Any, example: str = "") -> dict[str, Any]:
    """A JSON object."""
    if type(value) is not dict:
        wrong(param, value, "an object" + (f" such as {example}" if example else ""))
    return value


def sequence(param: str, value: Any, of: str) -> list[Any]:
    """A JSON array."""
    if type(value) is not list:
        wrong(param, value, f"an array of {of}")
    return value


def one_of(param: str, value: Any, accepted: tuple[str, ...]) -> str:
    """One of a few words; a word that differs only by case is named as the likely intention."""
    if type(value) is str and value in accepted:
        return value
    hint = ""
    if type(value) is str:
        word = value.strip().lower()[:_WORD_CHARS_COMPARED_MAX]
        near = [word] if word in accepted else difflib.get_close_matches(word, accepted, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else ""
    wrong(param, value, "one of " + ", ".join(f'"{word}"' for word in accepted), hint)


def _beginning(value: Any, depth: int = _DEPTH_SHOWN_MAX) -> Any:
    """As much of a value as a message can show, so that a huge one is not spelled out first."""
    if type(value) is str:
        return value[: SHOWN_CHARS_MAX + 1]
    if type(value) is list:
        items = value[:_MEMBERS_SHOWN_MAX] if depth else []
        return [_beginning(item, depth - 1) for item in items]
    if type(value) is dict:
        keys = list(value)[:_MEMBERS_SHOWN_MAX] if depth else []
        return {_beginning(key): _beginning(value[key], depth - 1) for key in keys}
    return value


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", {low} or more"
    if high is not None:
        return f", {high} or less"
    return ""


def _number_hint(value: Any) -> str:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return ""
        return f"You sent a string: send the number {value.strip()[:20]}, without quotes."
    return ""
