"""An answer's blocks as they come: which is open, what ends it, and what waits.

Knows that one block is open at a time, that a block's type comes from the first thing it holds, and
that thinking ends with a signature. Calls may arrive mixed: the first stays open until its input is
complete, and what belongs to others waits for it, so that nothing is lost and no two blocks are
open. Refuses to know the message around the blocks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Opaque,
    Start,
    Stop,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
    Usage,
)
from glimway.wire.messages.arriving import BEGINS, CALL, ENDS, GROWS
from glimway.wire.messages.blocks import DIALECT
from glimway.wire.messages.citing import delta_of
from glimway.wire.messages.ids import fitting
from glimway.wire.messages.pages import Page
from glimway.wire.messages.parts import PROPERTY
from glimway.wire.messages.signatures import REDACTED, THINKING, token_of
from glimway.wire.messages.style import Style
from glimway.wire.responses.thoughts import Secret
from glimway.wire.talk import Json

CITABLE_CHARS_MAX = 1024 * 1024
"""So much of the text is kept for sources that name a place in it."""

TEXT, TOOL = "text", "tool_use"

_OF_KIND = {
    TEXT: frozenset({"text_delta", "citations_delta"}),
    THINKING: frozenset({"thinking_delta"}),
    TOOL: frozenset({"input_json_delta"}),
}
"""Deltas of the dialect that may pass with members that nobody knows. A signature never does: it
ends the thinking, so it has an event of its own."""
_KNOWN = frozenset({"signature_delta"}).union(*_OF_KIND.values())
_EVENTS = frozenset(
    {BEGINS, GROWS, ENDS, "message_start", "message_delta", "message_stop", "ping", "error"}
)
"""Events that have a place of their own, and never pass as they are."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Flow:
    """The blocks of one reply.

    Args:
        style: how the mount wants them.
        page: where they are written.
    """

    __slots__ = (
        "_args", "_call", "_custom", "_maker", "_more", "_page", "_proven", "_sources", "_style",
        "_texts", "_thoughts", "_waiting", "called", "characters", "declined", "open",
    )  # fmt: skip

    def __init__(self, style: Style, page: Page) -> None:
        self._style = style
        self._page = page
        self.open: str | None = None
        """The type of the block that is being written."""
        self.called = self.declined = False
        """A tool is called; the model refused in words."""
        self.characters = 0
        """Of text, so far."""
        self._call = -1  # neutral index of the open call
        self._custom = False  # its input is free text
        self._args: list[str] = []
        self._proven = False  # the open thinking has its signature
        self._thoughts: list[str] = []  # thinking that is not shown
        self._texts: list[str] = []
        self._sources: list[Cited] = []  # named before there was any text
        self._waiting: list[Event] = []  # bounded as the answer is: it waits for the open call
        self._more: dict[str, Json] = {}  # members of the call that comes next
        self._maker: str | None = None

    @property
    def growing(self) -> str | None:
        """The member of the open block into which plain pieces may be written past ``take``, as
        long as ``heard`` is told of text; None: they may not."""
        if self.open == TEXT:
            return None if self._sources else TEXT
        plain = self.open == THINKING and not self._proven and not self._style.omit
        return THINKING if plain else None

    def heard(self, text: str) -> None:
        """Text was written past ``take``."""
        if self.characters < CITABLE_CHARS_MAX:
            self._texts.append(text)
        self.characters += len(text)

    def take(self, events: list[Event]) -> None:
        """Take events in their order; Stop and Usage say nothing about blocks."""
        todo = events[::-1]
        while todo:
            if self._one(todo.pop()):
                todo += self._waiting[::-1]
                self._waiting.clear()

    def _one(self, event: Event) -> bool:
        """Take one event; True when the open call is complete and what waits can be taken."""
        if isinstance(event, Stop | Usage):
            return False
        if isinstance(event, Start):
            self._maker = event.model or self._maker
            return False
        if event.choice:
            return False  # this dialect has one answer
        if isinstance(event, Opaque) and (
            event.dialect != DIALECT or event.place not in ("block", "event")
        ):
            return False
        if self.open == TOOL:
            if isinstance(event, ToolArgs) and event.index == self._call:
                self._argue(event.text)
                ready = self._waiting and event.text.rstrip().endswith("}") and self._complete()
                return bool(ready) and self._close()
            if isinstance(event, Opaque) and event.value.get(CALL, -1) == self._call:
                return self._close()  # a reader of this dialect saw its end
            if self._waiting or not self._complete():
                self._waiting.append(event)
                return False
        self._place(event)
        return False

    def _place(self, event: Event) -> None:
        """Give an event to the block that it belongs to."""
        if isinstance(event, Text):
            self._say(event.text)
        elif isinstance(event, Declined):
            self.declined = True
            self._say(event.text)
        elif isinstance(event, Thought):
            self._think(event)
        elif isinstance(event, ToolOpen):
            self._open_call(event)
        elif isinstance(event, Cited):
            self._cite(event)
        elif isinstance(event, Opaque):
            self._pass(event)

    # ---- text and its sources ---------------------------------------------------------------

    def _say(self, text: str) -> None:
        if not text:
            return
        if self.open != TEXT:
            self._begin({"type": TEXT, "text": ""})
        for cited in self._sources:
            self._page.delta(delta_of(cited, self._texts))
        self._sources.clear()
        self._page.piece(TEXT, text)
        self.heard(text)

    def _cite(self, event: Cited) -> None:
        if not event.url and event.dialect != DIALECT:
            return  # a place in a document of another API: an address of nothing says less
        if self.open != TEXT:
            self._sources.append(event)
            return
        self._page.delta(delta_of(event, self._texts))

    # ---- thinking ---------------------------------------------------------------------------

    def _think(self, event: Thought) -> None:
        beside = self.open == THINKING and not self._proven and self._style.seal is not None
        if event.sealed is not None and not beside:
            # A thought of its own, that only its maker can read.
            secret = Secret(sealed=event.sealed, model=self._maker)
            data = token_of(secret, self._style.seal)
            self._begin({"type": REDACTED, "data": data})
            self._close()
            return
        if event.text:
            if self.open != THINKING or self._proven:
                self._begin({"type": THINKING, THINKING: "", "signature": ""})
            if self._style.omit:
                self._thoughts.append(event.text)
            else:
                self._page.piece(THINKING, event.text)
        if event.signature is not None or event.sealed is not None:
            if self.open != THINKING:
                self._begin({"type": THINKING, THINKING: "", "signature": ""})
            self._prove(event.signature, event.sealed)

    def _prove(self, signature: str | None, sealed: str | None) -> None:
        text = "".join(self._thoughts)
        self._thoughts.clear()
        token = token_of(Secret(text, signature, sealed, self._maker), self._style.seal)
        self._page.delta({"type": "signature_delta", "signature": token})
        self._proven = True

    # ---- calls ------------------------------------------------------------------------------

    def _open_call(self, event: ToolOpen) -> None:
        more, self._more = self._more, {}
        call_id = fitting(event.id)
        self._begin({"type": TOOL, "id": call_id, "name": event.name, "input": {}, **more})
        self.called = True
        self._call = event.index
        self._custom = event.kind != "function"

    def _argue(self, text: str) -> None:
        if text:
            self._args.append(text)
            if not self._custom:
                self._page.piece("partial_json", text)

    def _complete(self) -> bool:
        """Whether the input of the open call tells that it is complete."""
        text = "".join(self._args)
        if self._custom or not text.rstrip().endswith("}"):
            return False
        try:
            _decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return True

    # ---- what passes ------------------------------------------------------------------------

    def _pass(self, event: Opaque) -> None:
        value, kind = event.value, event.value.get("type")
        if event.place == "event":
            self._pass_event(value, kind)
        elif kind == TOOL:
            self._more = {name: member for name, member in value.items() if name != "type"}
        elif kind == TEXT:
            self._begin({**value, "text": ""})
        elif kind == THINKING:
            self._begin({**value, THINKING: "", "signature": ""})
        else:
            self._begin(value)

    def _pass_event(self, value: dict[str, Any], kind: Any) -> None:
        if kind == ENDS:
            if CALL not in value:
                self._close()
        elif kind == GROWS:
            delta = value["delta"]
            mine, said = _OF_KIND.get(self.open or ""), delta.get("type")
            fits = mine is None or said not in _KNOWN or (said in mine and not self._proven)
            if self.open is not None and fits:
                self._page.delta(delta)
        elif kind not in _EVENTS and "index" not in value:
            # An event about a block by its number would be about another one here.
            self._page.say(value)

    # ---- beginnings and ends ----------------------------------------------------------------

    def _begin(self, block: dict[str, Json]) -> None:
        self._close()
        self._page.begin(block)
        self.open = str(block["type"])
        self._proven = False

    def _close(self) -> bool:
        """End the open block, if there is one."""
        if self.open is None:
            return True
        if self.open == THINKING and not self._proven:
            self._prove(None, None)
        if self.open == TOOL and self._custom:
            self._page.piece("partial_json", _encode({PROPERTY: "".join(self._args)}).decode())
        self._page.end()
        self.open, self._call, self._custom = None, -1, False
        self._args.clear()
        return True

    def finish(self) -> None:
        """End everything that is open, and what waits."""
        while self._waiting:
            self._close()
            waiting, self._waiting = self._waiting, []
            self.take(waiting)
        self._close()
