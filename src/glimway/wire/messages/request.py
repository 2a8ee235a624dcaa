"""A client's Messages body to a Call.

Knows every top-level member that has a neutral one, and what its value may be; the others go
through ``members`` or, unknown to it, as they are. Refuses to know ranges that depend on mount or
model, and versions: whichever ``anthropic-version`` a client names, or none, it is read alike.
Source: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check
from glimway.wire.chat.tools import hold_to_tools
from glimway.wire.demanding import need_tools
from glimway.wire.dialect import Headers
from glimway.wire.messages.blocks import DIALECT
from glimway.wire.messages.members import CHECKS, TIERS
from glimway.wire.messages.signatures import Unseal
from glimway.wire.messages.thinking import CONFIG, read_thinking
from glimway.wire.messages.tools import read_tool_choice, read_tools
from glimway.wire.messages.turns import read_messages, read_system
from glimway.wire.talk import Call, Format, Turn

STOP_STRINGS_MAX = 64
MODEL_CHARS_MAX = 256

BETAS = "betas"
"""Key in ``Call.spelled``: the values of ``anthropic-beta``, for hosts of this dialect."""
BETAS_CHARS_MAX = 4096

_HEADERS = {b"anthropic-beta": BETAS}

_Setter = Callable[[Call, str, Any], None]

_MEANT = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "stop": "stop_sequences",
    "response_format": "output_config",
    "reasoning_effort": "output_config",
    "instructions": "system",
}
"""Members of other dialects that change the answer -> what they are called here."""


def decode(
    body: dict[str, Any],
    headers: Headers,
    unseal: Unseal | None = None,
    *,
    counting: bool = False,
) -> Call:
    """Read a decoded request body.

    Args:
        body: the top-level object; its values are taken over, not copied.
        headers: of the request; ``anthropic-beta`` says something to this dialect's hosts.
        unseal: opens what was sealed here.
        counting: only the prompt's tokens are to be counted: nothing is asked of an answer.

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
    heard = read_messages(body["messages"], unseal)
    call = Call(model=model, turns=heard.turns, dialect=DIALECT)
    if body.get("max_tokens") is None and not counting:
        check.missing("max_tokens", _max_tokens_purpose(body))
    config = _config(call, body.get(CONFIG))
    call.thinking = read_thinking(body.get("thinking"), config)
    for name, value in body.items():
        if value is None or name in _READ_ABOVE:
            continue
        setter = _SETTERS.get(name)
        if setter is not None:
            setter(call, name, value)
        elif name in _MEANT:
            check.wrong(name, value, "left out", f"Here it is called '{_MEANT[name]}'.")
        else:
            typed = CHECKS.get(name)
            call.extra[name] = value if typed is None else typed(name, value)
    call.tools += heard.tools
    if call.tool_choice is not None and call.tools:
        hold_to_tools(call.tool_choice, call.tools)
    elif call.tool_choice is not None:
        need_tools(call.tool_choice, '{"type": "auto"}')
    _hear(call, headers)
    return call


def _hear(call: Call, headers: Headers) -> None:
    for name, value in headers:
        key = _HEADERS.get(name)
        if key is not None:
            before = call.spelled.get(key)
            text = value.decode("latin-1")[:BETAS_CHARS_MAX]
            call.spelled[key] = text if before is None else f"{before},{text}"[:BETAS_CHARS_MAX]


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


def _max_tokens_purpose(body: dict[str, Any]) -> str:
    for name in ("max_completion_tokens", "max_output_tokens"):
        if body.get(name) is not None:
            return f"here it stands for '{name}'"
    return "the most tokens that the answer may have, for example 4096"


def _system(call: Call, name: str, value: Any) -> None:
    turn: Turn = read_system(value)
    call.turns.insert(0, turn)
    call.spelled[name] = turn.form


def _stream(call: Call, name: str, value: Any) -> None:
    call.stream = check.boolean(name, value)


def _max_tokens(call: Call, name: str, value: Any) -> None:
    # Zero fills a prompt cache and asks for no answer.
    call.max_tokens = check.integer(name, value, low=0)


def _temperature(call: Call, name: str, value: Any) -> None:
    call.temperature = check.number(name, value)


def _top_p(call: Call, name: str, value: Any) -> None:
    call.top_p = check.number(name, value, 0, 1)


def _stop(call: Call, name: str, value: Any) -> None:
    if type(value) is str:
        check.wrong(name, value, "an array of strings", "Put the string into an array.")
    items = check.sequence(name, value, "strings")
    call.spelled["stop"] = "array"
    if len(items) > STOP_STRINGS_MAX:
        check.wrong(name, f"{len(items)} strings", f"at most {STOP_STRINGS_MAX} strings")
    call.stop = [check.string(f"{name}[{at}]", item) for at, item in enumerate(items)]
    for at, item in enumerate(call.stop):
        if not item:
            check.wrong(f"{name}[{at}]", item, "a string that is not empty")


def _tools(call: Call, name: str, value: Any) -> None:
    call.tools = read_tools(name, value)
    call.spelled[name] = "array"


def _tool_choice(call: Call, name: str, value: Any) -> None:
    call.tool_choice, call.parallel_tool_calls = read_tool_choice(name, value)


def _service_tier(call: Call, name: str, value: Any) -> None:
    tier = check.string(name, value)
    call.extra[name] = TIERS.get(tier, tier)


def _metadata(call: Call, name: str, value: Any) -> None:
    pairs = check.mapping(name, value, '{"user_id": "..."}')
    if pairs.get("user_id") is not None:
        call.user = check.string(f"{name}.user_id", pairs["user_id"])
    more = {k: v for k, v in pairs.items() if k != "user_id" and v is not None}
    if more or not pairs:
        call.extra[name] = more


def _config(call: Call, value: Any) -> dict[str, Any] | None:
    """Take what is asked of the answer's form; what is asked of thinking is read beside it."""
    if value is None:
        return None
    config = check.mapping(CONFIG, value, '{"effort": "high"}')
    if config.get("format") is not None:
        call.format = _format(f"{CONFIG}.format", config["format"])
    more = {k: v for k, v in config.items() if k not in ("format", "effort") and v is not None}
    if more or not config:
        call.extra[CONFIG] = more
    return config


def _output_format(call: Call, name: str, value: Any) -> None:
    # The same by an older name.
    form = _format(name, value)
    if call.format is None:
        call.format = form
        call.spelled["format"] = name


def _format(param: str, value: Any) -> Format:
    form = check.mapping(param, value, '{"type": "json_schema", "schema": {...}}')
    if form.get("type") is None:
        check.missing(f"{param}.type", 'send "json_schema"')
    kind = check.string(f"{param}.type", form["type"])
    if kind != "json_schema":
        return Format(kind="opaque", value=form)
    schema = form.get("schema")
    if schema is None:
        check.missing(f"{param}.schema", 'a JSON Schema such as {"type": "object"}')
    if type(schema) is not dict and type(schema) is not bool:
        check.wrong(f"{param}.schema", schema, "a JSON Schema object")
    more = {k: v for k, v in form.items() if k not in ("type", "schema") and v is not None}
    return Format(kind="json_schema", schema=schema, extra=more or None)


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


_READ_ABOVE = frozenset({"model", "messages", "thinking", CONFIG})

_SETTERS: dict[str, _Setter] = {
    "system": _system,
    "stream": _stream,
    "max_tokens": _max_tokens,
    "temperature": _temperature,
    "top_p": _top_p,
    "stop_sequences": _stop,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "metadata": _metadata,
    "service_tier": _service_tier,
    "output_format": _output_format,
    "provider": _preferences,
    "providerOptions": _options,
    "models": _models,
}
