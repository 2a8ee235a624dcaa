"""Tokens by a simple rule, and text cut into words.

Knows the one rule of counting: a token is four bytes of UTF-8, begun ones count whole. Refuses to
know any real tokenizer: a test can predict these numbers with a pocket calculator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

BYTES_PER_TOKEN: Final = 4

WORD_CHARS_MAX: Final = 48
"""A longer run without a space (Chinese, a URL) is cut, so that it streams too. Longer than a
marker, so that a marker is never cut."""

_WORD = re.compile(rf"\s*\S{{1,{WORD_CHARS_MAX}}}|\s+")


def count(text: str) -> int:
    """The tokens of ``text``."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def words(text: str) -> Iterator[str]:
    """Cut ``text`` into words, each with the space before it; joined they are the text."""
    for match in _WORD.finditer(text):
        yield match.group()


def head(text: str, tokens: int) -> str:
    """The longest beginning of ``text`` that ends after a word and counts at most ``tokens``.

    Where not even the first word fits, the word is cut between two characters.
    """
    room = tokens * BYTES_PER_TOKEN
    used = 0
    end = 0
    for word in words(text):
        used += len(word.encode("utf-8", "surrogatepass"))
        if used > room:
            break
        end += len(word)
    else:
        return text
    if end or room <= 0:
        return text[:end]
    return text.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore")
