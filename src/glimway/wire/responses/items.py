"""Turns to the ``input`` of a provider's request.

Knows how a turn is laid out as items, whatever dialect it came from, and how to write again what
this dialect had. Refuses to know which host reads it: ``Way`` says how it reads.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.refusal import Refusal
from glimway.wire.responses.content import DIALECT, ITEM, refers, write_part, write_parts
from glimway.wire.responses.thoughts import write_thought
from glimway.wire.responses.tools import JOIN
from glimway.wire.responses.turns import FORM
from glimway.wire.talk import (
    CallPart,
    Json,
    OpaquePart,
    Part,
    RefusalPart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Turn,
)

FAILED = "Error: "
"""Opens the output of a tool that failed: the dialect has no flag for it."""
BETWEEN_TEXTS = "\n\n"
INSTRUCTIONS = "instructions"
"""Key in the ``extra`` of the turn that was the request's own ``instructions``."""

_Item = dict[str, Json]


class Way(msgspec.Struct, frozen=True):
    """How a host reads items.

    Args:
        own: the request came in this dialect and is written again as it was.
        model: its own id of the model.
        thoughts: where it reads plain thinking: ``content``, ``summary``, or ``none``.
        developer: it knows the role ``developer``.
        text_parts: it reads arrays of texts; else they are joined.
    """

    own: bool = False
    model: str = ""
    thoughts: str = "content"
    developer: bool = True
    text_parts: bool = True


def write_items(turns: list[Turn], way: Way, adjusted: list[str]) -> list[_Item]:
    """The value of ``input``.

    Args:
        turns: who says what, without the request's own instructions.
        way: how the host reads it.
        adjusted: learns what had to be changed.

    Raises:
        Refusal: ``unsupported``: something that the host cannot read, and must.
    """
    writer = _Items(way, adjusted)
    for turn in turns:
        writer.turn(turn)
    return writer.items


class _Items:
    """Items while they are written; knows which calls were custom, so that their results are."""

    def __init__(self, way: Way, adjusted: list[str]) -> None:
        self.items: list[_Item] = []
        self._way = way
        self._adjusted = adjusted
        self._custom: set[str] = set()  # ids of calls to custom tools

    def turn(self, turn: Turn) -> None:
        if turn.role == "assistant":
            self._assistant(turn)
            return
        said: list[Part] = []
        for part in turn.parts:
            if isinstance(part, ResultPart):
                self.items.append(self._result(part))
            elif isinstance(part, OpaquePart) and part.dialect == DIALECT:
                self.items.append(_held(part.value))
            else:
                said.append(part)
        if said or not turn.parts:
            self._message(turn, said)

    def _message(self, turn: Turn, said: list[Part]) -> None:
        role = "user" if turn.role == "tool" else turn.role
        if role == "developer" and not self._way.developer:
            role = "system"
        if turn.name is not None:
            self._adjusted.append("name of a message left out")
        content = self._content(said, turn)
        if self._way.own:
            self.items.append({"role": role, "content": content, **_members(turn.extra)})
        elif content or not said:
            self.items.append({"type": "message", "role": role, "content": content})

    def _content(self, parts: list[Part], turn: Turn) -> Json:
        texts = [part.text for part in parts if isinstance(part, TextPart)]
        alone = len(texts) == len(parts)
        if alone and (turn.form == "text" or (not parts and turn.form != "parts")):
            return "".join(texts)
        if not self._way.text_parts and alone:
            return BETWEEN_TEXTS.join(texts)
        return write_parts(parts, "input_text", self._adjusted)

    # ---- the assistant ----------------------------------------------------------------------

    def _assistant(self, turn: Turn) -> None:
        message: _Item | None = None
        for part in turn.parts:
            if isinstance(part, TextPart | RefusalPart) and FORM in (part.extra or {}):
                message = self._begin(part)
            elif isinstance(part, TextPart) and not part.text and message is None:
                continue  # says nothing, and an item without content is none
            elif isinstance(part, CallPart):
                message = None
                self.items.append(self._call(part))
            elif isinstance(part, ThoughtPart):
                message = None
                self._thought(part)
            elif isinstance(part, ResultPart):
                message = None
                self.items.append(self._result(part))
            elif isinstance(part, OpaquePart) and part.dialect == DIALECT:
                message = None
                self.items.append(_held(part.value))
            else:
                if message is None:
                    message = {"type": "message", "role": "assistant", "content": []}
                self._add(message, part)
                if message["content"] and (not self.items or self.items[-1] is not message):
                    self.items.append(message)

    def _begin(self, part: TextPart | RefusalPart) -> _Item:
        """A message item as this dialect had it."""
        extra: dict[str, Any] = part.extra or {}
        message: _Item = {"role": "assistant", "content": [], **extra[ITEM]}
        if extra[FORM] == "text":
            message["content"] = part.text
        else:
            self._add(message, part)
        self.items.append(message)
        return message

    def _add(self, message: _Item, part: Part) -> None:
        written = write_part(part, "output_text", self._adjusted)
        if written is not None:
            if not self._way.own and written["type"] == "output_text":
                written["annotations"] = []
            message["content"].append(written)

    def _thought(self, part: ThoughtPart) -> None:
        written = None
        if self._way.thoughts != "none":
            written = write_thought(part, self._way.model, self._way.thoughts)
        if written is None:
            if part.text or part.sealed or part.extra:
                self._adjusted.append("earlier thinking left out")
        else:
            self.items.append(written)

    # ---- calls and results ------------------------------------------------------------------

    def _call(self, part: CallPart) -> _Item:
        call_id = part.id or ""
        name = part.name
        members = _members(part.extra)
        space = members.get("namespace")
        if space is not None:
            name = name.removeprefix(f"{space}{JOIN}")
        if part.kind == "function":
            head: _Item = {"type": "function_call", "call_id": call_id, "name": name}
            arguments = part.arguments if self._way.own or part.arguments.strip() else "{}"
            return {**head, "arguments": arguments, **members}
        self._custom.add(call_id)
        head = {"type": "custom_tool_call", "call_id": call_id, "name": name}
        return {**head, "input": part.arguments, **members}

    def _result(self, part: ResultPart) -> _Item:
        call_id = part.id
        members = _members(part.extra)
        if members:
            return {**members, "output": self._output(part), "call_id": call_id}
        kind = "custom_tool_call_output" if call_id in self._custom else "function_call_output"
        return {"type": kind, "call_id": call_id, "output": self._output(part)}

    def _output(self, part: ResultPart) -> Json:
        texts = [inner.text for inner in part.content if isinstance(inner, TextPart)]
        if not part.content and part.form != "parts":
            return None if part.form == "null" and self._way.own else ""
        failed = FAILED if part.is_error else ""
        if len(texts) == len(part.content) and (part.form == "text" or not self._way.text_parts):
            return failed + BETWEEN_TEXTS.join(texts)
        written = write_parts(part.content, "input_text", self._adjusted)
        if failed:
            written.insert(0, {"type": "input_text", "text": failed.strip()})
        return written


def _held(item: _Item) -> _Item:
    """An item that travels as it is.

    Raises:
        Refusal: ``unsupported``: it refers to an item that only its maker has.
    """
    if refers(item):
        raise Refusal(
            "unsupported",
            f"An item_reference ('{str(item.get('id'))[:64]}') is not known here. "
            "Send the item itself, or the previous_response_id of the answer that has it.",
            param="input",
        )
    return item


def _members(extra: dict[str, Json] | None) -> dict[str, Json]:
    """An item's members beyond the neutral ones, as this dialect had them."""
    members = (extra or {}).get(ITEM)
    return members if type(members) is dict else {}
