"""How one host spells its dialect: plain data, read by the codecs.

Knows which differences between hosts exist. Refuses to know which host has which: profiles
(``data/providers/*.toml``) hold the values with their sources, and every default here is plain
OpenAI chat, so a host without a single line of quirks gets exactly what the caller wrote.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glimway.wire.events import StopReason
from glimway.wire.refusal import FaultKind, RefusalKind

Json = Any

Dialect = Literal["chat", "responses", "messages"]
"""How a provider can speak."""

PATHS: dict[str, str] = {
    "chat": "/chat/completions",
    "responses": "/responses",
    "messages": "/messages",
}
"""What follows a provider's base URL."""

STEP_BESIDE_A_BOUND = 0.01
"""How far inside an excluded bound a value is put. Source: Z.ai's own SDKs, which write 0.01 for
a temperature of 0 and 0.99 for 1 (github.com/zai-org/z-ai-sdk-python)."""


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one of a host's error codes means: a fault of its own, or a refusal of the request.

    ``retry`` says whether trying again can help, and how soon: ``long`` waits tens of seconds
    (an overload that lasts), ``until_reset`` not before the time that the host names. ``lacks``:
    the host does not have the model or the path, which says nothing of other hosts.
    """

    fault: FaultKind | None = None
    refusal: RefusalKind | None = None
    retry: Literal["yes", "no", "long", "until_reset"] = "no"
    lacks: bool = False


class Errors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a host's error bodies read.

    ``code`` and ``message`` are member paths, tried in order; the first that holds text (or, for
    the code, an integer) counts. ``codes`` maps a code as text, ``statuses`` an HTTP status as
    text, ``phrases`` a piece of the message in lower case to its meaning; they are asked in this
    order, then the status speaks for itself.
    Source of the default paths: OpenAI's body, the flat bodies of SGLang and of Z.ai's gateway,
    the bare ``detail`` of FastAPI (shared shapes of the hosts in ``data/providers``).
    """

    code: tuple[str, ...] = ("error.code", "error.type", "code", "type")
    message: tuple[str, ...] = ("error.message", "error", "message", "msg", "detail")
    codes: dict[str, Meaning] = {}
    statuses: dict[str, Meaning] = {}
    phrases: dict[str, Meaning] = {}


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field's range at this host; values outside are clamped into it and named as adjusted.

    ``low`` and ``high`` belong to the range; ``above`` and ``below`` are bounds that do not.
    """

    low: int | float | None = None
    high: int | float | None = None
    above: int | float | None = None
    below: int | float | None = None

    def fit(self, value: float) -> int | float:
        """The nearest value that the host takes; the value itself where it is inside."""
        if self.above is not None and value <= self.above:
            value = self.above + STEP_BESIDE_A_BOUND
        elif self.below is not None and value >= self.below:
            value = self.below - STEP_BESIDE_A_BOUND
        if self.low is not None and value < self.low:
            return self.low
        if self.high is not None and value > self.high:
            return self.high
        return value

    def holds(self, value: float) -> bool:
        """Whether the host takes the value as it is."""
        return self.fit(value) == value


class ThinkingControl(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How thinking is switched.

    ``known`` False: the caller's own members are passed as they are. ``on`` and ``off`` are
    members merged into the body; an empty ``off`` of a known control says that the host has no
    way to turn thinking off, so a wish for it is left out and named as adjusted. ``effort`` is
    the member path of an effort level (``reasoning_effort``, ``reasoning.effort``), ``efforts``
    maps our levels (none minimal low medium high xhigh max) to the host's words; a level that is
    not in a map that holds any is sent as it is. ``keep`` is the member path that keeps earlier
    thinking in context; ``keep_value`` is what to write there, ``drop_value`` its opposite.
    ``budget`` is the member path of a cap on thinking tokens.
    """

    known: bool = False
    on: dict[str, Json] = {}
    off: dict[str, Json] = {}
    effort: str | None = None
    efforts: dict[str, str] = {}
    keep: str | None = None
    keep_value: Json = False
    drop_value: Json = True
    budget: str | None = None


class WebSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the host is asked to search the web.

    ``form``: ``none`` (it cannot), ``tool`` (``tool`` is appended to ``tools``), ``members``
    (``members`` are merged into the body). ``results`` are the paths of its findings in an
    answer, tried in order.
    """

    form: Literal["none", "tool", "members"] = "none"
    tool: dict[str, Json] = {}
    members: dict[str, Json] = {}
    results: tuple[str, ...] = ()


class Quirks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a codec must know about one host.

    What the host reads:
        usage: where usage rides in streams: ``include_usage`` (ask for it), ``always`` (unasked),
            ``never``.
        max_tokens: under which name the cap on output goes.
        reasoning_in: the form in which replayed thinking is read.
        thinking: how thinking is switched.
        reject: fields the host refuses: left out and named as adjusted.
        rename: our field -> the host's.
        ranges: narrower ranges of numbers: clamped and named.
        lengths: ranges of a text's characters; a text outside is left out and named. Both speak
            of the field as the caller wrote it, before ``rename``.
        strict: members beyond ``members`` and OpenAI's own are refused by the host, so they are
            left out and named.
        members: what a strict host knows beyond OpenAI's own members.
        stop_max, n_max, tools_max: how many it takes; the rest is done here or refused. Where
            ``n_max`` is 1, ``n`` is not sent at all.
        stop_array: a single stop string must be sent as an array.
        tool_choice: the forms it takes; another form becomes ``auto`` and is named. ``none``
            where it is not taken: the tools are left out, which means the same.
        formats: kinds of ``response_format`` it takes.
        developer_role: False: a developer's turn is sent as a system turn.
        user_message: True: at least one user turn must be there.
        text_parts: False: a content array of texts is joined into one string.
        null_content: False: an assistant's ``null`` content is sent as ``""``.
        tool_description: True: every function must have a description.
        tool_stream: True: arguments stream only when ``tool_stream: true`` is sent.
        web_search: how it searches the web.

    What the host writes:
        reasoning_out: where its thinking is, in the order of preference: a delta's member
            (``reasoning_content``, ``reasoning``, ``reasoning_details``), inside the text
            between tags (``think_tags``) or up to a closing tag (``think_open``), or in a
            content array (``typed_parts``).
        finish_reasons: its own words for why an answer ended, beyond the codec's list.
        end_of_sequence: strings that leak as a last frame of their own.
        errors: how its errors read.
    """

    usage: Literal["include_usage", "always", "never"] = "include_usage"
    max_tokens: Literal["as_sent", "max_tokens", "max_completion_tokens"] = "as_sent"
    reasoning_in: Literal[
        "reasoning_content", "reasoning", "reasoning_details", "think_tags", "none"
    ] = "reasoning_content"
    thinking: ThinkingControl = ThinkingControl()
    reject: frozenset[str] = frozenset()
    rename: dict[str, str] = {}
    ranges: dict[str, Range] = {}
    lengths: dict[str, Range] = {}
    strict: bool = False
    members: frozenset[str] = frozenset()
    stop_max: int = 4
    stop_array: bool = False
    n_max: int = 128
    tools_max: int | None = None
    tool_choice: frozenset[str] = frozenset({"auto", "none", "required", "named", "allowed"})
    formats: frozenset[str] = frozenset({"text", "json_object", "json_schema"})
    developer_role: bool = True
    user_message: bool = False
    text_parts: bool = True
    null_content: bool = True
    tool_stream: bool = False
    tool_description: bool = False
    web_search: WebSearch = WebSearch()
    reasoning_out: tuple[
        Literal[
            "reasoning_content",
            "reasoning",
            "reasoning_details",
            "think_tags",
            "think_open",
            "typed_parts",
        ],
        ...,
    ] = ("reasoning_content", "reasoning")
    finish_reasons: dict[str, StopReason] = {}
    end_of_sequence: tuple[str, ...] = ()
    errors: Errors = Errors()
