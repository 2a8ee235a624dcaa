"""A client's Responses body to a Call.

Knows every top-level member that has a neutral one, and what its value may be; the others go
through ``members`` or, unknown to it, as they are. Refuses to know ranges that depend on mount or
model, and to keep state: ``asked`` says what the gateway itself is asked for.
Source: https://platform.openai.com/docs/api-reference/responses/create.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check
from glimway.wire.chat.thinking import UNDERSTOOD, read_thinking
from glimway.wire.demanding import need_tools
from glimway.wire.responses.content import DIALECT
from glimway.wire.responses.items import INSTRUCTIONS
from glimway.wire.responses.members import CHECKS
from glimway.wire.responses.thoughts import Unseal
from glimway.wire.responses.tools import hold_to_tools, read_tool_choice, read_tools
from glimway.wire.responses.turns import read_input
from glimway.wire.talk import Call, Format, TextPart, Turn

STOP_STRINGS_MAX = 16
SEED_MAX = 2**63 - 1
MODEL_CHARS_MAX = 256

VERBOSITIES = ("low", "medium", "high")
SUMMARIES = ("auto", "concise", "detailed", "none")

_Setter = Callable[[Call, str, Any], None]


def decode(body: dict[str, Any], unseal: Unseal | None = None) -> Call:
    """Read a decoded request body.

    Args:
        body: the top-level object; its values are taken over, not copied.
        unseal: opens ``encrypted_content`` that was sealed here.

    Raises:
        Refusal: ``invalid``, naming the field and what it accepts.
    """
    if "extra_body" in body:
        body = _flattened(body)
    model = body.get("model")
    if model is None:
        check.missing("model", 'name the model, for example "zai/glm-4.7-flash"')
    if type(model) is not str or not model.strip():
        check.wrong("model", model, 'a model name, for example "zai/glm-4.7-flash"')
    if len(model) > MODEL_CHARS_MAX:
        check.string("model", model, MODEL_CHARS_MAX)
    heard = read_input(_input(body), unseal)
    call = Call(model=model, turns=heard.turns, dialect=DIALECT, usage_asked=True)
    if type(body.get("input")) is str:
        call.spelled["input"] = "string"
    elif body.get("input") is None:
        call.spelled["input"] = "absent"
    thinking: dict[str, Any] = {}
    for name, value in body.items():
        if value is None or name in _READ_ABOVE:
            continue
        setter = _SETTERS.get(name)
        if setter is not None:
            setter(call, name, value)
        elif name in UNDERSTOOD:
            thinking[name] = value
        else:
            typed = CHECKS.get(name)
            call.extra[name] = value if typed is None else typed(name, value)
    if thinking:
        _thinking(call, thinking)
    call.tools += heard.tools
    if call.tool_choice is not None and call.tools:
        hold_to_tools(call.tool_choice, call.tools)
    elif call.tool_choice is not None:
        need_tools(call.tool_choice, '"auto", "none"')
    if call.extra.get("background") is True and call.extra.get("store") is False:
        accepted = 'false beside "store": false'
        hint = "An answer that is made in the background is fetched later, so it must be kept."
        check.wrong("background", value=True, accepted=accepted, hint=hint)
    return call


def _flattened(body: dict[str, Any]) -> dict[str, Any]:
    """SDKs lay ``extra_body`` over the body; a caller without one may send it as it reads."""
    more = body["extra_body"]
    outer = {name: value for name, value in body.items() if name != "extra_body"}
    return outer if more is None else {**check.mapping("extra_body", more), **outer}


def _input(body: dict[str, Any]) -> Any:
    value = body.get("input")
    elsewhere = ("previous_response_id", "conversation", "prompt")
    if value is None or value == []:
        if any(body.get(name) is not None for name in elsewhere):
            return []
        if value is None:
            check.missing("input", _purpose(body))
        check.wrong("input", value, "an array with at least one item")
    return value


def _purpose(body: dict[str, Any]) -> str:
    if "messages" in body:
        return "'messages' belongs to the chat completions API; here send the same array as 'input'"
    if "prompt" in body:
        return "a string, or an array of items"
    return 'a string, or an array such as [{"role": "user", "content": "Hello"}]'


def _thinking(call: Call, members: dict[str, Any]) -> None:
    call.thinking = read_thinking(members)
    raw = members.get("reasoning")
    if type(raw) is dict:
        for name in ("summary", "generate_summary"):
            if raw.get(name) is not None:
                check.one_of(f"reasoning.{name}", raw[name], SUMMARIES)


def _instructions(call: Call, name: str, value: Any) -> None:
    text = check.string(name, value)
    if not text:
        call.extra[name] = text
        return
    call.turns.insert(0, Turn("system", [TextPart(text)], extra={INSTRUCTIONS: True}))


def _stream(call: Call, name: str, value: Any) -> None:
    call.stream = check.boolean(name, value)


def _max_tokens(call: Call, name: str, value: Any) -> None:
    call.max_tokens = check.integer(name, value, low=1)
    call.spelled["max_tokens"] = name


def _misplaced(call: Call, name: str, value: Any) -> None:
    accepted = "sent as 'max_output_tokens'"
    check.wrong(name, value, accepted, "That is the name of the cap in the Responses API.")


def _response_format(call: Call, name: str, value: Any) -> None:
    hint = 'Send {"text": {"format": {"type": "json_schema", "name": ..., "schema": ...}}}.'
    check.wrong(name, value, "sent as 'text.format'", hint)


def _temperature(call: Call, name: str, value: Any) -> None:
    call.temperature = check.number(name, value)


def _top_p(call: Call, name: str, value: Any) -> None:
    call.top_p = check.number(name, value, 0, 1)


def _stop(call: Call, name: str, value: Any) -> None:
    items = [value] if type(value) is str else check.sequence(name, value, "strings")
    if len(items) > STOP_STRINGS_MAX:
        check.wrong(name, value, f"at most {STOP_STRINGS_MAX} strings")
    call.stop = [check.string(f"{name}[{at}]", item) for at, item in enumerate(items) if item != ""]


def _seed(call: Call, name: str, value: Any) -> None:
    call.seed = check.integer(name, value, -SEED_MAX - 1, SEED_MAX)


def _tools(call: Call, name: str, value: Any) -> None:
    call.tools = read_tools(name, value)


def _tool_choice(call: Call, name: str, value: Any) -> None:
    call.tool_choice = read_tool_choice(name, value)


def _parallel(call: Call, name: str, value: Any) -> None:
    call.parallel_tool_calls = check.boolean(name, value)


def _user(call: Call, name: str, value: Any) -> None:
    call.user = check.string(name, value)


def _text(call: Call, name: str, value: Any) -> None:
    form = check.mapping(name, value, '{"format": {"type": "text"}}')
    if form.get("verbosity") is not None:
        word = check.one_of(f"{name}.verbosity", form["verbosity"], VERBOSITIES)
        call.extra["verbosity"] = word
    if form.get("format") is not None:
        call.format = _format(f"{name}.format", form["format"])
    rest = {k: v for k, v in form.items() if v is None or k not in ("format", "verbosity")}
    if rest or not form:
        call.extra[name] = rest


def _format(param: str, value: Any) -> Format:
    form = check.mapping(param, value, '{"type": "json_object"}')
    kind = form.get("type")
    if kind is None:
        check.missing(f"{param}.type", '"text", "json_object" or "json_schema"')
    if type(kind) is not str:
        check.wrong(f"{param}.type", kind, 'one of "text", "json_object", "json_schema"')
    if kind in ("text", "json_object"):
        rest = {key: item for key, item in form.items() if key != "type"}
        return Format(kind=kind, extra=rest or None)  # type: ignore[arg-type]  # checked
    if kind != "json_schema":
        # Grammars and other forms are a host's own business.
        return Format(kind="opaque", value=form)
    nested = type(form.get("json_schema")) is dict
    if form.get("name") is None:
        advice = ". It stands beside the type here, not inside 'json_schema'" if nested else ""
        check.missing(f"{param}.name", f"a short name for the schema{advice}")
    schema = form.get("schema")
    if schema is None:
        check.missing(f"{param}.schema", "the JSON Schema of the answer")
    if type(schema) is not dict and type(schema) is not bool:
        check.wrong(f"{param}.schema", schema, "a JSON Schema object")
    strict = form.get("strict")
    known = ("type", "name", "schema")
    rest = {k: v for k, v in form.items() if k not in known and (k != "strict" or v is None)}
    return Format(
        kind="json_schema",
        name=check.string(f"{param}.name", form["name"], 64),
        schema=schema,
        strict=None if strict is None else check.boolean(f"{param}.strict", strict),
        extra=rest or None,
    )


def _preferences(call: Call, name: str, value: Any) -> None:
    preferences = check.mapping(name, value, '{"order": ["..."]}')
    call.preferences = {**(call.preferences or {}), **preferences}


def _options(call: Call, name: str, value: Any) -> None:
    options = check.mapping(name, value, '{"gateway": {"order": ["..."]}}')
    if options.get("gateway") is not None:
        # The same preferences as ``provider`` has, as the AI SDK spells them.
        gateway = check.mapping(f"{name}.gateway", options["gateway"], '{"order": ["..."]}')
        call.preferences = {**gateway, **(call.preferences or {})}
    rest = {key: item for key, item in options.items() if key != "gateway"}
    if rest:
        call.extra[name] = rest


def _models(call: Call, name: str, value: Any) -> None:
    items = check.sequence(name, value, "model names")
    call.fallback_models = [
        check.string(f"{name}[{at}]", item, MODEL_CHARS_MAX) for at, item in enumerate(items)
    ]


_READ_ABOVE = frozenset({"model", "input"})

_SETTERS: dict[str, _Setter] = {
    "instructions": _instructions,
    "stream": _stream,
    "max_output_tokens": _max_tokens,
    "max_tokens": _misplaced,
    "max_completion_tokens": _misplaced,
    "response_format": _response_format,
    "temperature": _temperature,
    "top_p": _top_p,
    "stop": _stop,
    "seed": _seed,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": _parallel,
    "text": _text,
    "user": _user,
    "provider": _preferences,
    "providerOptions": _options,
    "models": _models,
}
