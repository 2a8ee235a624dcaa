"""Strict reading of a JSON body.

Knows what JSON is, how deep it may nest, and how to say precisely what is wrong. Refuses to know
what the members mean.

msgspec does the parsing; its traps are closed here: ``RecursionError`` on deep nesting and
``UnicodeDecodeError`` stand beside ``DecodeError`` and each is the sender's fault (400).
"""

from __future__ import annotations

import codecs
import re
from typing import Any

import msgspec

from glimway.wire.refusal import Refusal

_decode = msgspec.json.Decoder().decode

DEPTH_MAX_DEFAULT = 128

COUNTED_BYTES_MAX = 2048
"""Bodies shorter than this are proved shallow by counting brackets."""

_PLACE = re.compile(r"\(byte (\d+)\)$")

_NOT_JSON = (
    (b"NaN", "send a number or null"),
    (b"Infinity", "send a number or null"),
    (b"None", "send null"),
    (b"True", "send true"),
    (b"False", "send false"),
    (b"undefined", "leave the member out"),
    (b"'", "strings stand in double quotes"),
    (b"//", "comments are not allowed"),
    (b"/*", "comments are not allowed"),
)
"""What other languages write, and what JSON has instead."""

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_object(body: bytes, *, depth_max: int = DEPTH_MAX_DEFAULT) -> dict[str, Any]:
    """Decode ``body`` to a dict.

    Of a doubled key the last value counts, and only that value is ever sent on.

    Args:
        body: the whole request body, as received.
        depth_max: how deep arrays and objects may nest.

    Raises:
        Refusal: ``invalid`` with code ``invalid_json``; the message says where and why.
    """
    try:
        value = _decode(body)
    except UnicodeDecodeError as error:
        raise _not_json(f"the body is not valid UTF-8 (a string holds {error.reason})") from None
    except RecursionError:
        raise _too_deep(depth_max) from None
    except msgspec.DecodeError as error:
        raise _not_json(_reason(body, error)) from None
    if type(value) is not dict:
        raise _not_json(f"the body is {_kind(value)}; send a JSON object")
    # Each level takes two bytes at least, and few brackets prove shallow nesting without a walk;
    # counting them in a long prompt costs far more than the walk.
    if len(body) < COUNTED_BYTES_MAX and body.count(b"[") + body.count(b"{") <= depth_max:
        return value
    if deeper_than(value, depth_max):
        raise _too_deep(depth_max)
    return value


def _reason(body: bytes, error: msgspec.DecodeError) -> str:
    if not body.strip():
        return "the body is empty; send a JSON object"
    if body.startswith(_MARKS):
        return "the body begins with a byte order mark; send plain UTF-8"
    text = str(error)
    if text == "Input data was truncated":
        return "the body ends in the middle of a value, or holds half a surrogate pair"
    if "umber out of range" in text or "nteger value out of range" in text:
        return "a number is out of range (it has too many digits, or too large an exponent)"
    said = text.removeprefix("JSON is malformed: ").removesuffix(" - at `$[...]`")
    return said + _hint(body, said)


def _hint(body: bytes, said: str) -> str:
    """What usually stands where the parser stopped; "" where that is anyone's guess."""
    place = _PLACE.search(said)
    here = body[int(place[1]) :] if place else b""
    for word, meant in _NOT_JSON:
        if here.startswith(word):
            return f"; {word.decode()} is not JSON: {meant}"
    return ""


def _not_json(reason: str) -> Refusal:
    return Refusal("invalid", f"The request body is not valid JSON: {reason}.", code="invalid_json")


def _too_deep(depth_max: int) -> Refusal:
    return Refusal(
        "invalid",
        f"The request body nests deeper than {depth_max} levels; flatten it.",
        code="invalid_json",
    )


def deeper_than(value: Any, depth_max: int) -> bool:
    """Whether an object or array nests deeper: a walk level by level, so that the walk itself
    cannot overflow a stack."""
    level: list[Any] = [value]
    for _ in range(depth_max):
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
