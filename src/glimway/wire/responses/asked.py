"""What a request of this dialect asks of the gateway itself: state, and how the answer is shown.

Knows the members that no provider is asked for: whoever serves the request obeys or refuses them.
Refuses to know how.
"""

from __future__ import annotations

import msgspec

from glimway.wire.responses.content import DIALECT, refers
from glimway.wire.talk import Call, Json, OpaquePart

ENCRYPTED = "reasoning.encrypted_content"
"""The word of ``include`` that asks for sealed thinking."""

OF_THE_GATEWAY = frozenset({"background", "conversation", "previous_response_id", "store"})
"""Members that are not sent on: what they refer to is kept here, if anywhere."""


class Asked(msgspec.Struct, frozen=True):
    """What is asked of the gateway.

    Args:
        previous_response_id: the answer that the input continues.
        store: whether the answer is to be kept; None: the caller left it out (OpenAI keeps it).
        background: answer at once and work on.
        conversation: the id of a conversation kept here.
        include: what the answer is to show beside the usual.
        truncation: ``auto`` lets the oldest items go when the context is full.
        max_tool_calls: how many calls of hosted tools one answer may make.
        references: ids of items that the input only refers to.
        prompt: a kept prompt with its variables.
        obfuscation: ``stream_options.include_obfuscation``.
        summary: ``reasoning.summary``: how thinking is to be summed up.
    """

    previous_response_id: str | None = None
    store: bool | None = None
    background: bool = False
    conversation: str | None = None
    include: tuple[str, ...] = ()
    truncation: str | None = None
    max_tool_calls: int | None = None
    references: tuple[str, ...] = ()
    prompt: Json = None
    obfuscation: bool | None = None
    summary: str | None = None

    @property
    def keeps(self) -> bool:
        """Whether the answer is to be kept; OpenAI's default is yes."""
        return self.store is not False

    @property
    def encrypted(self) -> bool:
        """Whether the caller needs thinking sealed into the answer: it asked for it, or it keeps
        the conversation itself and has nothing else to send back."""
        return ENCRYPTED in self.include or self.store is False


def asked(call: Call) -> Asked:
    """What a call of this dialect asks of the gateway; nothing for a call of another."""
    if call.dialect != DIALECT:
        return Asked(store=False)
    extra = call.extra
    conversation = extra.get("conversation")
    if type(conversation) is dict:
        conversation = conversation.get("id")
    raw = call.thinking.raw.get("reasoning") if call.thinking is not None else None
    options = extra.get("stream_options") or {}
    return Asked(
        previous_response_id=extra.get("previous_response_id"),
        store=extra.get("store"),
        background=extra.get("background") is True,
        conversation=conversation,
        include=tuple(extra.get("include") or ()),
        truncation=extra.get("truncation"),
        max_tool_calls=extra.get("max_tool_calls"),
        references=tuple(_references(call)),
        prompt=extra.get("prompt"),
        obfuscation=options.get("include_obfuscation"),
        summary=raw.get("summary") if type(raw) is dict else None,
    )


def _references(call: Call) -> list[str]:
    return [
        str(part.value.get("id"))
        for turn in call.turns
        for part in turn.parts
        if isinstance(part, OpaquePart) and part.dialect == DIALECT and refers(part.value)
    ]
