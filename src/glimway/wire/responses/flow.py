"""An answer's items as they come: which is open, what ends it, and what waits.

Knows that one item is open at a time. Calls may arrive mixed: the first stays open until its
arguments are complete, and what belongs to others waits for it, so that nothing is lost and no two
items are open. Refuses to know the response around the items.
"""

from __future__ import annotations

import msgspec

from glimway.wire.events import (
    Cited,
    Declined,
    Event,
    Opaque,
    Start,
    Stop,
    StopReason,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
    Usage,
)
from glimway.wire.responses.arriving import KINDS
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.lines import Lines
from glimway.wire.responses.output import Calling, Message, Reasoning, Status
from glimway.wire.responses.passing import Passing
from glimway.wire.responses.style import Style
from glimway.wire.responses.thoughts import Secret, sealed_text
from glimway.wire.talk import Json

_decode = msgspec.json.Decoder().decode

CUTS: dict[StopReason, str] = {
    "length": "max_output_tokens",
    "context": "max_output_tokens",
    "content_filter": "content_filter",
}
"""Reasons that leave a response incomplete -> OpenAI's word."""

_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}

_OURS = frozenset(
    "id object created_at status completed_at error incomplete_details model output usage".split()
)
"""Members of a response that are never a provider's."""


class Flow:
    """The items of one reply.

    Args:
        style: how the mount wants them.
        lines: where events go.
    """

    __slots__ = (
        "_call",
        "_lines",
        "_maker",
        "_more",
        "_output",
        "_style",
        "_waiting",
        "kept",
        "members",
        "open",
    )

    def __init__(self, style: Style, lines: Lines) -> None:
        self._style = style
        self._lines = lines
        self._output = Passing(lines)
        self.open: Message | Reasoning | Calling | None = None
        """The item that is being written."""
        self._call = -1  # neutral index of the open call
        self._waiting: list[Event] = []  # bounded as the answer is: it waits for the open call
        self._more: dict[str, Json] = {}  # members of the item that comes next
        self._maker: str | None = None
        self.members: dict[str, Json] = {}
        """Of the response, from the provider."""
        self.kept: dict[int, dict[str, Json]] = {}
        """Items by index as they are to be stored, where that is not as the client has them."""

    def items(self) -> list[dict[str, Json]]:
        """The items so far."""
        return self._output.items()

    def take(self, events: list[Event]) -> None:
        """Take events in their order; Stop and Usage say nothing about items."""
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
        if isinstance(event, Opaque) and not self._ours(event):
            return False
        head = self.open
        if isinstance(head, Calling):
            if isinstance(event, ToolArgs) and event.index == self._call:
                head.argue(self._lines, event.text)
                ready = self._waiting and event.text.rstrip().endswith("}") and _complete(head)
                return bool(ready) and self._close()
            if isinstance(event, Opaque) and event.value.get("call", -1) == self._call:
                return self._close()  # a reader of this dialect saw its end
            if self._waiting or not _complete(head):
                self._waiting.append(event)
                return False
        self._place(event)
        return False

    def _ours(self, event: Opaque) -> bool:
        """Whether an opaque event belongs among the items; members of the response are kept."""
        if event.dialect != DIALECT:
            return False
        if event.place == "frame":
            self.members.update({k: v for k, v in event.value.items() if k not in _OURS})
        return event.place in ("item", "event", "delta")

    def _place(self, event: Event) -> None:
        """Give an event to the item that it belongs to."""
        lines = self._lines
        if isinstance(event, Text):
            if event.text:
                self._message().text(lines, event.text)
        elif isinstance(event, Thought):
            self._think(event)
        elif isinstance(event, Declined):
            if event.text:
                self._message().decline(lines, event.text)
        elif isinstance(event, ToolOpen):
            self._opened_call(event)
        elif isinstance(event, Cited):
            # A place in a document of another API has no address, which says nothing here.
            if event.url or event.dialect == DIALECT:
                self._message().cite(lines, event)
        elif isinstance(event, Opaque):
            self._pass(event)

    def _message(self) -> Message:
        if not isinstance(self.open, Message):
            self._close()
            message = Message(self._new("message"), self._taken_more("message"))
            self._output.announce(message.shell())
            self.open = message
        return self.open

    def _think(self, event: Thought) -> None:
        proof = event.signature is not None or event.sealed is not None
        if not event.text and not proof:
            return
        thought = self.open
        if not isinstance(thought, Reasoning):
            self._close()
            more = self._taken_more("reasoning")
            raw = self._style.thoughts == "raw"
            thought = self.open = Reasoning(self._new("reasoning"), more, raw=raw)
            self._output.announce(thought.shell())
        if event.text:
            thought.think(self._lines, event.text, summary=event.summary)
        if proof:
            self._close(proof=event)

    def _opened_call(self, event: ToolOpen) -> None:
        self._close()
        wrapped = event.kind == "function" and event.name in self._style.custom
        custom = wrapped or event.kind != "function"
        kind = "custom_tool_call" if custom else "function_call"
        space, name = self._style.spaces.get(event.name, (None, event.name))
        head: dict[str, Json] = {"call_id": event.id, "name": name}
        if space is not None:
            head["namespace"] = space
        head.update(self._taken_more(kind))
        call = Calling(self._new(kind), head, custom=custom, wrapped=wrapped)
        self._output.announce(call.shell())
        self.open, self._call = call, event.index

    def _new(self, kind: str) -> dict[str, Json]:
        index = self._output.next()
        item_id = f"{_PREFIXES[kind]}_{self._style.stem}_{index}"
        return {"item_id": item_id, "output_index": index}

    def _taken_more(self, kind: str) -> dict[str, Json]:
        more, self._more = self._more, {}
        return {k: v for k, v in more.items() if k != "type"} if more.get("type") == kind else {}

    def _pass(self, event: Opaque) -> None:
        value = event.value
        if event.place == "delta":
            if isinstance(self.open, Reasoning) and "part" in value:
                self.open.break_off(self._lines)
            elif type(value.get("logprobs")) is list:
                self._message().logprobs = value["logprobs"]
        elif event.place == "item" and value.get("type") in KINDS:
            self._close()
            self._more = value
        elif self._output.is_new(event.place, value):
            self._close()
            self._output.begin(event.place, value)
        else:
            at = None if self.open is None else self.open.place
            self._output.go_on(event.place, value, at)

    def _close(self, status: Status = "completed", proof: Thought | None = None) -> bool:
        """End the open item, if there is one."""
        growing, self.open, self._call = self.open, None, -1
        if growing is None:
            return True
        item = growing.close(self._lines, status)
        index = self._output.last
        kept = item
        if isinstance(growing, Reasoning):
            token = self._token(growing, proof)
            if token is not None:
                kept = {**item, "encrypted_content": token}
            if self._style.encrypted:
                item = kept
        self.kept[index] = kept
        self._output.done(index, item)
        return True

    def _token(self, thought: Reasoning, proof: Thought | None) -> str | None:
        """The sealed form of a thought; a provider's own, where nothing can be sealed here."""
        style = self._style
        sealed = proof.sealed if proof is not None else None
        if style.seal is None:
            return sealed
        signature = proof.signature if proof is not None else None
        text = thought.text()
        if not (text or sealed or signature):
            return None
        return sealed_text(Secret(text, signature, sealed, self._maker), style.seal)

    def abandon(self) -> None:
        """The answer failed: what waited was never shown, and what is open stays open, since
        clients run a call as soon as it is said to be done."""
        self._waiting.clear()
        silent, self._lines.silent = self._lines.silent, True
        self.finish("error")
        self._lines.silent = silent

    def finish(self, reason: StopReason) -> None:
        """End everything that is open, and what waits."""
        cut = reason in CUTS or reason == "error"
        while self._waiting:
            self._end_open(cut=cut)
            waiting, self._waiting = self._waiting, []
            self.take(waiting)
        if isinstance(self.open, Calling):
            self._end_open(cut=cut)
        else:
            self._close("incomplete" if cut else "completed")
        self._output.finish()

    def _end_open(self, *, cut: bool) -> None:
        head = self.open
        whole = not cut or (isinstance(head, Calling) and _complete(head))
        self._close("completed" if whole else "incomplete")


def _complete(call: Calling) -> bool:
    """Whether the arguments of a call tell that they are complete."""
    if not call.judged:
        return False
    text = call.arguments()
    if not text.rstrip().endswith(("}", "]", '"')):
        return False
    try:
        _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
