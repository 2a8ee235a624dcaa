"""Readable text about anything: the sandbox model's voice.

Knows sentences with holes, and how to fill them with the words of a prompt. Refuses to know what
is true: the text reads well, reacts to what was asked, and means little.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as endless
from random import Random
from typing import Final

from glimway.sandbox import tokens
from glimway.sandbox.words import Words

QUOTE_CHARS_MAX: Final = 120
RESULT_CHARS_MAX: Final = 2_000
GREETINGS: Final = frozenset({"hello", "hey", "hi", "hallo", "greetings"})

_OPENINGS: Final = (
    "Here is what matters about {a}.",
    "In short, {a} depends on {b}.",
    "Let us take {a} first and come back to {b}.",
    "The answer has two parts, {a} and {b}.",
    "{a} is easier than it looks once {b} is clear.",
)
_BODIES: Final = (
    "First, look at {a} on its own, without {b}.",
    "Then compare {a} with {b}; the difference shows where the work is.",
    "Most trouble with {a} comes from guessing about {b} instead of measuring it.",
    "A small example with {a} says more than a long explanation of {b}.",
    "It helps to write down what you expect from {a} before you touch {b}.",
    "Where {a} and {b} disagree, trust the one you can repeat.",
    "Keep {a} simple, and give {b} a name that says what it is for.",
    "After that, {a} follows from {b} almost by itself.",
)
_CLOSINGS: Final = (
    "If you tell me more about {a}, I can be more exact.",
    "That is all you need to start with {a}.",
    "Check {a} once more at the end, and you are done.",
)
_THOUGHTS: Final = (
    "The user asks about {a}.",
    "The important words seem to be {a} and {b}.",
    "I should answer in a few plain sentences.",
    "A short plan: say what {a} is, then how it meets {b}, then what to do next.",
    "I must not promise more about {b} than I know.",
)


def answer(words: Words, prompt: str, rng: Random) -> str:
    """A few sentences that answer ``prompt`` with its own words, and quote it."""
    first = prompt.strip().split(maxsplit=1)[:1]
    if first and first[0].lower().strip(",.!") in GREETINGS and len(words.topics) < 2:
        return "Hello! I am the sandbox model. Ask me anything, and I will answer with your words."
    sentences = [_filled(rng.choice(_OPENINGS), words)]
    quote = " ".join(prompt.split())
    if quote:
        shown = quote if len(quote) <= QUOTE_CHARS_MAX else quote[: QUOTE_CHARS_MAX - 1] + "…"
        sentences.append(f"You wrote: “{shown}”")
    sentences += [_filled(body, words) for body in _some(_BODIES, 3, rng)]
    sentences.append(_filled(rng.choice(_CLOSINGS), words))
    return " ".join(sentences)


def thought(words: Words, rng: Random) -> str:
    """What the model thinks before it answers."""
    first, *rest = _THOUGHTS
    chosen = [first, *_some(tuple(rest), 3, rng)]
    return " ".join(_filled(sentence, words) for sentence in chosen)


def longer(text: str, tokens_wanted: int, words: Words) -> str:
    """``text`` continued, or cut, to about ``tokens_wanted`` tokens."""
    parts = [text]
    have_bytes = len(text.encode())
    for sentence in _endless(words):
        if have_bytes >= tokens_wanted * tokens.BYTES_PER_TOKEN:
            break
        parts.append(sentence)
        have_bytes += 1 + len(sentence.encode())
    return tokens.head(" ".join(parts), tokens_wanted)


def report(results: list[tuple[str, str]]) -> str:
    """An answer that quotes what tools returned: (name, text) of each."""
    lines = [
        f"The tool {name or 'you called'} returned: {text.strip()[:RESULT_CHARS_MAX]}"
        for name, text in results
    ]
    return "\n".join(lines) + "\nThat answers your question."


def _some(sentences: tuple[str, ...], number: int, rng: Random) -> list[str]:
    """So many of ``sentences``, in their order: what follows from another stays behind it."""
    return [sentences[at] for at in sorted(rng.sample(range(len(sentences)), number))]


def _endless(words: Words) -> Iterator[str]:
    for at in endless():
        yield _filled(_BODIES[at % len(_BODIES)], words)


def _filled(sentence: str, words: Words) -> str:
    # Replaced, not formatted: a prompt may hold braces.
    parts = sentence.split("{a}")
    text = words.topic().join(parts) if len(parts) > 1 else sentence
    parts = text.split("{b}")
    text = words.topic().join(parts) if len(parts) > 1 else text
    return text[:1].upper() + text[1:]
