"""Models' own tokenizers, from files.

Knows the library that reads ``tokenizer.json``, which is an extra: ``glimway check`` says so where
a file is named and the library is missing. Refuses to know what is counted for whom.

A file is read at its first use and beside the loop: it takes a second and tens of megabytes, which
nobody should pay who never counts.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

_log = logging.getLogger("glimway")

PIECE_CHARS_MAX = 100_000
"""Texts are counted in pieces of this length: a tokenizer's memory grows with the text."""


class Tokenizer:
    """One file's tokenizer.

    Args:
        file: path of a ``tokenizer.json``.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._read: Any = None
        self._wrong = False

    def count(self, texts: list[str]) -> int | None:
        """The tokens of texts, without any that a template adds; None: the file cannot be read.
        Takes long for long texts: not for the loop's thread."""
        if self._read is None and not self._wrong:
            self._load()
        if self._read is None:
            return None
        pieces = [
            text[at : at + PIECE_CHARS_MAX]
            for text in texts
            for at in range(0, len(text), PIECE_CHARS_MAX)
        ]
        found = self._read.encode_batch_fast(pieces, add_special_tokens=False)
        return sum(len(one.ids) for one in found)

    def _load(self) -> None:
        try:
            library = importlib.import_module("tokenizers")
            self._read = library.Tokenizer.from_file(self._file)
        except Exception as error:  # noqa: BLE001 - its own are bare
            self._wrong = True
            _log.error(
                "glimway: the tokenizer %s cannot be read, so prompts are estimated: %s",
                self._file,
                error,
            )
