"""What an administrator sends: JSON bodies and query strings, read strictly.

Knows how to refuse a field: by name, with what was given, what is accepted and the nearest name.
Refuses to know what the fields mean.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar, get_args

import msgspec
from starlette.requests import Request

from glimway.wire.body import decode_object
from glimway.wire.check import missing, wrong
from glimway.wire.refusal import Refusal, shown

BODY_BYTES_MAX: Final = 65_536
BODY_DEPTH_MAX: Final = 8
NEAREST_RATIO: Final = 0.6
"""How alike a name must be to be suggested (``difflib``'s ratio)."""

T = TypeVar("T", bound=msgspec.Struct)

_PLACE: Final = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)
_NAMES: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


async def read_body(request: Request, kind: type[T]) -> T:
    """The request's body as a ``kind``; an empty body stands for ``{}``.

    Raises:
        As ``read_object`` and ``valid``.
    """
    return valid(kind, await read_object(request))


async def read_object(
    request: Request, bytes_max: int = BODY_BYTES_MAX, depth_max: int = BODY_DEPTH_MAX
) -> dict[str, Any]:
    """The request's body as it was sent; an empty body stands for ``{}``.

    Args:
        request: whose.
        bytes_max: a larger one is refused.
        depth_max: so is one that is nested deeper.

    Raises:
        Refusal: ``too_large``; ``invalid`` with code ``invalid_json``.
        ClientDisconnect: the client left before its end.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > bytes_max:
            raise Refusal("too_large", f"The body is larger than {bytes_max} bytes.")
    return decode_object(body, depth_max=depth_max) if body.strip() else {}


def valid(kind: type[T], value: dict[str, Any]) -> T:
    """An object as a ``kind``.

    Args:
        kind: a struct; members that it, or a struct in it, does not have are refused.
        value: what was sent.

    Raises:
        Refusal: ``invalid`` with code ``unknown_parameter``, ``missing_field`` or
            ``invalid_value``.
    """
    _check_names(kind, value, "")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _not_valid(error, value) from None


def read_query(request: Request, known: Iterable[str]) -> dict[str, str]:
    """The parameters of the query string, each at most once.

    Args:
        request: whose.
        known: their names.

    Raises:
        Refusal: ``invalid`` for an unknown or a repeated one.
    """
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise _unknown(name, name, known)
        if name in found:
            raise Refusal(
                "invalid", f"The parameter '{name}' is given twice; give it once.", param=name
            )
        found[name] = value
    return found


def count(param: str, text: str | None, default: int, most: int) -> int:
    """A query parameter that is a whole number from 1 to ``most``.

    Raises:
        Refusal: ``invalid``.
    """
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        wrong(param, text, f"a whole number from 1 to {most}")
    return int(text)


def _check_names(kind: type[msgspec.Struct], value: dict[str, Any], path: str) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in fields:
            raise _unknown(name, path + name, fields)
    for name, field in fields.items():
        if name not in value:
            if field.required:
                missing(path + name, "it has no default")
            continue
        inner = value[name]
        for part in (field.type, *get_args(field.type)):
            is_struct = isinstance(part, type) and issubclass(part, msgspec.Struct)
            if is_struct and isinstance(inner, dict):
                _check_names(part, inner, f"{path}{name}.")


def _unknown(name: str, param: str, known: Iterable[str]) -> Refusal:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=NEAREST_RATIO)
    advice = f"Did you mean '{close[0]}'?" if close else f"Known are: {', '.join(known)}."
    return Refusal(
        "invalid",
        f"Unknown field {shown(param)}. {advice}",
        code="unknown_parameter",
        param=shown(param)[1:-1],
    )


def _not_valid(error: msgspec.ValidationError, value: Any) -> Refusal:
    """Say what msgspec found in the words of the other errors."""
    found = _PLACE.fullmatch(str(error))
    reason, param = (found[1], found[2]) if found else (str(error), "")
    for step in re.findall(r"[^.\[\]]+", param):
        value = value[int(step)] if isinstance(value, list) else value[step]
    wanted, _, _got = reason.partition(", got ")
    wanted = re.sub(r"`([^`]*)`", _named, wanted).removeprefix("Expected ")
    return Refusal(
        "invalid",
        f"Invalid value for '{param}': {shown(value)}. It must be {wanted}.",
        code="invalid_value",
        param=param,
    )


def _named(types: re.Match[str]) -> str:
    return " or ".join(_NAMES.get(name, name) for name in types[1].split(" | "))
