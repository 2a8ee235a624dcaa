"""Members of a Responses request that travel as they are: only their types are checked.

Knows the members of OpenAI, and those that hosts of open weights add, that no neutral member
carries. Refuses to change them, and to know which host takes which.
Source: https://platform.openai.com/docs/api-reference/responses/create and the type
``ResponseCreateParams`` of OpenAI's Python package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glimway.wire import check

TOP_LOGPROBS_MAX = 20
PENALTY_MAX = 2
METADATA_MAX = 16

_Check = Callable[[str, Any], Any]


def _switch(name: str, value: Any) -> Any:
    return check.boolean(name, value)


def _text(name: str, value: Any) -> Any:
    return check.string(name, value)


def _object(name: str, value: Any) -> Any:
    return check.mapping(name, value)


def _positive(name: str, value: Any) -> Any:
    return check.integer(name, value, low=1)


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


def _truncation(name: str, value: Any) -> Any:
    return check.one_of(name, value, ("auto", "disabled"))


def _include(name: str, value: Any) -> Any:
    for at, word in enumerate(
        check.sequence(name, value, 'words such as "web_search_call.results"')
    ):
        check.string(f"{name}[{at}]", word)
    return value


def _metadata(name: str, value: Any) -> Any:
    pairs = check.mapping(name, value, '{"topic": "weather"}')
    if len(pairs) > METADATA_MAX:
        check.wrong(name, f"{len(pairs)} members", f"an object of at most {METADATA_MAX} members")
    for key, item in pairs.items():
        check.string(f"{name}.{key[:64]}", item)
    return value


def _conversation(name: str, value: Any) -> Any:
    if type(value) is str:
        return value
    form = check.mapping(name, value, '{"id": "conv_..."}')
    if form.get("id") is None:
        check.missing(f"{name}.id", "the conversation's id")
    check.string(f"{name}.id", form["id"])
    return value


def _prompt(name: str, value: Any) -> Any:
    form = check.mapping(name, value, '{"id": "pmpt_..."}')
    if form.get("id") is None:
        check.missing(f"{name}.id", "the prompt's id")
    check.string(f"{name}.id", form["id"])
    return value


def _stream_options(name: str, value: Any) -> Any:
    options = check.mapping(name, value, '{"include_obfuscation": false}')
    if options.get("include_obfuscation") is not None:
        check.boolean(f"{name}.include_obfuscation", options["include_obfuscation"])
    return value


def _context_management(name: str, value: Any) -> Any:
    for at, item in enumerate(
        check.sequence(name, value, 'objects such as {"type": "compaction"}')
    ):
        check.mapping(f"{name}[{at}]", item, '{"type": "compaction"}')
    return value


def _single(name: str, value: Any) -> Any:
    if check.integer(name, value) != 1:
        check.wrong(name, value, "1", "The Responses API gives one answer; send several requests.")
    return value


CHECKS: dict[str, _Check] = {
    # OpenAI
    "background": _switch,
    "context_management": _context_management,
    "conversation": _conversation,
    "include": _include,
    "max_tool_calls": _positive,
    "metadata": _metadata,
    "moderation": _object,
    "previous_response_id": _text,
    "prompt": _prompt,
    "prompt_cache_key": _text,
    "prompt_cache_options": _object,
    "prompt_cache_retention": _text,
    "safety_identifier": _text,
    "service_tier": _text,
    "store": _switch,
    "stream_options": _stream_options,
    "top_logprobs": _top_logprobs,
    "truncation": _truncation,
    # hosts of open weights
    "frequency_penalty": _penalty,
    "min_p": _portion,
    "n": _single,
    "presence_penalty": _penalty,
    "repetition_penalty": _number,
    "top_k": _integer,
}
"""Name -> check of its value; it gives back what is kept."""
