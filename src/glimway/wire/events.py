"""What an answer says, in no dialect.

Knows the events of a reply: Start, Text, Thought, Declined, ToolOpen, ToolArgs, Cited, Stop, Usage
and Opaque. Refuses to know how any dialect spells them, and what a request asks (``talk``).

A whole reply is a stream of one frame, so there is one code path. The structs switch the cycle
collector off (``gc=False``) where they hold no containers that could close a cycle: one is made
for every streamed token.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from glimway.wire.talk import Json

StopReason = Literal[
    "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "error", "context"
]


class Start(msgspec.Struct, gc=False):
    """The answer has begun; ids are the provider's own and go to the receipt."""

    id: str | None = None
    model: str | None = None


class Text(msgspec.Struct, gc=False):
    """A piece of the answer's text."""

    text: str
    choice: int = 0


class Thought(msgspec.Struct, gc=False):
    """A piece of thinking."""

    text: str
    choice: int = 0
    signature: str | None = None
    """Proof of the thinking before it; comes with an empty text at the end of a piece."""
    sealed: str | None = None
    """Thinking only its maker can read (encrypted content, redacted thinking)."""
    summary: bool = False
    """A summary of thinking rather than the thinking itself."""


class Declined(msgspec.Struct, gc=False):
    """A piece of the model's own refusal."""

    text: str
    choice: int = 0


class ToolOpen(msgspec.Struct, gc=False):
    """A tool call begins: name whole and once, id always there."""

    index: int
    id: str
    name: str
    choice: int = 0
    kind: str = "function"
    """``custom`` for free-text tools: their arguments are text, not JSON."""


class ToolArgs(msgspec.Struct, gc=False):
    """A piece of the arguments of the call ``index``."""

    index: int
    text: str
    choice: int = 0


class Stop(msgspec.Struct, gc=False):
    """Why a choice ended; ``raw`` is the provider's own word, ``sequence`` the stop string met."""

    reason: StopReason
    choice: int = 0
    raw: str | None = None
    sequence: str | None = None


class Usage(msgspec.Struct):
    """Tokens as the provider counted them. ``input`` includes cached and cache-written tokens,
    ``output`` includes reasoning. ``extra`` holds members no neutral member carries."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int | None = None
    extra: dict[str, Json] | None = None


class Cited(msgspec.Struct):
    """A source of the text: ``value`` is the annotation as ``dialect`` wrote it."""

    url: str | None
    title: str | None = None
    start: int | None = None
    end: int | None = None
    choice: int = 0
    value: Json = None
    dialect: str = ""


class Opaque(msgspec.Struct):
    """Members or whole events that only ``dialect`` understands, with the place they came from.

    ``frame``, ``choice``, ``delta`` and ``message`` are places of the chat dialect; ``block`` is a
    content block, ``item`` an output item, ``event`` a stream event of the dialects that have them.
    """

    place: Literal["frame", "choice", "delta", "message", "block", "item", "event"]
    value: dict[str, Json]
    choice: int = 0
    dialect: str = "chat"


Event = Start | Text | Thought | Declined | ToolOpen | ToolArgs | Cited | Stop | Usage | Opaque
