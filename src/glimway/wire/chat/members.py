"""Members of a chat request that travel as they are: only their types are checked.

Knows the members of OpenAI and Z.ai, and of the engines that serve open weights, that no neutral
member carries. Refuses to change them, and to know which host takes which.
Sources: CreateChatCompletionRequest of OpenAI's OpenAPI document, Z.ai's API reference and SDK,
vLLM's sampling parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check

TOP_LOGPROBS_MAX = 20
PENALTY_MAX = 2
BIAS_MAX = 100
METADATA_MAX = 16

_Check = Callable[[str, Any], Any]


def _switch(name: str, value: Any) -> Any:
    return check.boolean(name, value)


def _text(name: str, value: Any) -> Any:
    return check.string(name, value)


def _object(name: str, value: Any) -> Any:
    return check.mapping(name, value)


def _integer(name: str, value: Any) -> Any:
    return check.integer(name, value)


def _number(name: str, value: Any) -> Any:
    return check.number(name, value)


def _portion(name: str, value: Any) -> Any:
    return check.number(name, value, 0, 1)


def _penalty(name: str, value: Any) -> Any:
    return check.number(name, value, -PENALTY_MAX, PENALTY_MAX)


def _top_logprobs(name: str, value: Any) -> Any:
    return check.integer(name, value, 0, TOP_LOGPROBS_MAX)


def _verbosity(name: str, value: Any) -> Any:
    return check.one_of(name, value, ("low", "medium", "high"))


def _biases(name: str, value: Any) -> Any:
    for token, bias in check.mapping(name, value, '{"50256": -100}').items():
        check.number(f"{name}.{token[:20]}", bias, -BIAS_MAX, BIAS_MAX)
    return value


def _metadata(name: str, value: Any) -> Any:
    pairs = check.mapping(name, value, '{"topic": "weather"}')
    if len(pairs) > METADATA_MAX:
        check.wrong(name, f"{len(pairs)} members", f"an object of at most {METADATA_MAX} members")
    for key, item in pairs.items():
        check.string(f"{name}.{key[:64]}", item)
    return value


def _modalities(name: str, value: Any) -> Any:
    for at, item in enumerate(check.sequence(name, value, 'words such as "text"')):
        check.one_of(f"{name}[{at}]", item, ("text", "audio"))
    return value


def _audio(name: str, value: Any) -> Any:
    form = check.mapping(name, value, '{"voice": "alloy", "format": "mp3"}')
    for member in ("voice", "format"):
        if form.get(member) is None:
            check.missing(f"{name}.{member}", "spoken answers need a voice and a format")
    check.string(f"{name}.format", form["format"])
    return value


def _prediction(name: str, value: Any) -> Any:
    form = check.mapping(name, value, '{"type": "content", "content": "..."}')
    if form.get("type") is None:
        check.missing(f"{name}.type", 'send "content"')
    check.one_of(f"{name}.type", form["type"], ("content",))
    content = form.get("content")
    if type(content) is not str:
        check.sequence(f"{name}.content", content, "text parts, or a string")
    return value


def _search_options(name: str, value: Any) -> Any:
    form = check.mapping(name, value, '{"search_context_size": "medium"}')
    size = form.get("search_context_size")
    if size is not None:
        check.one_of(f"{name}.search_context_size", size, ("low", "medium", "high"))
    if form.get("user_location") is not None:
        check.mapping(f"{name}.user_location", form["user_location"])
    return value


def _plugins(name: str, value: Any) -> Any:
    for at, item in enumerate(check.sequence(name, value, 'objects such as {"id": "web"}')):
        check.mapping(f"{name}[{at}]", item, '{"id": "web"}')
    return value


def _functions(name: str, value: Any) -> Any:
    for at, item in enumerate(check.sequence(name, value, "functions")):
        function = check.mapping(f"{name}[{at}]", item, '{"name": "..."}')
        if function.get("name") is None:
            check.missing(f"{name}[{at}].name", "the name the model calls")
        check.string(f"{name}[{at}].name", function["name"])
    return value


def _function_call(name: str, value: Any) -> Any:
    if type(value) is str:
        return check.one_of(name, value, ("auto", "none"))
    form = check.mapping(name, value, '{"name": "..."}')
    if form.get("name") is None:
        check.missing(f"{name}.name", "the function to call")
    check.string(f"{name}.name", form["name"])
    return value


CHECKS: dict[str, _Check] = {
    # OpenAI
    "audio": _audio,
    "frequency_penalty": _penalty,
    "function_call": _function_call,
    "functions": _functions,
    "logit_bias": _biases,
    "logprobs": _switch,
    "metadata": _metadata,
    "modalities": _modalities,
    "moderation": _object,
    "prediction": _prediction,
    "presence_penalty": _penalty,
    "prompt_cache_key": _text,
    "prompt_cache_options": _object,
    "prompt_cache_retention": _text,
    "safety_identifier": _text,
    "service_tier": _text,
    "store": _switch,
    "top_logprobs": _top_logprobs,
    "verbosity": _verbosity,
    "web_search_options": _search_options,
    # Z.ai and its resellers
    "do_sample": _switch,
    "meta": _object,
    "request_id": _text,
    "search_prompt": _text,
    "search_result": _switch,
    "sensitive_word_check": _object,
    "tool_stream": _switch,
    "tool_web_search": _switch,
    "watermark_enabled": _switch,
    # engines and routers
    "min_p": _portion,
    "plugins": _plugins,
    "repetition_penalty": _number,
    "top_k": _integer,
}
"""Name -> check of its value; it gives back what is kept."""
