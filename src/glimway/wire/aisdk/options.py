"""``providerOptions`` of a request: how to route, how to think, and members with another place.

Knows the gateway's own options and, in any provider's, the members whose meaning is the same
everywhere. Refuses to know providers: what a name means does not depend on whose options it is
in, and of several that speak of the same thing those of the model's maker count.
Sources: https://vercel.com/docs/ai-gateway/models-and-providers/provider-options, and the options
of the packages ``@ai-sdk/*`` (github.com/vercel/ai).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check
from glimway.wire.aisdk.content import OPTIONS
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json, Thinking

GATEWAY = "gateway"
"""The options that are meant for us."""
PREFERENCES = f"{OPTIONS}.{GATEWAY}"

MODELS_MAX = 100
MODEL_CHARS_MAX = 256

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_TYPES = ("enabled", "disabled", "adaptive", "auto")
_VERBOSITIES = ("low", "medium", "high")

_Options = dict[str, Any]


def read_options(call: Call, value: Any) -> None:
    """Read ``providerOptions`` into the call; what is of no meaning here is kept in ``extra``.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    options = check.mapping(OPTIONS, value, '{"gateway": {"order": ["..."]}}')
    maker = call.model.partition("/")[0].lower()
    # The maker's last: what is said later counts.
    order = sorted(options, key=lambda name: name.lower() == maker)
    kept: dict[str, Json] = {}
    for name in order:
        if options[name] is None:
            continue
        inner = check.mapping(f"{OPTIONS}.{name[:64]}", options[name])
        if name == GATEWAY:
            _gateway(call, inner)
        else:
            rest = _provider(call, f"{OPTIONS}.{name[:64]}", inner)
            if rest:
                kept[name] = rest
    if kept:
        call.extra[OPTIONS] = kept


def _gateway(call: Call, options: _Options) -> None:
    rest = {key: member for key, member in options.items() if member is not None}
    models = rest.pop("models", None)
    if models is not None:
        items = check.sequence(f"{PREFERENCES}.models", models, "model names")
        if len(items) > MODELS_MAX:
            accepted = f"an array of at most {MODELS_MAX}"
            check.wrong(f"{PREFERENCES}.models", f"{len(items)} entries", accepted)
        call.fallback_models = [_model(at, item) for at, item in enumerate(items)]
    if type(rest.get("user")) is str:
        call.user = rest.pop("user")
    if rest:
        call.preferences = rest
        call.spelled["preferences"] = PREFERENCES


def _model(at: int, value: Any) -> str:
    param = f"{PREFERENCES}.models[{at}]"
    if type(value) is dict and "when" in value:
        raise Refusal(
            "unsupported",
            f"'{param}' has a condition, which only decisions can have. Send the model's name.",
            param=param,
        )
    return check.string(param, value, MODEL_CHARS_MAX)


def _provider(call: Call, param: str, options: _Options) -> dict[str, Json]:
    """Read what is understood of one provider's options; the rest is given back."""
    rest: dict[str, Json] = {}
    for name, value in options.items():
        if value is None:
            continue
        reader = _READERS.get(name)
        left = value if reader is None else reader(call, f"{param}.{name}", value)
        if left is not None:
            rest[name] = left
    return rest


# ---- thinking -------------------------------------------------------------------------------


def _knob(call: Call) -> Thinking:
    if call.thinking is None:
        call.thinking = Thinking()
    return call.thinking


def set_effort(call: Call, param: str, value: Any) -> None:
    """Ask for an effort of thinking; ``none`` turns it off.

    Raises:
        Refusal: ``invalid``, naming ``param``.
    """
    word = check.one_of(param, value, EFFORTS)
    knob = _knob(call)
    knob.effort = word
    knob.on = word != "none"


def _thinking(call: Call, param: str, value: Any) -> Json:
    form = check.mapping(param, value, '{"type": "enabled"}')
    rest = dict(form)
    kind = rest.pop("type", None)
    if kind is not None:
        word = check.one_of(f"{param}.type", kind, _TYPES)
        # Adaptive leaves it to the model, which is what a host does when nothing is said.
        _knob(call).on = {"enabled": True, "disabled": False}.get(word)
    for name in ("budgetTokens", "budget_tokens"):
        budget = rest.pop(name, None)
        if budget is not None:
            _knob(call).budget_tokens = check.integer(f"{param}.{name}", budget, low=0)
    for name in ("clearThinking", "clear_thinking"):
        clear = rest.pop(name, None)
        if clear is not None:
            _knob(call).keep = not check.boolean(f"{param}.{name}", clear)
    return rest or None


def _reasoning(call: Call, param: str, value: Any) -> Json:
    form = check.mapping(param, value, '{"effort": "high"}')
    rest = dict(form)
    effort = rest.pop("effort", None)
    if effort is not None:
        set_effort(call, f"{param}.effort", effort)
    enabled = rest.pop("enabled", None)
    if enabled is not None:
        _knob(call).on = check.boolean(f"{param}.enabled", enabled)
    for name in ("maxTokens", "max_tokens"):
        budget = rest.pop(name, None)
        if budget is not None:
            _knob(call).budget_tokens = check.integer(f"{param}.{name}", budget, low=0)
    return rest or None


def _switch(call: Call, param: str, value: Any) -> Json:
    _knob(call).on = check.boolean(param, value)
    return None


def _effort(call: Call, param: str, value: Any) -> Json:
    set_effort(call, param, value)
    return None


# ---- members with a neutral place -----------------------------------------------------------


def _user(call: Call, param: str, value: Any) -> Json:
    call.user = check.string(param, value)
    return None


def _parallel(call: Call, param: str, value: Any) -> Json:
    call.parallel_tool_calls = check.boolean(param, value)
    return None


def _not_parallel(call: Call, param: str, value: Any) -> Json:
    call.parallel_tool_calls = not check.boolean(param, value)
    return None


def _strict(call: Call, param: str, value: Any) -> Json:
    strict = check.boolean(param, value)
    if call.format is not None and call.format.kind == "json_schema":
        call.format.strict = strict
    return None


def _verbosity(call: Call, param: str, value: Any) -> Json:
    call.extra["verbosity"] = check.one_of(param, value, _VERBOSITIES)
    return None


def _text(name: str) -> Callable[[Call, str, Any], Json]:
    def read(call: Call, param: str, value: Any) -> Json:
        call.extra[name] = check.string(param, value)

    return read


def _number(name: str) -> Callable[[Call, str, Any], Json]:
    def read(call: Call, param: str, value: Any) -> Json:
        call.extra[name] = check.number(param, value)

    return read


_READERS: dict[str, Callable[[Call, str, Any], Json]] = {
    "thinking": _thinking,
    "reasoning": _reasoning,
    "effort": _effort,
    "reasoningEffort": _effort,
    "reasoning_effort": _effort,
    "enableThinking": _switch,
    "enable_thinking": _switch,
    "user": _user,
    "parallelToolCalls": _parallel,
    "parallel_tool_calls": _parallel,
    "disableParallelToolUse": _not_parallel,
    "strictJsonSchema": _strict,
    "textVerbosity": _verbosity,
    "promptCacheKey": _text("prompt_cache_key"),
    "safetyIdentifier": _text("safety_identifier"),
    "serviceTier": _text("service_tier"),
    "minP": _number("min_p"),
    "min_p": _number("min_p"),
    "repetitionPenalty": _number("repetition_penalty"),
    "repetition_penalty": _number("repetition_penalty"),
}
