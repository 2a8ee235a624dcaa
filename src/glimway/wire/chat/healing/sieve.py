"""All that one choice says, through every healing that its host and its tools ask for.

Knows the order: end-of-sequence frames, thinking in the text, leaked calls, special tokens.
Refuses to know frames and how each healing works.

A choice whose sieve is not ``busy`` needs it only for pieces that hold a ``<``: every marker
begins with one. (An end-of-sequence string that does not keeps the sieve busy for good.)
"""

from __future__ import annotations

import msgspec

from glimway.wire.chat.calls import Calls
from glimway.wire.chat.healing.declared import Declared
from glimway.wire.chat.healing.leaks import Leaks
from glimway.wire.chat.healing.markup import Leaked
from glimway.wire.chat.healing.think import Mode, Think, split_whole
from glimway.wire.chat.healing.tokens import STOPS, Tokens
from glimway.wire.events import Event, Text, Thought
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call

END_CHARS_MAX = 256
"""So much of repeated end-of-sequence strings is held back."""


class Needs(msgspec.Struct, frozen=True):
    """What healing one answer needs.

    Args:
        tools: what was declared, or None.
        think: how thinking stands in the text, or None.
        ends: end-of-sequence strings.
        stops: special tokens that a text may end in.
    """

    tools: Declared | None = None
    think: Mode | None = None
    ends: frozenset[str] = frozenset()
    stops: tuple[str, ...] = STOPS


def needs(quirks: Quirks, call: Call | None, tools: Declared | None) -> Needs:
    """What a host's quirks and a request ask for."""
    mode: Mode | None = None
    if "think_open" in quirks.reasoning_out:
        # Without thinking the prompt ends behind the block, so the text has none.
        off = call is not None and call.thinking is not None and call.thinking.on is False
        mode = "tags" if off else "open"
    elif "think_tags" in quirks.reasoning_out:
        mode = "tags"
    ends = quirks.end_of_sequence
    stops = STOPS + tuple(end for end in ends if end.startswith("<|") and end not in STOPS)
    return Needs(tools, mode, frozenset(ends), stops)


class Sieve:
    """Heals what one choice says.

    Args:
        index: the choice's.
        calls: its tool calls; leaked ones are added.
        needs: see there.
    """

    __slots__ = (
        "_always",
        "_calls",
        "_ends",
        "_held_end",
        "_index",
        "_leaks",
        "_think",
        "_thought_leaks",
        "_tokens",
        "busy",
    )

    def __init__(self, index: int, calls: Calls, needs: Needs) -> None:
        self._index = index
        self._calls = calls
        self._ends = needs.ends
        self._held_end = ""
        self._think = None if needs.think is None else Think(needs.think)
        tools = needs.tools
        self._leaks = None if tools is None else Leaks(tools)
        self._thought_leaks = None if tools is None else Leaks(tools)
        self._tokens = Tokens(needs.stops)
        self._always = any("<" not in end for end in needs.ends)
        self.busy = self._always or self._think is not None
        """The next piece must come through here even if it holds no ``<``."""

    def thought(self, piece: str, events: list[Event]) -> None:
        """A piece of thinking that the host gave as such."""
        if self._think is not None:
            self._think.skip()
        self._pause(events)
        self._think_on(piece, events)
        self._look()

    def text(self, piece: str, events: list[Event]) -> None:
        """A piece of the answer's text."""
        if piece in self._ends and len(self._held_end) < END_CHARS_MAX:
            self._held_end += piece
            self.busy = True
            return
        if self._held_end:
            piece = self._held_end + piece
            self._held_end = ""
        if self._think is None:
            self._say(piece, events)
        else:
            self._split(self._think.feed(piece), events)
        self._look()

    def whole(self, piece: str, events: list[Event], *, cut: bool) -> None:
        """The text of a whole reply."""
        think, self._think = self._think, None
        if think is None or not think.busy:
            self._say(piece, events)
        else:
            self._split(split_whole(piece, think.mode, cut=cut), events)

    def pause(self, events: list[Event]) -> None:
        """Something that is no text follows: what is held back comes before it."""
        self._end_thinking(events, cut=False)
        self._pause(events)
        self._look()

    def end(self, events: list[Event], *, cut: bool) -> None:
        """The choice is over. A held end-of-sequence string is dropped.

        Args:
            events: receives what was held back.
            cut: the answer hit its length limit.
        """
        self._held_end = ""
        if self._think is not None:
            self._split(self._think.end(), events)
        self._end_thinking(events, cut=cut)
        if self._leaks is not None:
            self._text_items(self._leaks.end(cut=cut), events)
        self._put_text(self._tokens.end(), events)

    def _look(self) -> None:
        leaks, thought_leaks = self._leaks, self._thought_leaks
        self.busy = (
            self._always
            or (self._think is not None and self._think.busy)
            or self._tokens.busy
            or (leaks is not None and leaks.busy)
            or (thought_leaks is not None and thought_leaks.busy)
        )

    def _pause(self, events: list[Event]) -> None:
        if self._held_end:
            held, self._held_end = self._held_end, ""
            self._say(held, events)
        if self._leaks is not None and self._leaks.busy:
            self._text_items(self._leaks.end(cut=False), events)
        self._put_text(self._tokens.flush(), events)

    def _split(self, parts: list[tuple[bool, str]], events: list[Event]) -> None:
        for thinking, part in parts:
            if thinking:
                self._think_on(part, events)
            else:
                self._say(part, events)

    def _say(self, piece: str, events: list[Event]) -> None:
        self._end_thinking(events, cut=False)
        if self._leaks is None:
            self._put_text(self._tokens.feed(piece), events)
        else:
            self._text_items(self._leaks.feed(piece), events)

    def _text_items(self, items: list[str | Leaked], events: list[Event]) -> None:
        for item in items:
            if isinstance(item, Leaked):
                self._put_text(self._tokens.flush(), events)
                self._calls.open(item.name, item.arguments, events)
            else:
                self._put_text(self._tokens.feed(item), events)

    def _think_on(self, piece: str, events: list[Event]) -> None:
        items = [piece] if self._thought_leaks is None else self._thought_leaks.feed(piece)
        self._thought_items(items, events)

    def _end_thinking(self, events: list[Event], *, cut: bool) -> None:
        if self._thought_leaks is not None and self._thought_leaks.busy:
            self._thought_items(self._thought_leaks.end(cut=cut), events)

    def _thought_items(self, items: list[str] | list[str | Leaked], events: list[Event]) -> None:
        for item in items:
            if isinstance(item, Leaked):
                self._calls.open(item.name, item.arguments, events)
            else:
                events.append(Thought(item, self._index))

    def _put_text(self, text: str, events: list[Event]) -> None:
        if text:
            events.append(Text(text, self._index))
