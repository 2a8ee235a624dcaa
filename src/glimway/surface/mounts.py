"""The mounts: base paths with their own defaults and error words.

Knows, for each base path, which dialect it speaks, how its answers are written, which temperatures
it takes, where a key may be sent and how it says no. Refuses to know what happens to a request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import msgspec

from glimway.engine.client import Refused
from glimway.surface.errors import (
    aisdk_error,
    glm_error,
    messages_error,
    openai_error,
    paas_error,
)
from glimway.surface.stateless import refuse_state
from glimway.wire.aisdk import AISDK_CLIENT
from glimway.wire.aisdk.style import style_of as aisdk_style_of
from glimway.wire.aisdk.write import Writer as AisdkWriter
from glimway.wire.chat import CHAT_CLIENT
from glimway.wire.chat.write import Style as ChatStyle
from glimway.wire.chat.write import Writer as ChatWriter
from glimway.wire.check import number
from glimway.wire.dialect import ClientSide, Seal, Writer
from glimway.wire.messages import MESSAGES_CLIENT
from glimway.wire.messages.style import style_of as messages_style_of
from glimway.wire.messages.write import PING
from glimway.wire.messages.write import Writer as MessagesWriter
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.responses import RESPONSES_CLIENT
from glimway.wire.responses.style import style_of
from glimway.wire.responses.write import Writer as ResponsesWriter
from glimway.wire.sse import COMMENT
from glimway.wire.talk import Call


class Answering(msgspec.Struct, frozen=True):
    """What a writer must know beside the call.

    Args:
        id: the answer's public id.
        created_s: when the request came, in seconds since 1970.
        prompt_tokens: how long the prompt is, by estimate: some dialects say it before the answer.
        seal: seals thinking that the client keeps; None: the dialect has none of that kind.
    """

    id: str
    created_s: int
    prompt_tokens: int
    seal: Seal | None = None


class Mount(msgspec.Struct, frozen=True):
    """One base path.

    Args:
        name: the base path.
        side: the dialect it speaks; its path follows the name.
        write: makes the writer of one answer.
        words: how it says no.
        temperature_max: above it is a 400 that names the field.
        check: what else the mount cannot serve; raises Refusal.
        key_header: a header that carries a key beside ``authorization``, and wins over it.
        filler: what fills silence in streams.
        id_header: where else than in ``x-request-id`` clients look for the request's id.
        keeps: its answers may be kept, where the server keeps any.
    """

    name: str
    side: ClientSide
    write: Callable[[Call, Answering], Writer]
    words: Callable[[Refusal | Fault, str], Refused]
    temperature_max: float = 2
    check: Callable[[Call], None] | None = None
    key_header: bytes | None = None
    filler: bytes = COMMENT
    id_header: bytes | None = None
    keeps: bool = False

    @property
    def path(self) -> str:
        """Where calls go."""
        return self.name + self.side.path

    def named(self, trace_id: str) -> list[tuple[bytes, bytes]]:
        """The headers that tell a request's id."""
        names = (b"x-request-id", self.id_header)
        return [(name, trace_id.encode()) for name in names if name is not None]

    def judge(self, call: Call) -> None:
        """Check what the mount itself bounds; raises Refusal."""
        value = call.temperature
        if value is not None and not 0 <= value <= self.temperature_max:
            number("temperature", value, 0, self.temperature_max)
        if self.check is not None:
            self.check(call)

    def writer(
        self, call: Call, stem: str, created_s: int, prompt_tokens: int, seal: Seal | None = None
    ) -> Writer:
        """The writer of one answer; ``stem`` is its id without a prefix."""
        answer_id = self.side.id_prefix + stem
        return self.write(call, Answering(answer_id, created_s, prompt_tokens, seal))

    def refuse(self, error: Refusal | Fault, trace_id: str) -> Refused:
        """How this mount says no."""
        return self.words(error, trace_id)


def _chat(
    usage: Literal["asked", "always", "finish"], *, reasoning_too: bool = False
) -> Callable[[Call, Answering], Writer]:
    """Chat writers, by where usage rides in streams: ``asked`` = a last frame of its own when
    ``include_usage`` asks for it; ``always`` = that frame unasked; ``finish`` = in the frame of
    ``finish_reason``. ``reasoning_too``: thinking under both names, where clients of several
    gateways come: some read ``reasoning``, others ``reasoning_content``."""

    def write(call: Call, answering: Answering) -> Writer:
        place: Literal["off", "last", "finish"] = "finish"
        if usage != "finish":
            place = "last" if usage == "always" or call.usage_asked else "off"
        return ChatWriter(
            ChatStyle(
                id=answering.id,
                model=call.model,
                created=answering.created_s,
                usage=place,
                usage_null=place == "last",
                reasoning_too=reasoning_too,
            )
        )

    return write


def _responses(call: Call, answering: Answering) -> Writer:
    style = style_of(call, answering.id, answering.created_s, seal=answering.seal, now_s=_now_s)
    # Nothing is kept: clients that see so send the whole conversation.
    return ResponsesWriter(msgspec.structs.replace(style, echo={**style.echo, "store": False}))


def _aisdk(call: Call, answering: Answering) -> Writer:
    return AisdkWriter(aisdk_style_of(call, answering.id, answering.created_s))


def _messages(call: Call, answering: Answering) -> Writer:
    style = messages_style_of(call, answering.id, answering.prompt_tokens, seal=answering.seal)
    return MessagesWriter(style)


def _of_messages(name: str) -> Mount:
    """A mount of the messages dialect. Its maker's own models take temperatures up to 1, which
    their parameter tables say; those of other makers have always taken 2."""
    return Mount(
        name,
        MESSAGES_CLIENT,
        _messages,
        messages_error,
        key_header=b"x-api-key",
        filler=PING,
        id_header=b"request-id",
    )


def _now_s() -> int:
    return int(time.time())


RESPONSES = Mount("/v1", RESPONSES_CLIENT, _responses, openai_error, check=refuse_state, keeps=True)
"""The mount whose answers may be kept."""

MOUNTS: tuple[Mount, ...] = (
    Mount("/v1", CHAT_CLIENT, _chat("asked", reasoning_too=True), openai_error),
    RESPONSES,
    _of_messages("/v1"),
    _of_messages("/anthropic/v1"),
    Mount("/v1/openai", CHAT_CLIENT, _chat("asked"), openai_error),
    Mount("/glm", CHAT_CLIENT, _chat("always"), glm_error),
    Mount("/api/paas/v4", CHAT_CLIENT, _chat("finish"), paas_error, temperature_max=1),
    Mount("/v3/ai", AISDK_CLIENT, _aisdk, aisdk_error),
    Mount("/v4/ai", AISDK_CLIENT, _aisdk, aisdk_error),
)

DOCUMENT_SIDES: dict[str, ClientSide] = {
    side.name: side for side in (CHAT_CLIENT, RESPONSES_CLIENT, MESSAGES_CLIENT)
}
"""Those whose requests are one document; the others need headers too. The first is the usual."""

# The longest beginning decides; of mounts with one base path the first speaks for the rest of it.
_BEGINNINGS: dict[str, Mount] = {mount.name: mount for mount in reversed(MOUNTS)}
_BEGINNINGS |= {mount.path: mount for mount in MOUNTS}
_BY_LENGTH = sorted(_BEGINNINGS.items(), key=lambda item: -len(item[0]))


def mount_of(path: str) -> Mount:
    """The mount whose words a path's errors are said in; ``/v1`` for paths of no mount."""
    for beginning, mount in _BY_LENGTH:
        if path == beginning or path.startswith(beginning + "/"):
            return mount
    return MOUNTS[0]
