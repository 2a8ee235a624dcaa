"""Turns of other dialects as this dialect's messages.

Knows that system text stands before all messages, that user and assistant take turns, and that
results open the user's message right after their calls. Refuses to know what a host reads of it.
Sources: https://docs.anthropic.com/en/api/messages (roles),
https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use (order of results).
"""

from __future__ import annotations

import msgspec

from glimway.wire.losing import hold_to_an_end
from glimway.wire.messages.parts import API, Block, Way, write_part
from glimway.wire.pairing import paired
from glimway.wire.talk import CallPart, Json, Part, ResultPart, TextPart, ThoughtPart, Turn

STAND_IN_TEXT = "Continue."
"""What the user says where the dialect insists on a user's message and there is none."""

OPENS, CLOSES = "<system>\n", "\n</system>"
"""Around instructions that came amid a conversation and are sent as the user's."""


class Talk(msgspec.Struct):
    """A conversation in this dialect: ``system`` (None: nothing) and ``messages``."""

    system: Json
    messages: list[Block]


def lay_out(turns: list[Turn], way: Way, adjusted: list[str]) -> Talk:
    """The conversation as this dialect has it. The turns given are not changed.

    Raises:
        Refusal: ``unsupported``: the model must read something that cannot be sent.
    """
    if not way.own:
        hold_to_an_end(turns, API)
    turns = paired(turns)
    heads = 0
    while heads < len(turns) and turns[heads].role in ("system", "developer"):
        heads += 1
    layout = _Layout(way, adjusted)
    if heads == len(turns) and heads:
        # Instructions alone: the last of them is what is asked.
        heads -= 1
        adjusted.append("the last system message sent as the user's")
        layout.user(turns[heads].parts)
        system = _system(turns[:heads], way, adjusted)
        return Talk(system, layout.messages())
    for turn in turns[heads:]:
        layout.add(turn)
    return Talk(_system(turns[:heads], way, adjusted), layout.messages())


def _system(turns: list[Turn], way: Way, adjusted: list[str]) -> Json:
    blocks = [
        block
        for turn in turns
        for part in turn.parts
        if (block := write_part(part, way, adjusted)) is not None
    ]
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return blocks[0]["text"]
    return blocks or None


class _Layout:
    """Messages while they are laid out."""

    def __init__(self, way: Way, adjusted: list[str]) -> None:
        self._way = way
        self._adjusted = adjusted
        self._messages: list[Block] = []
        self._results: list[Block] = []  # of the user's message that is being laid out
        self._said: list[Block] = []

    def add(self, turn: Turn) -> None:
        if turn.name:
            self._adjusted.append("name of a message left out")
        if turn.role == "assistant":
            self._assistant(turn.parts)
        elif turn.role in ("system", "developer"):
            self._adjusted.append("a system message sent as the user's")
            text = "\n\n".join(part.text for part in turn.parts if isinstance(part, TextPart))
            self.user([TextPart(f"{OPENS}{text}{CLOSES}")])
        else:
            self.user(turn.parts)

    def user(self, parts: list[Part]) -> None:
        """What the user, or a tool, says."""
        for part in parts:
            if isinstance(part, ResultPart):
                self._result(part)
            elif not isinstance(part, ThoughtPart | CallPart):
                block = write_part(part, self._way, self._adjusted)
                if block is not None:
                    self._said.append(block)

    def messages(self) -> list[Block]:
        """All messages; the user's comes first, and there is one."""
        self._flush()
        if not self._messages or self._messages[0]["role"] != "user":
            self._messages.insert(0, {"role": "user", "content": STAND_IN_TEXT})
            self._adjusted.append("a user message added")
        last = self._messages[-1]
        if last["role"] == "assistant":
            self._trim(last["content"][-1])
        return self._messages

    def _trim(self, block: Block) -> None:
        """The beginning of an answer must not end in white space."""
        if block["type"] == "text" and block["text"] != block["text"].rstrip():
            block["text"] = block["text"].rstrip()
            self._adjusted.append("space at the end of the last message left out")

    def _flush(self) -> None:
        content: list[Block] = [*self._results, *self._said]
        self._results, self._said = [], []
        if content:
            plain = len(content) == 1 and content[0].keys() == {"type", "text"}
            self._messages.append(
                {"role": "user", "content": content[0]["text"] if plain else content}
            )

    def _assistant(self, parts: list[Part]) -> None:
        blocks: list[Block] = []
        results: list[ResultPart] = []
        for part in parts:
            if isinstance(part, ResultPart):
                results.append(part)
                continue
            block = write_part(part, self._way, self._adjusted)
            if block is not None:
                blocks.append(block)
        if blocks:
            self._flush()
            last = self._messages[-1] if self._messages else None
            if last is not None and last["role"] == "assistant":
                last["content"] += blocks
            else:
                self._messages.append({"role": "assistant", "content": blocks})
        for result in results:
            self._result(result)

    def _result(self, part: ResultPart) -> None:
        block = write_part(part, self._way, self._adjusted)
        if block is not None:
            self._results.append(block)
