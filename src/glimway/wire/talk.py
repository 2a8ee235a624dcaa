"""The neutral vocabulary: what a request asks, in no dialect.

Knows Call, Turn, Part and Tool: the way out. Refuses to know how any dialect spells them, and what
comes back (``events``).

Every dialect translates to and from these values (a hub, not pairs). Two rules keep fidelity:
the order of parts inside a turn is data, and what a reader does not know is kept, never dropped
(``extra`` on the way out, ``Opaque`` on the way back), so that a writer of the same dialect can
put it back at its place.

How a conversation is laid out, whatever dialect it came in: system text is a turn of role
``system``; every tool result is a turn of its own with role ``tool`` and one ResultPart; thinking,
text and calls of the assistant are parts of one turn, in their order. A dialect that keeps several
of these in one message marks all turns after the first as ``joined``.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Json = Any
"""A decoded JSON value: dict, list, str, int, float, bool or None."""

Role = Literal["system", "developer", "user", "assistant", "tool"]

Form = Literal["text", "parts", "null", "absent"]
"""How a turn's content was written: a string, an array, ``null``, or not at all. A writer of the
same dialect keeps the form; others ignore it."""


# ---- what a request asks --------------------------------------------------------------------


class TextPart(msgspec.Struct):
    """Text, said by whoever the turn belongs to."""

    text: str
    extra: dict[str, Json] | None = None


class ImagePart(msgspec.Struct):
    """An image by ``url`` (``https:`` or ``data:``), as every dialect can carry it."""

    url: str
    detail: str | None = None
    extra: dict[str, Json] | None = None


class FilePart(msgspec.Struct):
    """A document, sound or video: ``kind`` says which; ``value`` is the dialect's own object.

    ``url`` (``https:`` or ``data:``) and ``filename`` are what other dialects can carry of it.
    """

    kind: Literal["file", "audio", "video"]
    value: Json
    dialect: str
    extra: dict[str, Json] | None = None
    url: str | None = None
    filename: str | None = None


class ThoughtPart(msgspec.Struct):
    """Thinking of an earlier turn, replayed by the client.

    ``form`` says in which member it came (``reasoning_content``, ``reasoning``,
    ``reasoning_details``, ``think_tags``, ``thinking``, ...). ``signature`` and ``sealed`` are
    opaque tokens that only their maker can read.
    """

    text: str
    form: str = "reasoning_content"
    signature: str | None = None
    sealed: str | None = None
    extra: dict[str, Json] | None = None


class CallPart(msgspec.Struct):
    """A tool call the assistant made; ``arguments`` is the text as it was made."""

    id: str | None
    name: str
    arguments: str
    kind: str = "function"
    extra: dict[str, Json] | None = None


class ResultPart(msgspec.Struct):
    """What a tool answered to the call ``id``."""

    id: str | None
    content: list[Part]
    form: Form = "text"
    is_error: bool = False
    extra: dict[str, Json] | None = None


class RefusalPart(msgspec.Struct):
    """The assistant declined, in an earlier turn."""

    text: str
    form: Literal["member", "part"] = "member"
    """Where the chat dialect had it: the message's own member, or a content part."""
    extra: dict[str, Json] | None = None


class OpaquePart(msgspec.Struct):
    """A part that only ``dialect`` understands. ``taken``: what it says to others stands elsewhere
    in the call, so a writer that leaves it out leaves nothing out."""

    value: Json
    dialect: str
    taken: bool = False


Part = (
    TextPart | ImagePart | FilePart | ThoughtPart | CallPart | ResultPart | RefusalPart | OpaquePart
)


class Turn(msgspec.Struct):
    """One message: who speaks, and what, in order."""

    role: Role
    parts: list[Part]
    form: Form = "text"
    name: str | None = None
    extra: dict[str, Json] | None = None
    joined: bool = False
    """Belongs to the same message as the turn before, in the dialect it came from."""


class Tool(msgspec.Struct):
    """A declared tool. ``function`` tools have the typed members; any other kind is carried in
    ``value`` as its dialect wrote it. ``optional``: it is the provider's own and the model may do
    without, so a host that lacks it can serve a request that has others beside it."""

    kind: str
    name: str = ""
    description: str | None = None
    parameters: Json = None
    strict: bool | None = None
    value: Json = None
    dialect: str = ""
    extra: dict[str, Json] | None = None
    optional: bool = False


class ToolChoice(msgspec.Struct):
    """May, must or must not the model call; ``names`` for ``named`` and ``allowed``."""

    mode: Literal["auto", "none", "required", "named", "allowed", "opaque"]
    names: tuple[str, ...] = ()
    value: Json = None
    """The dialect's own object, for ``allowed`` (its inner mode) and ``opaque``."""


class Thinking(msgspec.Struct):
    """The one thinking knob.

    ``on``: True, False, or None when the caller left it to the model. ``effort`` is one of
    none, minimal, low, medium, high, xhigh, max, or None. ``budget_tokens`` caps thinking.
    ``keep``: earlier turns' thinking stays in context (``clear_thinking: false``); None = unsaid.
    ``raw`` holds the members as the caller spelled them: a host whose control is not known gets
    just those, and errors name them.
    """

    on: bool | None = None
    effort: str | None = None
    budget_tokens: int | None = None
    keep: bool | None = None
    raw: dict[str, Json] = {}


class Format(msgspec.Struct):
    """The answer's form: free text, any JSON object, or JSON that fits ``schema``."""

    kind: Literal["text", "json_object", "json_schema", "opaque"]
    name: str = ""
    schema: Json = None
    strict: bool | None = None
    value: Json = None
    extra: dict[str, Json] | None = None


COMMON_MEMBERS = frozenset(
    {
        "frequency_penalty",
        "logprobs",
        "metadata",
        "min_p",
        "presence_penalty",
        "prompt_cache_key",
        "repetition_penalty",
        "safety_identifier",
        "service_tier",
        "store",
        "top_k",
        "top_logprobs",
        "verbosity",
    }
)
"""Members of ``Call.extra`` with one meaning in every dialect."""


class Call(msgspec.Struct):
    """One request, in no dialect.

    A member that the caller left out is None (or empty) and is not sent. ``extra`` holds top-level
    members of ``dialect`` that no neutral member carries; they are written again toward a
    provider that speaks this dialect. Those named in ``COMMON_MEMBERS`` mean the same everywhere:
    every reader puts them there under OpenAI's name, every writer that can carry them does.
    """

    model: str
    turns: list[Turn]
    dialect: str
    stream: bool = False
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: list[str] = []
    n: int | None = None
    seed: int | None = None
    thinking: Thinking | None = None
    format: Format | None = None
    user: str | None = None
    usage_asked: bool = False
    preferences: dict[str, Json] | None = None
    """The ``provider`` object: how to route. It is ours and is never sent on."""
    fallback_models: list[str] = []
    extra: dict[str, Json] = {}
    spelled: dict[str, str] = {}
    """Neutral member -> the caller's own spelling, where a dialect has several
    (``max_tokens`` -> ``max_completion_tokens``)."""
