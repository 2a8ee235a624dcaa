"""The mounts: base paths with their own defaults and error words.

Knows, for each base path, which dialect it speaks, where usage rides in its streams, which
temperatures it takes and how it says no. Refuses to know what happens to a request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from glimway.engine.client import Refused
from glimway.surface.errors import glm_error, openai_error, paas_error
from glimway.wire import check
from glimway.wire.chat import CHAT_CLIENT
from glimway.wire.chat.write import Style
from glimway.wire.chat.write import Writer as ChatWriter
from glimway.wire.dialect import ClientSide, Writer
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.talk import Call

UsagePlace = Literal["asked", "always", "finish"]


class ChatMount(msgspec.Struct, frozen=True):
    """A mount that speaks the chat dialect.

    Args:
        name: the base path.
        usage: ``asked`` = a last frame of its own when ``include_usage`` asks for it; ``always`` =
            that frame unasked; ``finish`` = in the frame of ``finish_reason``.
        temperature_max: above it is a 400 that names the field.
        words: how it says no.
    """

    name: str
    usage: UsagePlace
    temperature_max: float
    words: Callable[[Refusal | Fault, str], Refused]
    side: ClientSide = CHAT_CLIENT

    def judge(self, call: Call) -> None:
        """Check what the mount itself bounds; raises Refusal."""
        if call.temperature is not None:
            check.number("temperature", call.temperature, 0, self.temperature_max)

    def writer(self, call: Call, answer_id: str, created_s: int) -> Writer:
        """The writer of one answer."""
        if self.usage == "finish":
            place, null = "finish", False
        elif self.usage == "always" or call.usage_asked:
            place, null = "last", True
        else:
            place, null = "off", False
        return ChatWriter(
            Style(
                id=answer_id,
                model=call.model,
                created=created_s,
                usage=place,  # type: ignore[arg-type]  # one of Style's words
                usage_null=null,
            )
        )

    def refuse(self, error: Refusal | Fault, trace_id: str) -> Refused:
        """How this mount says no."""
        return self.words(error, trace_id)


MOUNTS: tuple[ChatMount, ...] = (
    ChatMount("/v1", "asked", 2, openai_error),
    ChatMount("/v1/openai", "asked", 2, openai_error),
    ChatMount("/glm", "always", 2, glm_error),
    ChatMount("/api/paas/v4", "finish", 1, paas_error),
)

_BY_LENGTH = sorted(MOUNTS, key=lambda mount: -len(mount.name))


def mount_of(path: str) -> ChatMount:
    """The mount whose words a path's errors are said in; ``/v1`` for paths of no mount."""
    for mount in _BY_LENGTH:
        if path == mount.name or path.startswith(mount.name + "/"):
            return mount
    return MOUNTS[0]
