"""A client's call options to a Call.

Knows every member of the SDK's call object and what its value may be. Refuses to know ranges that
depend on model or mount (``domain/judgement`` holds values to those).
Source: ``LanguageModelV3CallOptions`` and ``LanguageModelV4CallOptions`` of ``@ai-sdk/provider``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check
from glimway.wire.aisdk.asked import keep_version, read_headers
from glimway.wire.aisdk.content import DIALECT, OPTIONS
from glimway.wire.aisdk.options import EFFORTS, read_options, set_effort
from glimway.wire.aisdk.tools import custom_names, hold_to_tools, read_choice, read_tools
from glimway.wire.aisdk.turns import read_prompt
from glimway.wire.dialect import Headers
from glimway.wire.talk import Call, Format

STOP_STRINGS_MAX = 16
SEED_MAX = 2**63 - 1
TOP_K_MAX = 2**31 - 1
PENALTY_MAX = 2
FORMAT_NAME_CHARS_MAX = 64
FORMAT_NAME = "response"
"""Names a schema that came without a name."""

RAW = "includeRawChunks"

_LEFT_TO_MODEL = "provider-default"


def decode(body: dict[str, Any], headers: Headers) -> Call:
    """Read a decoded request body with its headers.

    Args:
        body: the call options; their values are taken over, not copied.
        headers: names in lower case; they name the model, and say whether to stream.

    Raises:
        Refusal: ``invalid`` or ``unsupported``, naming the header or member and what it accepts.
    """
    asked = read_headers(headers, body)
    if body.get("prompt") is None:
        check.missing("prompt", _purpose(body))
    tools = [] if body.get("tools") is None else read_tools("tools", body["tools"])
    call = Call(
        model=asked.model,
        turns=read_prompt(body["prompt"], custom_names(tools)),
        dialect=DIALECT,
        stream=asked.stream,
        tools=tools,
        usage_asked=True,
    )
    keep_version(call, asked.version)
    for name, value in body.items():
        if value is None or name in _READ_ELSEWHERE:
            continue
        setter = _SETTERS.get(name)
        if setter is None:
            call.extra[name] = value
        else:
            setter(call, name, value)
    # A provider's own option says more than the common one, and some need the format.
    if body.get("reasoning") is not None:
        _reasoning(call, "reasoning", body["reasoning"])
    if body.get(OPTIONS) is not None:
        common = call.thinking
        call.thinking = None
        read_options(call, body[OPTIONS])
        if call.thinking is None:
            call.thinking = common
    if call.tool_choice is not None:
        hold_to_tools(call.tool_choice, tools)
    return call


def _purpose(body: dict[str, Any]) -> str:
    for name, path in (("messages", "/v1/chat/completions"), ("input", "/v1/responses")):
        if name in body:
            return f"'{name}' belongs to {path}; here send messages as 'prompt'"
    return 'an array such as [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]'


def _max_tokens(call: Call, name: str, value: Any) -> None:
    call.max_tokens = check.integer(name, value, low=1)


def _temperature(call: Call, name: str, value: Any) -> None:
    call.temperature = check.number(name, value)


def _top_p(call: Call, name: str, value: Any) -> None:
    call.top_p = check.number(name, value, 0, 1)


def _top_k(call: Call, name: str, value: Any) -> None:
    call.extra["top_k"] = check.integer(name, value, 0, TOP_K_MAX)


def _presence(call: Call, name: str, value: Any) -> None:
    call.extra["presence_penalty"] = check.number(name, value, -PENALTY_MAX, PENALTY_MAX)


def _frequency(call: Call, name: str, value: Any) -> None:
    call.extra["frequency_penalty"] = check.number(name, value, -PENALTY_MAX, PENALTY_MAX)


def _stop(call: Call, name: str, value: Any) -> None:
    items = check.sequence(name, value, "strings")
    if len(items) > STOP_STRINGS_MAX:
        check.wrong(name, f"{len(items)} strings", f"at most {STOP_STRINGS_MAX} strings")
    call.stop = [check.string(f"{name}[{at}]", item) for at, item in enumerate(items)]
    for at, item in enumerate(call.stop):
        if not item:
            check.wrong(f"{name}[{at}]", item, "a string that is not empty")


def _seed(call: Call, name: str, value: Any) -> None:
    call.seed = check.integer(name, value, -SEED_MAX - 1, SEED_MAX)


def _format(call: Call, name: str, value: Any) -> None:
    form = check.mapping(name, value, '{"type": "json", "schema": {...}}')
    kind = form.get("type")
    if kind is None:
        check.missing(f"{name}.type", '"text" or "json"')
    if kind in ("json_schema", "json_object"):
        hint = 'Send {"type": "json"}, with the schema beside it where there is one.'
        check.wrong(f"{name}.type", kind, '"text" or "json"', hint)
    if check.one_of(f"{name}.type", kind, ("text", "json")) == "text":
        call.format = Format("text")
        return
    schema = form.get("schema")
    if schema is None:
        call.format = Format("json_object")
        return
    if type(schema) is not dict and type(schema) is not bool:
        check.wrong(f"{name}.schema", schema, "a JSON Schema object")
    title = form.get("name")
    if title is not None:
        title = check.string(f"{name}.name", title, FORMAT_NAME_CHARS_MAX)
    about = form.get("description")
    call.format = Format(
        "json_schema",
        title or FORMAT_NAME,
        schema,
        extra=None
        if about is None
        else {"description": check.string(f"{name}.description", about)},
    )


def _tool_choice(call: Call, name: str, value: Any) -> None:
    call.tool_choice = read_choice(name, value)


def _raw_chunks(call: Call, name: str, value: Any) -> None:
    if check.boolean(name, value):
        call.extra[name] = True


def _reasoning(call: Call, name: str, value: Any) -> None:
    if check.one_of(name, value, (_LEFT_TO_MODEL, *EFFORTS)) != _LEFT_TO_MODEL:
        set_effort(call, name, value)


_READ_ELSEWHERE = frozenset(
    {
        "prompt",
        "tools",
        "reasoning",
        OPTIONS,
        # The headers of this very request once more: none of them is meant for a provider here,
        # and passing a caller's headers on would pass keys on.
        "headers",
        "abortSignal",
    }
)

_SETTERS: dict[str, Callable[[Call, str, Any], None]] = {
    "maxOutputTokens": _max_tokens,
    "temperature": _temperature,
    "topP": _top_p,
    "topK": _top_k,
    "presencePenalty": _presence,
    "frequencyPenalty": _frequency,
    "stopSequences": _stop,
    "seed": _seed,
    "responseFormat": _format,
    "toolChoice": _tool_choice,
    RAW: _raw_chunks,
}
