"""Thinking that a host left in the text, between tags.

Knows ``<think>..</think>`` at the start of a text (and right after another block), and a text that
begins inside the block, so that only ``</think>`` comes: GLM-4.7's prompt ends in ``<think>``
(its chat template). Refuses to touch a tag anywhere else: there it is talked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

OPEN, CLOSE = "<think>", "</think>"

SPACE_CHARS_MAX = 256
"""More white space than this before a tag is text."""

WINDOW_CHARS = 4096
"""So much text is looked at in one go."""

Mode = Literal["tags", "open"]


class Think:
    """Splits one choice's text.

    Args:
        mode: ``tags`` wants an opening tag, ``open`` begins inside the block.
    """

    __slots__ = ("_held", "_place", "mode")

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self._held = ""
        self._place: Literal["first", "open", "inside", "after", "text"] = (
            "first" if mode == "tags" else "open"
        )

    @property
    def busy(self) -> bool:
        """Whether the next piece must be looked at, whatever it is."""
        return self._place != "text"

    def skip(self) -> None:
        """The host has put thinking into a member of its own: the text has none in front."""
        if self._place in ("first", "open") and not self._held.strip():
            self._place = "text"

    def feed(self, piece: str) -> list[tuple[bool, str]]:
        """Split the next piece into (is it thinking, text)."""
        said: list[tuple[bool, str]] = []
        for part in windows(piece):
            rest = part
            while rest:
                if self._place == "inside":
                    rest = self._inside(rest, said)
                elif self._place == "text":
                    said.append((False, rest))
                    break
                else:
                    rest = self._before(rest)
        return said

    def end(self) -> list[tuple[bool, str]]:
        """The text is over: what was held back."""
        held, self._held = self._held, ""
        if not held or self._place == "after":
            return []
        return [(self._place in ("inside", "open"), held)]

    def _before(self, piece: str) -> str:
        """Before a block: look for the opening tag behind white space."""
        text = self._held + piece
        self._held = ""
        bare = text.lstrip()
        if len(text) - len(bare) <= SPACE_CHARS_MAX:
            if bare.startswith(OPEN):
                self._place = "inside"
                return bare[len(OPEN) :]
            if OPEN.startswith(bare):
                self._held = text
                return ""
        if self._place == "open":
            self._place = "inside"
            return text
        # White space behind a block belongs to the markup, white space in front of text does not.
        text = bare if self._place == "after" else text
        self._place = "text"
        return text

    def _inside(self, piece: str, said: list[tuple[bool, str]]) -> str:
        text = self._held + piece
        self._held = ""
        at = text.find(CLOSE)
        if at < 0:
            keep = partial(text, CLOSE)
            if keep:
                self._held = text[-keep:]
                text = text[:-keep]
            if text:
                said.append((True, text))
            return ""
        if at:
            said.append((True, text[:at]))
        self._place = "after"
        return text[at + len(CLOSE) :]


def split_whole(text: str, mode: Mode, *, cut: bool) -> list[tuple[bool, str]]:
    """Split the text of a whole reply, where all of it can be seen.

    A lone closing tag ends thinking in either mode. Without any tag the text stays text, because
    an answer must not vanish into thinking; but one that was ``cut`` inside the block is thinking.
    """
    close, first = text.find(CLOSE), text.find(OPEN)
    if close < 0 and not text.lstrip().startswith(OPEN):
        return [(cut and mode == "open", text)]
    lone = close >= 0 and (first < 0 or first > close)
    think = Think("open" if lone else mode)
    return think.feed(text) + think.end()


def windows(text: str) -> Iterator[str]:
    """``text`` in parts that are cheap to copy, so that markup which repeats costs linear time."""
    if len(text) <= WINDOW_CHARS:
        yield text
        return
    for at in range(0, len(text), WINDOW_CHARS):
        yield text[at : at + WINDOW_CHARS]


def partial(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` begin ``tag`` without completing it."""
    at = text.rfind(tag[0], max(0, len(text) - len(tag) + 1))
    while at >= 0:
        if tag.startswith(text[at:]):
            return len(text) - at
        at = text.rfind(tag[0], max(0, len(text) - len(tag) + 1), at)
    return 0
