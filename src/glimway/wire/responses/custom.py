"""The input of a free-text tool inside the arguments of a function.

Knows how a tool that takes text is offered to a provider that has functions only, one string
property, and how its text is read back while the arguments still stream. Refuses to know which
provider needs it.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from glimway.wire.talk import Json

PROPERTY = "input"
"""The function's one property."""
HEAD_CHARS_MAX = 64
"""The text is found within so many characters, or it does not stream."""

_decode = msgspec.json.Decoder().decode
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX_DIGITS = 4
_HIGH = range(0xD800, 0xDC00)
_LOW = range(0xDC00, 0xE000)


def stand_in(tool: dict[str, Any]) -> Json:
    """The parameters of the function that stands in for a free-text tool.

    Its grammar is told in words, or the model would not know it
    (https://github.com/router-for-me/CLIProxyAPI/pull/4414).
    """
    form = tool.get("format")
    about = "The tool's whole input, as plain text."
    if type(form) is dict and form.get("definition"):
        about += f" It must follow this {form.get('syntax', '')} grammar:\n{form['definition']}"
    return {
        "type": "object",
        "properties": {PROPERTY: {"type": "string", "description": about}},
        "required": [PROPERTY],
        "additionalProperties": False,
    }


class Unwrapped:
    """The text inside the arguments of one call, as they stream."""

    __slots__ = ("_at", "_inside", "_over", "_pieces", "_said", "_text")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._text = ""  # arguments that are not decoded yet
        self._inside = False  # behind the quote that opens the text
        self._over = False  # the text has ended, or there is none at the beginning
        self._said: list[str] = []

    def feed(self, piece: str) -> str:
        """Take the next piece of the arguments; what of the text it completes."""
        self._pieces.append(piece)
        if self._over:
            return ""
        self._text += piece
        if not self._inside and not self._enter():
            return ""
        text = self._decoded()
        if text:
            self._said.append(text)
        return text

    def whole(self) -> str:
        """All of the text. Arguments without the property are taken for it, as far as they hold
        one text: a model that got the wrapping wrong still meant it."""
        arguments = "".join(self._pieces)
        try:
            value: Any = _decode(arguments)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return "".join(self._said) or arguments
        if type(value) is str:
            return value
        if type(value) is dict:
            if type(value.get(PROPERTY)) is str:
                return str(value[PROPERTY])
            texts = [inner for inner in value.values() if type(inner) is str]
            if len(texts) == len(value) == 1:
                return texts[0]
        return arguments if value else ""

    def said(self) -> str:
        """The text that ``feed`` gave back so far."""
        return "".join(self._said)

    def _enter(self) -> bool:
        """Find the quote that opens the text; only where the property comes first."""
        head = "".join(self._text[:HEAD_CHARS_MAX].split())
        opening = f'{{"{PROPERTY}":"'
        if head.startswith(opening):
            begin = self._text.index('"', self._text.index(":")) + 1
            self._text = self._text[begin:]
            self._inside = True
            return True
        if not opening.startswith(head):
            self._over = True
        return False

    def _decoded(self) -> str:
        """Decode what is complete; a cut escape, or half of a surrogate pair, waits."""
        text, out, at = self._text, [], 0
        while at < len(text):
            stop = _next(text, at)
            out.append(text[at:stop])
            at = stop
            if at == len(text):
                break
            if text[at] == '"':
                self._over = True
                self._text = ""
                return "".join(out)
            taken, sign = _escape(text, at)
            if not taken:
                break
            out.append(sign)
            at += taken
        self._text = text[at:]
        return "".join(out)


def _next(text: str, at: int) -> int:
    """Where the next quote or escape is, else the end."""
    ends = [end for sign in '"\\' if (end := text.find(sign, at)) >= 0]
    return min(ends, default=len(text))


def _escape(text: str, at: int) -> tuple[int, str]:
    """How long the escape at ``at`` is, and what it means; zero: it is not complete yet."""
    if at + 1 >= len(text):
        return 0, ""
    sign = text[at + 1]
    if sign != "u":
        return 2, _SIMPLE.get(sign, sign)
    end = at + 2 + _HEX_DIGITS
    if end > len(text):
        return 0, ""
    first = _number(text[at + 2 : end])
    if first not in _HIGH:
        return end - at, "\ufffd" if first in _LOW else chr(first)
    rest = text[end : end + 2 + _HEX_DIGITS]
    if len(rest) < 2 + _HEX_DIGITS and "\\u".startswith(rest[:2]) and '"' not in rest:
        return 0, ""
    second = _number(rest[2:]) if rest.startswith("\\u") else 0
    if second not in _LOW:
        return end - at, "\ufffd"
    pair = json.loads(f'"\\u{first:04x}\\u{second:04x}"')
    return 2 * (2 + _HEX_DIGITS), pair


def _number(digits: str) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        return 0xFFFD
