"""Scripts: what a request asks the sandbox to do wrong, slowly or oddly.

Knows the grammar (``glm-4.7-flash:slow+cut-5``) and which names the table holds. Refuses to know
what any of them does to an answer: the rooms, the mind and the delivery ask a script by name.
"""

from __future__ import annotations

import difflib
import re
from typing import Final, Literal

import msgspec

from glimway.wire.refusal import Refusal, shown

SCRIPT_CHARS_MAX: Final = 512
PARTS_MAX: Final = 32
NUMBER_MAX: Final = 1_000_000
WORD_CHARS_MAX: Final = 32

Group = Literal["pace", "host", "answer", "status", "wire", "stream", "usage", "model", "tools"]
"""Where a behaviour acts; the docs print one table for each."""

CALM: Final[frozenset[str]] = frozenset({"pace", "host", "answer"})
"""Groups that are no fault: they stay when ``fail-first-N`` has had its failures."""

_SEPARATOR = re.compile(r"[:+,]")
_WORD = re.compile(rf"[A-Za-z0-9_.-]{{1,{WORD_CHARS_MAX}}}")


class Behaviour(msgspec.Struct, frozen=True):
    """One row of the table of scripts.

    Args:
        name: as written in a script; a last ``-N`` stands for a number, ``-X`` for a word.
        group: where it acts.
        does: what the sandbox does.
        sees: what the user of a good client sees.
        only: it acts on ``streams`` only, or needs declared ``tools`` (else the request is
            refused, so that no test passes because nothing happened).
    """

    name: str
    group: Group
    does: str
    sees: str
    only: Literal["", "streams", "tools"] = ""


class Script(msgspec.Struct, frozen=True):
    """A parsed script: stem -> value ("" where the behaviour takes none)."""

    parts: dict[str, str] = {}

    def has(self, stem: str) -> bool:
        """Say whether the behaviour ``stem`` (its name without ``-N``) is asked for."""
        return stem in self.parts

    def number(self, stem: str) -> int | None:
        """The number of ``stem-N``, or None where it is not asked for."""
        value = self.parts.get(stem)
        return None if value is None else int(value)

    def word(self, stem: str) -> str:
        """The word of ``stem-X``, or "" where it is not asked for."""
        return self.parts.get(stem, "")

    def spelled(self) -> str:
        """The script in its own grammar, as the answer's ``x-sandbox-script`` repeats it."""
        return "+".join(f"{stem}-{value}" if value else stem for stem, value in self.parts.items())


class Grammar:
    """Reads scripts against one table.

    Args:
        table: every behaviour there is.
    """

    def __init__(self, table: tuple[Behaviour, ...]) -> None:
        self.table = table
        self._rows: dict[str, Behaviour] = {}
        self._exact: set[str] = set()
        self._numbered: set[str] = set()
        self._worded: list[str] = []
        for row in table:
            name = _key(row.name)
            if row.name.endswith("-N"):
                name = name[:-2]
                self._numbered.add(name)
            elif row.name.endswith("-X"):
                name = name[:-2]
                self._worded.append(name)
            else:
                self._exact.add(name)
            self._rows.setdefault(name, row)

    def split(self, model: str) -> tuple[str, str]:
        """Cut ``glm-4.7-flash:slow+eos`` into the model's name and the text of its script."""
        name, _, text = model.partition(":")
        return name, text

    def read(self, text: str) -> Script:
        """Parse one script; its parts are joined by ``+``, ``,`` or ``:``.

        Raises:
            Refusal: ``invalid`` with code ``unknown_script``; the message lists the known names.
        """
        if len(text) > SCRIPT_CHARS_MAX:
            raise _wrong(f"The script is longer than {SCRIPT_CHARS_MAX} characters.")
        pieces = [piece.strip() for piece in _SEPARATOR.split(text)]
        if len(pieces) > PARTS_MAX:
            raise _wrong(f"The script has more than {PARTS_MAX} parts.")
        parts: dict[str, str] = {}
        for piece in pieces:
            if piece:
                stem, value = self._part(piece)
                parts[stem] = value
        return Script(parts)

    def join(self, first: Script, second: Script) -> Script:
        """Both scripts in one; the second wins where both name the same behaviour."""
        return Script({**first.parts, **second.parts})

    def calm(self, script: Script) -> Script:
        """The script without its faults."""
        return Script({k: v for k, v in script.parts.items() if self.row(k).group in CALM})

    def faults(self, script: Script) -> bool:
        """Say whether the script asks for anything that is a fault."""
        return any(self.row(stem).group not in CALM for stem in script.parts)

    def row(self, stem: str) -> Behaviour:
        """The row of a stem that ``read`` returned."""
        return self._rows[stem]

    def _part(self, piece: str) -> tuple[str, str]:
        key = _key(piece)
        stem, _, tail = key.rpartition("-")
        if stem in self._numbered and tail.isdecimal() and tail.isascii():
            if len(tail) > 7 or int(tail) > NUMBER_MAX:
                raise _wrong(f"The number in {shown(piece)} is larger than {NUMBER_MAX}.")
            return stem, str(int(tail))
        if key in self._exact:
            return key, ""
        for stem in self._worded:
            word = piece[len(stem) + 1 :]
            if key.startswith(stem + "-") and _WORD.fullmatch(word):
                return stem, word
        raise self._unknown(piece)

    def _unknown(self, piece: str) -> Refusal:
        names = [row.name for row in self.table]
        near = difflib.get_close_matches(piece.lower(), names, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return _wrong(
            f"The sandbox has no script {shown(piece)}.{hint} N stands for a number, X for a word."
            f" Known scripts: {', '.join(names)}."
        )


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


def _wrong(message: str) -> Refusal:
    return Refusal("invalid", message, code="unknown_script", param="model")
