"""Watches one channel of text (the answer or the thinking) for leaked tool calls.

Knows how long text must be held back: from what may be an opening tag to the end of the call, or
until it is clear that it is none. Refuses to know what a call looks like inside (``markup``).
"""

from __future__ import annotations

from glimway.wire.chat.healing.declared import Declared
from glimway.wire.chat.healing.markup import CLOSE, OPEN, Leaked, head, parse, parse_cut
from glimway.wire.chat.healing.think import partial, windows

CALL_CHARS_MAX = 1024 * 1024
"""The largest leaked call: a whole file as an argument. What is larger is text."""

TRIES_MAX = 16
"""A call may hold so many closing tags in its values."""

GAP_CHARS_MAX = 256
"""White space behind a call that is held back, because another call may follow."""


class Leaks:
    """Finds calls in one channel of one choice.

    Args:
        tools: what was declared.
    """

    __slots__ = ("_after", "_body", "_chars", "_gap", "_short", "_tail", "_tools", "_tries")

    def __init__(self, tools: Declared) -> None:
        self._tools = tools
        self._short = ""  # the beginning of what may be a call
        self._body: list[str] = []  # pieces of what is one, as far as can be seen
        self._chars = 0
        self._tail = ""  # the end of the body: a closing tag may be cut in two
        self._tries = 0
        self._after = False  # a call has just ended
        self._gap = ""

    @property
    def busy(self) -> bool:
        """Whether the next piece must be looked at, whatever it is."""
        return bool(self._short or self._body or self._after)

    def feed(self, piece: str) -> list[str | Leaked]:
        """The text and the calls that the next piece completes, in order."""
        out: list[str | Leaked] = []
        for part in windows(piece):
            rest = part
            while rest:
                rest = self._grow(rest, out) if self._body else self._look(rest, out)
        return _joined(out) if len(out) > 1 else out

    def end(self, *, cut: bool) -> list[str | Leaked]:
        """The channel is over: what was held back, as a call if it is one.

        Args:
            cut: the answer hit its length limit.
        """
        out: list[str | Leaked] = []
        if self._body:
            text = "".join(self._body)
            found = parse_cut(text, self._tools, cut=cut)
            self._reset()
            self._say(text if found is None else found, out)
        if self._short:
            self._say(self._short, out)
            self._short = ""
        self._gap = ""
        self._after = False
        return out

    def _look(self, piece: str, out: list[str | Leaked]) -> str:
        text = self._short + piece
        self._short = ""
        at = text.find(OPEN)
        if at < 0:
            keep = partial(text, OPEN)
            if keep:
                self._short = text[-keep:]
                text = text[:-keep]
            self._say(text, out)
            return ""
        self._say(text[:at], out)
        text = text[at:]
        what = head(text, self._tools)
        if what == "more":
            self._short = text
            return ""
        if what == "text":
            self._say(OPEN, out)
            return text[len(OPEN) :]
        self._body = [""]
        return text

    def _grow(self, piece: str, out: list[str | Leaked]) -> str:
        self._body.append(piece)
        self._chars += len(piece)
        closing = CLOSE in self._tail + piece
        if closing:
            text = "".join(self._body)
            found = parse(text, self._tools)
            if found == "text":
                self._reset()
                self._say(OPEN, out)
                return text[len(OPEN) :]
            if isinstance(found, tuple):
                self._reset()
                self._say(found[0], out)
                return text[found[1] :]
            self._tries += 1
        if self._chars > CALL_CHARS_MAX or self._tries > TRIES_MAX:
            text = "".join(self._body)
            self._reset()
            self._say(text, out)
            return ""
        self._tail = (self._tail + piece)[1 - len(CLOSE) :]
        return ""

    def _reset(self) -> None:
        self._body = []
        self._chars = self._tries = 0
        self._tail = ""

    def _say(self, item: str | Leaked, out: list[str | Leaked]) -> None:
        if isinstance(item, Leaked):
            self._after, self._gap = True, ""
        elif self._after:
            # White space between calls belongs to the markup; before text it is kept.
            item = self._gap + item
            self._gap = ""
            if not item.strip() and len(item) <= GAP_CHARS_MAX:
                self._gap = item
                return
            self._after = False
        if item:
            out.append(item)


def _joined(items: list[str | Leaked]) -> list[str | Leaked]:
    """The same with neighbouring texts in one."""
    out: list[str | Leaked] = []
    run: list[str] = []
    for item in items:
        if isinstance(item, str):
            run.append(item)
            continue
        if run:
            out.append("".join(run))
            run = []
        out.append(item)
    if run:
        out.append("".join(run))
    return out
