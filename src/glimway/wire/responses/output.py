"""The items of an answer while they are written to a client.

Knows the events of messages, reasoning and calls in their order, and each item's final form.
Refuses to know when an item begins and ends (``write``).
Source: https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

from typing import Literal

from glimway.wire.events import Cited
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.custom import Unwrapped
from glimway.wire.responses.lines import Lines, halves
from glimway.wire.responses.thoughts import BETWEEN_PARTS
from glimway.wire.talk import Json

Status = Literal["in_progress", "completed", "incomplete"]

_Item = dict[str, Json]


class Message:
    """A message of the assistant.

    Args:
        place: the item's id and index.
        more: members that neutral events have no place for (``phase``).
    """

    __slots__ = ("_delta", "_kind", "_more", "_parts", "_pieces", "place", "logprobs")

    def __init__(self, place: _Item, more: _Item) -> None:
        self.place = place
        self._more = more
        self._parts: list[_Item] = []
        self._pieces: list[str] = []
        self._kind = ""  # of the part that is open
        self._delta = (b"", b"")
        self.logprobs: list[Json] = []
        """Of the next piece of text."""

    def shell(self, status: Status = "in_progress") -> _Item:
        """The item, without its content yet."""
        head = {"id": self.place["item_id"], "type": "message", "status": status}
        return {**head, "role": "assistant", "content": [], **self._more}

    def text(self, lines: Lines, piece: str) -> None:
        """A piece of the text."""
        if self._kind != "output_text":
            self._open(lines, "output_text")
        self._pieces.append(piece)
        if self.logprobs:
            logprobs, self.logprobs = self.logprobs, []
            self._parts[-1]["logprobs"] += logprobs
            members = {**self._at(), "delta": piece, "logprobs": logprobs}
            lines.say("response.output_text.delta", members)
        else:
            lines.piece(self._delta[0], piece, self._delta[1])

    def decline(self, lines: Lines, piece: str) -> None:
        """A piece of the refusal."""
        if self._kind != "refusal":
            self._open(lines, "refusal")
        self._pieces.append(piece)
        lines.piece(self._delta[0], piece, self._delta[1])

    def cite(self, lines: Lines, cited: Cited) -> None:
        """A source of the text."""
        if self._kind != "output_text":
            self._open(lines, "output_text")
        notes = self._parts[-1]["annotations"]
        note = self._note(cited)
        at = {**self._at(), "annotation_index": len(notes)}
        notes.append(note)
        lines.say("response.output_text.annotation.added", {**at, "annotation": note})

    def close(self, lines: Lines, status: Status) -> _Item:
        """End the part that is open; the whole item."""
        self._shut(lines)
        return {**self.shell(status), "content": self._parts}

    def _at(self) -> _Item:
        return {**self.place, "content_index": len(self._parts) - 1}

    def _open(self, lines: Lines, kind: str) -> None:
        self._shut(lines)
        self._kind = kind
        if kind == "refusal":
            part: _Item = {"type": kind, "refusal": ""}
            self._parts.append(part)
            self._delta = halves("response.refusal.delta", self._at())
        else:
            part = {"type": kind, "text": "", "annotations": [], "logprobs": []}
            self._parts.append(part)
            self._delta = halves("response.output_text.delta", self._at(), b',"logprobs":[]')
        lines.say("response.content_part.added", {**self._at(), "part": part})

    def _shut(self, lines: Lines) -> None:
        if not self._kind:
            return
        part, whole = self._parts[-1], "".join(self._pieces)
        if self._kind == "refusal":
            part["refusal"] = whole
            lines.say("response.refusal.done", {**self._at(), "refusal": whole})
        else:
            part["text"] = whole
            done = {**self._at(), "text": whole, "logprobs": part["logprobs"]}
            lines.say("response.output_text.done", done)
        lines.say("response.content_part.done", {**self._at(), "part": part})
        self._kind = ""
        self._pieces.clear()

    def _note(self, cited: Cited) -> Json:
        if cited.dialect == DIALECT and type(cited.value) is dict:
            return cited.value
        end = sum(map(len, self._pieces)) if cited.end is None else cited.end
        return {
            "type": "url_citation",
            "url": cited.url or "",
            "title": cited.title or cited.url or "",
            "start_index": min(cited.start or 0, end),
            "end_index": end,
        }


class Reasoning:
    """Thinking: parts of a summary, and of the thinking itself.

    Args:
        place: the item's id and index.
        more: members that neutral events have no place for.
        raw: thinking streams under its own name rather than as a summary.
    """

    __slots__ = (
        "_content",
        "_delta",
        "_mirrored",
        "_more",
        "_part",
        "_parted",
        "_pieces",
        "place",
        "_raw",
        "_summary",
    )

    def __init__(self, place: _Item, more: _Item, *, raw: bool) -> None:
        self.place = place
        self._more = more
        self._raw = raw
        self._summary: list[_Item] = []
        self._content: list[_Item] = []
        self._mirrored: list[_Item] = []  # thinking that was shown as a summary
        self._parted = False  # what follows is another part, and its paragraph mark is no text
        self._part = ""  # which part is open: summary, content, or both (shown as a summary)
        self._pieces: list[str] = []
        self._delta = (b"", b"")

    def shell(self, status: Status = "in_progress") -> _Item:
        """The item, without its parts yet."""
        head = {"id": self.place["item_id"], "type": "reasoning", "status": status}
        return {**head, "summary": [], **self._more}

    def think(self, lines: Lines, piece: str, *, summary: bool) -> None:
        """A piece of the thinking."""
        if self._parted:
            self._parted = False
            if piece == BETWEEN_PARTS:
                return
        # Where the provider sums up itself, its thinking must not stand in for a summary.
        self._raw |= summary
        part = "summary" if summary else "content" if self._raw else "both"
        if part != self._part:
            self._open(lines, part)
        self._pieces.append(piece)
        lines.piece(self._delta[0], piece, self._delta[1])

    def break_off(self, lines: Lines) -> None:
        """What follows is another part."""
        self._shut(lines)
        self._parted = True

    def text(self) -> str:
        """All of the thinking: itself, or for want of it its summary."""
        thinking = self._mirrored + self._content
        return BETWEEN_PARTS.join(str(part["text"]) for part in thinking or self._summary)

    def close(self, lines: Lines, status: Status) -> _Item:
        """End the part that is open; the whole item."""
        self._shut(lines)
        item = {**self.shell(status), "summary": self._summary}
        if self._content or self._mirrored:
            item["content"] = self._content or self._mirrored
        return item

    def _at(self) -> _Item:
        if self._part == "content":
            return {**self.place, "content_index": len(self._content)}
        return {**self.place, "summary_index": len(self._summary)}

    def _open(self, lines: Lines, part: str) -> None:
        self._shut(lines)
        self._part = part
        at = self._at()
        if part == "content":
            self._delta = halves("response.reasoning_text.delta", at)
            shell = {"type": "reasoning_text", "text": ""}
            lines.say("response.content_part.added", {**at, "part": shell})
        else:
            self._delta = halves("response.reasoning_summary_text.delta", at)
            shell = {"type": "summary_text", "text": ""}
            lines.say("response.reasoning_summary_part.added", {**at, "part": shell})

    def _shut(self, lines: Lines) -> None:
        if not self._part:
            return
        at, whole = self._at(), "".join(self._pieces)
        if self._part == "content":
            lines.say("response.reasoning_text.done", {**at, "text": whole})
            part = {"type": "reasoning_text", "text": whole}
            lines.say("response.content_part.done", {**at, "part": part})
            self._content.append(part)
        else:
            lines.say("response.reasoning_summary_text.done", {**at, "text": whole})
            part = {"type": "summary_text", "text": whole}
            lines.say("response.reasoning_summary_part.done", {**at, "part": part})
            self._summary.append(part)
            if self._part == "both":
                self._mirrored.append({"type": "reasoning_text", "text": whole})
        self._part = ""
        self._pieces.clear()


class Calling:
    """A call of a tool.

    Args:
        place: the item's id and index.
        head: its call id, name, and namespace where it has one.
        custom: it takes free text.
        wrapped: the free text stands inside the arguments of a function.
    """

    __slots__ = ("_delta", "_head", "_pieces", "place", "_unwrapped", "custom")

    def __init__(self, place: _Item, head: _Item, *, custom: bool, wrapped: bool) -> None:
        self.place = place
        self._head = head
        self.custom = custom
        self._pieces: list[str] = []
        self._unwrapped = Unwrapped() if wrapped else None
        kind = "custom_tool_call_input" if custom else "function_call_arguments"
        self._delta = halves(f"response.{kind}.delta", place)

    def shell(self, status: Status = "in_progress") -> _Item:
        """The item, without its arguments yet."""
        if self.custom:
            head = {"id": self.place["item_id"], "type": "custom_tool_call"}
            return {**head, "input": "", **self._head}
        head = {"id": self.place["item_id"], "type": "function_call", "status": status}
        return {**head, "arguments": "", **self._head}

    def argue(self, lines: Lines, piece: str) -> None:
        """A piece of the arguments."""
        self._pieces.append(piece)
        if self._unwrapped is not None:
            piece = self._unwrapped.feed(piece)
        if piece:
            lines.piece(self._delta[0], piece, self._delta[1])

    def arguments(self) -> str:
        """The arguments so far, as the provider wrote them."""
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    @property
    def judged(self) -> bool:
        """Whether the arguments themselves tell when they are complete: they are JSON."""
        return not self.custom or self._unwrapped is not None

    def close(self, lines: Lines, status: Status) -> _Item:
        """Say the arguments whole; the whole item."""
        text = self.arguments()
        if not self.custom:
            done = {**self.place, "name": self._head["name"], "arguments": text}
            lines.say("response.function_call_arguments.done", done)
            return {**self.shell(status), "arguments": text}
        if self._unwrapped is not None:
            said, text = self._unwrapped.said(), self._unwrapped.whole()
            if not text.startswith(said):
                text = said
            elif text != said:
                lines.piece(self._delta[0], text[len(said) :], self._delta[1])
        lines.say("response.custom_tool_call_input.done", {**self.place, "input": text})
        return {**self.shell(status), "input": text}
