"""What a regular expression says, as a tree.

Knows the syntax that schemas use: literals, classes, groups, alternatives, repetition, anchors and
word boundaries. Refuses look-around, back references, Unicode properties, and to match anything
(``pattern`` does).
Source: https://json-schema.org/understanding-json-schema/reference/regular_expressions and
https://262.ecma-international.org/#sec-regexp-regular-expression-objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

NESTING_MAX: Final = 32
"""Groups inside groups."""
REPEATS_MAX: Final = 2_000
"""The highest count of a repetition."""

Fits = Callable[[str], bool]
Place = Literal["begin", "end", "word", "inside"]


class NotUnderstood(Exception):
    """A pattern that is not understood, or too large."""


class Node(NamedTuple):
    """A piece of a pattern: a ``char`` that ``fits``, a place, ``parts`` one after another
    (``each``) or as alternatives (``any``), or a part that ``repeat``s ``least`` to ``most`` times
    (None: without end)."""

    kind: Literal["char", "each", "any", "repeat", "begin", "end", "word", "inside"]
    fits: Fits | None = None
    parts: tuple[Node, ...] = ()
    least: int = 0
    most: int | None = None


def read_pattern(source: str) -> Node:
    """Read a pattern.

    Raises:
        NotUnderstood: it is none, or uses what is not known here.
    """
    reader = _Reader(source)
    node = reader.alternatives(0)
    if not reader.ended:
        raise NotUnderstood
    return node


# ---- characters -----------------------------------------------------------------------------


def is_word(char: str) -> bool:
    """Whether a character belongs to a word."""
    return char == "_" or (char.isascii() and char.isalnum())


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdecimal()


def _not(fits: Fits) -> Fits:
    return lambda char: not fits(char)


_CLASSES: Final[dict[str, Fits]] = {
    "d": _is_digit,
    "D": _not(_is_digit),
    "w": is_word,
    "W": _not(is_word),
    "s": str.isspace,
    "S": _not(str.isspace),
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_PLACES: Final[dict[str, Place]] = {"b": "word", "B": "inside"}
_SIGNS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_ENDS: Final = frozenset("\n\r\u2028\u2029")


def _between(low: str, high: str) -> Fits:
    return lambda char: low <= char <= high


class _Reader:
    """Reads a pattern from its beginning to its end."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._source)

    def alternatives(self, depth: int) -> Node:
        """``a|b|c``, up to a closing parenthesis or the end."""
        if depth > NESTING_MAX:
            raise NotUnderstood
        parts = [self._sequence(depth)]
        while self._taken("|"):
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Node("any", parts=tuple(parts))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while not self.ended and self._peek() not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        return Node("each", parts=tuple(parts))

    def _atom(self, depth: int) -> Node:
        char = self._next()
        if char == "(":
            if self._taken("?"):
                self._group_kind()
            inner = self.alternatives(depth + 1)
            if not self._taken(")"):
                raise NotUnderstood
            return inner
        if char == "[":
            return Node("char", self._class())
        if char == ".":
            return Node("char", lambda one: one not in _ENDS)
        if char in "^$":
            return Node("begin" if char == "^" else "end")
        if char in "*+?{":
            raise NotUnderstood
        if char != "\\":
            return Node("char", char.__eq__)
        if self._peek() in _PLACES:
            return Node(_PLACES[self._next()])
        return Node("char", self._escaped())

    def _group_kind(self) -> None:
        if self._taken(":"):
            return
        if not self._taken("<") or self._peek() in ("=", "!"):
            raise NotUnderstood
        while self._next() != ">":
            pass

    def _repeated(self, node: Node) -> Node:
        char = self._peek()
        if not char or char not in "*+?{":
            return node
        self._at += 1
        least, most = _SIGNS[char] if char in _SIGNS else self._counts()
        self._taken("?")  # whether greedy or not, the same texts match
        return Node("repeat", parts=(node,), least=least, most=most)

    def _counts(self) -> tuple[int, int | None]:
        end = self._source.find("}", self._at)
        low, comma, high = self._source[self._at : max(end, self._at)].partition(",")
        self._at = end + 1
        counts = [int(one[:9]) for one in (low, high) if one.isascii() and one.isdecimal()]
        if end < 0 or len(counts) != 1 + bool(high) or not low:
            raise NotUnderstood
        least = counts[0]
        most = counts[-1] if high or not comma else None
        if max(counts) > REPEATS_MAX or (most is not None and most < least):
            raise NotUnderstood
        return least, most

    # ---- characters -------------------------------------------------------------------------

    def _class(self) -> Fits:
        negated = self._taken("^")
        kinds: list[Fits] = []
        while not self._taken("]"):
            low, fits = self._member()
            if fits is not None or self._peek() != "-":
                kinds.append(fits or low.__eq__)
                continue
            self._at += 1
            if self._peek() == "]":
                kinds += [low.__eq__, "-".__eq__]
                continue
            high, fits = self._member()
            if fits is not None or high < low:
                raise NotUnderstood
            kinds.append(_between(low, high))
        return lambda char: any(fits(char) for fits in kinds) != negated

    def _member(self) -> tuple[str, Fits | None]:
        char = self._next()
        if char != "\\":
            return char, None
        if self._peek() == "b":
            self._at += 1
            return "\b", None
        kind = _CLASSES.get(self._peek())
        if kind is not None:
            self._at += 1
            return "", kind
        return self._literal(), None

    def _escaped(self) -> Fits:
        kind = _CLASSES.get(self._peek())
        if kind is not None:
            self._at += 1
            return kind
        return self._literal().__eq__

    def _literal(self) -> str:
        """The character that an escape means; its backslash is read."""
        char = self._next()
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in "xu":
            size = 2 if char == "x" else 4
            digits = self._source[self._at : self._at + size]
            if len(digits) < size or any(one not in "0123456789abcdefABCDEF" for one in digits):
                raise NotUnderstood
            self._at += size
            return chr(int(digits, 16))
        if char.isalnum():
            raise NotUnderstood  # a back reference, a property, or something newer
        return char

    def _next(self) -> str:
        if self._at >= len(self._source):
            raise NotUnderstood
        self._at += 1
        return self._source[self._at - 1]

    def _peek(self) -> str:
        """The next character; empty at the end."""
        return self._source[self._at : self._at + 1]

    def _taken(self, char: str) -> bool:
        if self._peek() != char:
            return False
        self._at += 1
        return True
