"""A text for a pattern: the simple part of regular expressions, by construction.

Knows literals, classes, groups, alternatives (the first is taken), repeats and anchors, which is
what JSON schemas use. Refuses to run a pattern: one from a request can take for ever, so the text
is built from the pattern and never tested against it. What is not understood (look-around,
back-references) is skipped.
"""

from __future__ import annotations

import re
from typing import Final

TEXT_CHARS_MAX: Final = 1_000
DEPTH_MAX: Final = 20

_CLASSES: Final[dict[str, str]] = {"d": "7", "w": "a", "s": " ", "D": "x", "W": "-", "S": "a"}
_ESCAPES: Final[dict[str, str]] = {"n": "\n", "t": "\t", "r": "\r"}
_REPEAT = re.compile(r"\{(\d{1,6})(?:,(\d{1,6})?)?\}")


def example(pattern: str) -> str:
    """A short text that ``pattern`` matches, where the pattern is of the simple kind."""
    return _Reader(pattern).alternatives(0)[:TEXT_CHARS_MAX]


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def alternatives(self, depth: int) -> str:
        """Read up to the closing bracket; the first alternative counts."""
        first = self._sequence(depth)
        while self._peek() == "|":
            self._at += 1
            self._sequence(depth)
        return first

    def _sequence(self, depth: int) -> str:
        made: list[str] = []
        size = 0
        while self._peek() not in ("", "|", ")"):
            piece = self._atom(depth)
            low = self._repeats()
            if size + len(piece) * low <= TEXT_CHARS_MAX:
                made.append(piece * low)
                size += len(piece) * low
        if depth == 0 and self._peek() == ")":
            self._at += 1  # one bracket too many is skipped
            return "".join(made) + self._sequence(depth)
        return "".join(made)

    def _atom(self, depth: int) -> str:
        sign = self._next()
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escape(self._next())
        if sign == ".":
            return "a"
        return "" if sign in "^$" else sign

    def _group(self, depth: int) -> str:
        silent = self._text.startswith(("?=", "?!", "?<=", "?<!"), self._at)
        if self._peek() == "?":
            named = re.compile(r"\?(?:P?<\w+>|<?[=!:]|:)").match(self._text, self._at)
            self._at = named.end() if named else self._at + 1
        if depth >= DEPTH_MAX:
            self._at = len(self._text)
            return ""
        inner = self.alternatives(depth + 1)
        if self._peek() == ")":
            self._at += 1
        return "" if silent else inner

    def _class(self) -> str:
        denied = self._peek() == "^"
        if denied:
            self._at += 1
        members = ""
        while True:
            sign = self._next()
            if sign == "" or (sign == "]" and members):
                break
            members += self._escape(self._next()) if sign == "\\" else sign
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("]", ""):
                self._at += 1
                last = self._next()
                if denied:  # the whole range is out, not only its ends
                    span = range(ord(members[-1]), min(ord(last), ord(members[-1]) + 255) + 1)
                    members += "".join(map(chr, span))
        if not denied:
            return members[:1]
        return next((sign for sign in "a7 -Zé" if sign not in members), "")

    def _escape(self, sign: str) -> str:
        if sign in ("b", "B", "A", "Z", "z"):
            return ""
        return _CLASSES.get(sign) or _ESCAPES.get(sign) or sign

    def _repeats(self) -> int:
        """How often the last piece stands; the smallest number that is not nothing."""
        sign = self._peek()
        if sign in ("*", "+", "?"):
            self._at += 1
            low = 1
        elif counted := _REPEAT.match(self._text, self._at):
            self._at = counted.end()
            most = counted.group(2)
            low = int(counted.group(1)) or (0 if most == "0" else 1)
            if counted.group(1) == "0" and counted.group(0) == "{0}":
                low = 0
        else:
            return 1
        if self._peek() in ("?", "+"):  # lazy and possessive repeats
            self._at += 1
        return min(low, TEXT_CHARS_MAX)

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        sign = self._peek()
        self._at += 1
        return sign
