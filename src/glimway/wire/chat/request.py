"""A client's chat-completions body to a Call.

Knows every top-level member that has a neutral one, and what its value may be; the others go
through ``members`` or, unknown to it, as they are. Refuses to know ranges that depend on mount or
model (``domain/judgement`` holds values to those).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check
from glimway.wire.chat.members import CHECKS
from glimway.wire.chat.thinking import UNDERSTOOD, read_thinking
from glimway.wire.chat.tools import hold_to_tools, read_tool_choice, read_tools
from glimway.wire.chat.turns import read_turns
from glimway.wire.demanding import need_tools
from glimway.wire.talk import Call, Format

STOP_STRINGS_MAX = 16
N_MAX = 128
SEED_MAX = 2**63 - 1
MODEL_CHARS_MAX = 256

_Setter = Callable[[Call, str, Any], None]


def decode(body: dict[str, Any]) -> Call:
    """Read a decoded request body.

    Args:
        body: the top-level object; its values are taken over, not copied.

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
    if body.get("messages") is None:
        check.missing("messages", _messages_purpose(body))
    call = Call(model=model, turns=read_turns(body["messages"]), dialect="chat")
    thinking: dict[str, Any] | None = None
    for name, value in body.items():
        if value is None or name in _READ_ABOVE:
            continue
        setter = _SETTERS.get(name)
        if setter is not None:
            setter(call, name, value)
        elif name in UNDERSTOOD:
            thinking = thinking if thinking is not None else {}
            thinking[name] = value
        else:
            typed = CHECKS.get(name)
            call.extra[name] = value if typed is None else typed(name, value)
    if thinking is not None:
        call.thinking = read_thinking(thinking)
    if call.tool_choice is not None and call.tools:
        hold_to_tools(call.tool_choice, call.tools)
    elif call.tool_choice is not None:
        need_tools(call.tool_choice, '"auto", "none"')
    return call


def _flattened(body: dict[str, Any]) -> dict[str, Any]:
    """SDKs lay ``extra_body`` over the body; a caller without one may send it as it reads."""
    more = body["extra_body"]
    outer = {name: value for name, value in body.items() if name != "extra_body"}
    return outer if more is None else {**check.mapping("extra_body", more), **outer}


def _messages_purpose(body: dict[str, Any]) -> str:
    for name, api in (("prompt", "completions"), ("input", "responses")):
        if name in body:
            return f"'{name}' belongs to the {api} API; here send messages with role and content"
    return 'an array such as [{"role": "user", "content": "Hello"}]'


def _stream(call: Call, name: str, value: Any) -> None:
    call.stream = check.boolean(name, value)


def _stream_options(call: Call, name: str, value: Any) -> None:
    options = check.mapping(name, value, '{"include_usage": true}')
    if options.get("include_usage") is not None:
        call.usage_asked = check.boolean("stream_options.include_usage", options["include_usage"])
    rest = {key: item for key, item in options.items() if key != "include_usage"}
    if rest:
        call.extra[name] = rest


def _max_tokens(call: Call, name: str, value: Any) -> None:
    tokens = check.integer(name, value, low=1)
    # Both spellings at once: the newer one is meant, as OpenAI deprecates max_tokens.
    if call.max_tokens is None or name == "max_completion_tokens":
        call.max_tokens = tokens
        call.spelled["max_tokens"] = name


def _temperature(call: Call, name: str, value: Any) -> None:
    call.temperature = check.number(name, value)


def _top_p(call: Call, name: str, value: Any) -> None:
    call.top_p = check.number(name, value, 0, 1)


def _stop(call: Call, name: str, value: Any) -> None:
    if type(value) is str:
        call.stop = [value] if value else []
        call.spelled["stop"] = "string"
        return
    if type(value) is not list:
        check.wrong(name, value, "a string or an array of strings")
    items: list[Any] = value
    if len(items) > STOP_STRINGS_MAX:
        check.wrong(name, value, f"at most {STOP_STRINGS_MAX} strings")
    call.stop = [check.string(f"{name}[{at}]", item) for at, item in enumerate(items)]
    for at, item in enumerate(call.stop):
        if not item:
            check.wrong(f"{name}[{at}]", item, "a string that is not empty")


def _n(call: Call, name: str, value: Any) -> None:
    call.n = check.integer(name, value, 1, N_MAX)


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
    call.spelled["user"] = name


def _format(call: Call, name: str, value: Any) -> None:
    form = check.mapping(name, value, '{"type": "json_object"}')
    kind = form.get("type")
    if kind is None:
        check.missing(f"{name}.type", '"text", "json_object" or "json_schema"')
    if type(kind) is not str:
        check.wrong(f"{name}.type", kind, 'one of "text", "json_object", "json_schema"')
    if kind in ("text", "json_object"):
        rest = {key: item for key, item in form.items() if key != "type"}
        call.format = Format(kind=kind, extra=rest or None)  # type: ignore[arg-type]  # checked
        return
    if kind != "json_schema":
        # Grammars and other forms are a host's own business.
        call.format = Format(kind="opaque", value=form)
        return
    call.format = _schema_format(f"{name}.json_schema", form)


def _schema_format(param: str, form: dict[str, Any]) -> Format:
    inner = form.get("json_schema")
    if inner is None:
        check.missing(param, 'an object {"name": "...", "schema": {...}}')
    inner = check.mapping(param, inner, '{"name": "answer", "schema": {...}}')
    if inner.get("name") is None:
        check.missing(f"{param}.name", "a short name for the schema")
    schema = inner.get("schema")
    if schema is not None and type(schema) is not dict and type(schema) is not bool:
        check.wrong(f"{param}.schema", schema, "a JSON Schema object")
    strict = inner.get("strict")
    rest = {k: v for k, v in inner.items() if k not in ("name", "schema", "strict")}
    return Format(
        kind="json_schema",
        name=check.string(f"{param}.name", inner["name"], 64),
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


_READ_ABOVE = frozenset({"model", "messages"})

_SETTERS: dict[str, _Setter] = {
    "stream": _stream,
    "stream_options": _stream_options,
    "max_tokens": _max_tokens,
    "max_completion_tokens": _max_tokens,
    "temperature": _temperature,
    "top_p": _top_p,
    "stop": _stop,
    "n": _n,
    "seed": _seed,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": _parallel,
    "response_format": _format,
    "user": _user,
    "user_id": _user,
    "provider": _preferences,
    "providerOptions": _options,
    "models": _models,
}
