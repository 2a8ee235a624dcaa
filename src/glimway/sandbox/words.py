"""The words of a prompt: what an answer, a tool argument or a JSON string is made of.

Knows which words of a text matter (names, long words, numbers). Refuses to know grammar and any
language but the shape of its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

PROMPT_CHARS_MAX: Final = 20_000
"""Words are looked for in this much of the prompt's end; the question stands there."""

WORDS_MAX: Final = 64
WORD_CHARS_MAX: Final = 40

_WORD = re.compile(r"[^\W\d_][\w'’-]*")  # noqa: RUF001  # a typographic apostrophe in a word
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")

COMMON: Final[frozenset[str]] = frozenset(
    "a about after again all also am an and any are as ask at be because been before but by call"
    " can could do does for from get give had has have he hello help her hey hi him his how i if"
    " in into is it its just let like make many may me more most much must my need no not now of"
    " on one only or other our out please say see set she should show so some tell than thank"
    " thanks that the their them then there these they this to tool two up us use using want was"
    " we were what what's when where which who why will with would write yes you your".split()
)


class Words:
    """The words of one prompt, handed out in order and again from the start.

    Args:
        text: the prompt.
    """

    def __init__(self, text: str) -> None:
        tail = text[-PROMPT_CHARS_MAX:]
        self.all: frozenset[str] = frozenset(word.lower() for word in _WORD.findall(tail))
        names: dict[str, None] = {}
        others: dict[str, None] = {}
        for match in _WORD.finditer(tail):
            word = match.group()[:WORD_CHARS_MAX].rstrip("'’-")  # noqa: RUF001
            if word.lower() in COMMON or (len(word) < 3 and word.isascii()):
                continue
            # A capital in the middle of a sentence marks a name, and names answer most questions.
            inside = match.start() > 0 and tail[: match.start()].rstrip()[-1:] not in ".!?:\n"
            (names if word[0].isupper() and inside else others).setdefault(word)
        self.topics: list[str] = [*names, *others][:WORDS_MAX]
        self._numbers = [float(number) for number in _NUMBER.findall(tail)[:WORDS_MAX]]
        self._next_topic = 0

    def topic(self) -> str:
        """The next word that matters; a plain noun where the prompt has none."""
        if not self.topics:
            return "question"
        word = self.topics[self._next_topic % len(self.topics)]
        self._next_topic += 1
        return word

    def phrase(self) -> str:
        """The next two words that matter."""
        first, second = self.topic(), self.topic()
        return first if first == second else f"{first} {second}"

    def number(self, fits: Callable[[float], bool]) -> float | None:
        """The next number of the prompt that ``fits``; each is given once."""
        for at, number in enumerate(self._numbers):
            if fits(number):
                return self._numbers.pop(at)
        return None

    def chosen(self, options: list[str]) -> str | None:
        """The first of ``options`` that the prompt names as a word."""
        return next((option for option in options if option.lower() in self.all), None)
