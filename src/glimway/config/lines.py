"""Where each value of a TOML file stands.

Knows TOML's grammar as far as keys, brackets and strings go. Refuses to know whether a file is
valid (``tomllib`` has said so before; it gives values, but no line numbers) and what values mean.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]
"""Keys from the root: names of tables, and places (from 0) in arrays and arrays of tables."""

_BLANK = re.compile(r"(?:[ \t\n]+|\#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2})'
    r"|'''[\s\S]*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


class Lines:
    """The lines (from 1) of a file's keys and values."""

    __slots__ = ("_at",)

    def __init__(self, at: dict[KeyPath, int]) -> None:
        self._at = at

    def of(self, path: KeyPath) -> int:
        """The line of ``path``, else of the nearest thing that holds it, else 1."""
        for size in range(len(path), 0, -1):
            line = self._at.get(path[:size])
            if line is not None:
                return line
        return 1

    def __contains__(self, path: KeyPath) -> bool:
        return path in self._at


def find_lines(text: str) -> Lines:
    """Map every key path of a valid TOML document to its line.

    A table's line is its header's (or its first key's), a value's line is its key's, and an array
    item's line is its own. Where the text is not TOML, the map ends.

    Raises:
        RecursionError: nested deeper than the interpreter allows.
    """
    scan = _Scan(text.replace("\r\n", "\n"))
    with contextlib.suppress(_NotToml):
        scan.document()
    return Lines(scan.at)


class _NotToml(Exception):
    """The scan met something that valid TOML cannot hold."""


class _Scan:
    """One walk through a document."""

    def __init__(self, text: str) -> None:
        self.at: dict[KeyPath, int] = {}
        self._text = text
        self._place = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._last: dict[KeyPath, int] = {}
        """Of each array of tables: the place of its newest member, which headers below mean."""

    def document(self) -> None:
        """Walk all statements."""
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._take("[["):
                table = self._array_header()
            elif self._take("["):
                line = self._line()
                table = self._inside(self._keys())
                self._expect("]")
                self._record(table, line)
            else:
                self._pair(table)

    def _array_header(self) -> KeyPath:
        line = self._line()
        keys = self._keys()
        self._expect("]]")
        array = (*self._inside(keys[:-1]), keys[-1])
        self._last[array] = self._last.get(array, -1) + 1
        member = (*array, self._last[array])
        self._record(array, line)
        self._record(member, line)
        return member

    def _inside(self, keys: tuple[str, ...]) -> KeyPath:
        """The path that a header's keys mean at this point of the file."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._last:
                path = (*path, self._last[path])
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._record(path, line)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._take("["):
            self._items(path)
        elif self._take("{"):
            self._inline(path)
        elif not self._match(_STRING) and not self._match(_SCALAR):
            raise _NotToml

    def _items(self, path: KeyPath) -> None:
        count = 0
        while True:
            self._skip(_BLANK)
            if self._take("]"):
                return
            item = (*path, count)
            self._record(item, self._line())
            self._value(item)
            count += 1
            self._skip(_BLANK)
            if not self._take(",") and not self._text.startswith("]", self._place):
                raise _NotToml

    def _inline(self, path: KeyPath) -> None:
        while True:
            self._skip(_BLANK)
            if self._take("}"):
                return
            self._pair(path)
            self._skip(_BLANK)
            if not self._take(",") and not self._text.startswith("}", self._place):
                raise _NotToml

    def _keys(self) -> tuple[str, ...]:
        """A dotted key."""
        keys = []
        while True:
            self._skip(_SPACE)
            token = self._match(_BARE)
            if not token:
                token = self._match(_STRING)
                if not token:
                    raise _NotToml
                token = str(tomllib.loads(f"key = {token}")["key"])
            keys.append(token)
            self._skip(_SPACE)
            if not self._take("."):
                return tuple(keys)

    def _record(self, path: KeyPath, line: int) -> None:
        """Note where ``path`` begins, and all that holds it and has not been met before."""
        while path and path not in self.at:
            self.at[path] = line
            path = path[:-1]

    def _line(self) -> int:
        return bisect_right(self._breaks, self._place - 1) + 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        self._match(pattern)
        return self._place

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._place)
        if found is None:
            return ""
        self._place = found.end()
        return found.group()

    def _take(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._place):
            return False
        self._place += len(mark)
        return True

    def _expect(self, mark: str) -> None:
        self._skip(_SPACE)
        if not self._take(mark):
            raise _NotToml
