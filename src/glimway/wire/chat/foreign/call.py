"""A request of another dialect as one of chat's own.

Knows which members mean the same everywhere and which only their own dialect understands. Refuses
to know any host: the request that it makes is written like every other.
"""

from __future__ import annotations

from glimway.wire.chat.foreign.tools import tools_at_home
from glimway.wire.chat.foreign.turns import turns_at_home
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import COMMON_MEMBERS, Call, Format, Json, Thinking

FORMAT_NAME = "response"
"""Names a schema that came without a name, which this dialect must have."""

_KEPT_HERE = frozenset(
    """
    background conversation include metadata previous_response_id store stream_options
    """.split()
)
"""What these ask is done or refused here, by whoever keeps answers and writes them in the caller's
dialect, never by a chat host."""

_CHANCES = frozenset({"logprobs", "top_logprobs"})
"""An answer's log probabilities reach only callers of the dialect that they come in."""

_NOTHING: tuple[Json, ...] = (None, "", [], {}, "disabled")
"""Values that ask for what happens anyway."""


def call_at_home(call: Call, quirks: Quirks, adjusted: list[str]) -> Call:
    """The same request in chat's words; the one given is not changed.

    Args:
        call: of another dialect.
        quirks: of the host that it goes to.
        adjusted: learns what was left out.

    Raises:
        Refusal: ``unsupported``: what cannot be carried would change the answer's meaning.
    """
    tools, choice = tools_at_home(call, quirks, adjusted)
    extra: dict[str, Json] = {}
    for name, value in call.extra.items():
        if name in COMMON_MEMBERS and name not in _KEPT_HERE and name not in _CHANCES:
            extra[name] = value
        elif name not in _KEPT_HERE and value not in _NOTHING:
            adjusted.append(f"{name} left out")
    return Call(
        model=call.model,
        turns=turns_at_home(call.turns, adjusted),
        dialect="chat",
        stream=call.stream,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=call.parallel_tool_calls if tools else None,
        max_tokens=call.max_tokens,
        temperature=call.temperature,
        top_p=call.top_p,
        stop=call.stop,
        n=call.n,
        seed=call.seed,
        thinking=None if call.thinking is None else _thinking(call.thinking, quirks, adjusted),
        format=None if call.format is None else _format(call.format),
        user=call.user,
        usage_asked=call.usage_asked,
        extra=extra,
    )


def _thinking(knob: Thinking, quirks: Quirks, adjusted: list[str]) -> Thinking:
    """The knob without its caller's own spelling, which a chat host would not know.

    A host whose control is not known gets OpenAI's word for an effort, ``none`` for no thinking.
    """
    raw: dict[str, Json] = {}
    if knob.effort is not None:
        raw["reasoning_effort"] = knob.effort
    elif knob.on is False and not quirks.thinking.known:
        raw["reasoning_effort"] = "none"
    if not quirks.thinking.known:
        if knob.budget_tokens is not None:
            adjusted.append("thinking budget left out")
        if knob.keep is not None:
            adjusted.append("clear_thinking left out")
        if knob.on is True and not raw and knob.budget_tokens is None:
            adjusted.append("thinking left to the provider")
    return Thinking(knob.on, knob.effort, knob.budget_tokens, knob.keep, raw)


def _format(form: Format) -> Format:
    if form.kind == "opaque":
        kind = form.value.get("type") if type(form.value) is dict else form.value
        if kind == "json_object":
            return Format("json_object")  # known to the other APIs of two of the three
        raise Refusal(
            "unsupported",
            f"The answer's format {str(kind)[:64]!r} has no place in the chat API of this "
            "request's provider. Send a JSON Schema, or ask for any JSON object.",
            param="response_format",
        )
    if form.kind != "json_schema":
        return Format(form.kind)
    about = (form.extra or {}).get("description")
    extra = {"description": about} if type(about) is str else None
    schema = {} if form.schema is None else form.schema
    return Format("json_schema", form.name or FORMAT_NAME, schema, form.strict, extra=extra)
