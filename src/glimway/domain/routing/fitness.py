"""Whether an endpoint can give what a request wants.

Knows what the catalog and a host's quirks say of each want. Refuses to know what anything costs,
and to guess: what is not known of an endpoint is taken to be there, since an operator's own engine
says nothing and can do most things.

Two strengths of no. A want that would be refused or misread leaves the endpoint out. A want that
would be changed on the way (and named as adjusted) puts it behind those that honour it, where it
is still better than no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from glimway.domain.endpoint import Endpoint
from glimway.domain.model import Capability, Model
from glimway.domain.routing.wants import Want, members_of
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import RefusalKind
from glimway.wire.talk import Call


class Reason(msgspec.Struct, frozen=True):
    """Why an endpoint is not used.

    Args:
        words: complete "the endpoint ..." (``takes no images``).
        param: the member of the request that asks for it.
        kind: the refusal, when it holds for every endpoint.
    """

    words: str
    param: str | None = None
    kind: RefusalKind = "unsupported"


class _Need(NamedTuple):
    """One want as it is looked up: ``able`` asks quirks where the capability is not known."""

    want: Want
    capability: Capability | None
    able: Callable[[Quirks], bool]
    lacks: Reason
    hard: bool


def _yes(quirks: Quirks) -> bool:
    return True


_NEEDS: Final = (
    _Need(
        Want.TOOLS,
        "tools",
        lambda quirks: "tools" not in quirks.reject,
        Reason("calls no tools", "tools"),
        hard=True,
    ),
    _Need(
        Want.SEARCH,
        None,
        lambda quirks: quirks.web_search.form != "none",
        Reason("cannot search the web", "tools"),
        hard=True,
    ),
    _Need(
        Want.SEARCH,
        "web_search",
        _yes,
        Reason("is not known to search the web", "tools"),
        hard=False,
    ),
    _Need(Want.IMAGE, "vision", _yes, Reason("takes no images", "messages"), hard=True),
    _Need(Want.FILE, "files", _yes, Reason("is not known to take files", "messages"), hard=False),
    _Need(Want.VIDEO, "video", _yes, Reason("takes no video", "messages"), hard=True),
    _Need(
        Want.JSON_OBJECT,
        "json_object",
        lambda quirks: "json_object" in quirks.formats,
        Reason("gives no JSON mode", "response_format"),
        hard=True,
    ),
    _Need(
        Want.JSON_SCHEMA,
        "json_schema",
        lambda quirks: "json_schema" in quirks.formats,
        Reason("holds to no JSON schema", "response_format"),
        hard=True,
    ),
    _Need(
        Want.MUST_CALL,
        None,
        lambda quirks: "required" in quirks.tool_choice,
        Reason("cannot be made to call a tool", "tool_choice"),
        hard=False,
    ),
    _Need(
        Want.CALL_NAMED,
        None,
        lambda quirks: "named" in quirks.tool_choice,
        Reason("cannot be made to call a certain tool", "tool_choice"),
        hard=False,
    ),
    _Need(
        Want.ONE_CALL,
        None,
        lambda quirks: "parallel_tool_calls" not in quirks.reject,
        Reason("cannot be kept to one tool call at a time", "parallel_tool_calls"),
        hard=False,
    ),
    _Need(Want.THINK, "reasoning", _yes, Reason("does not think", "thinking"), hard=False),
    _Need(
        Want.NO_THINKING,
        None,
        lambda quirks: not quirks.thinking.known or bool(quirks.thinking.off),
        Reason("cannot stop thinking", "thinking"),
        hard=False,
    ),
    _Need(
        Want.EFFORT,
        "reasoning_effort",
        lambda quirks: not quirks.thinking.known or quirks.thinking.effort is not None,
        Reason("knows no levels of thinking", "reasoning_effort"),
        hard=False,
    ),
    _Need(
        Want.KEEP_THINKING,
        "preserved_thinking",
        lambda quirks: not quirks.thinking.known or quirks.thinking.keep is not None,
        Reason("does not keep earlier thinking", "thinking"),
        hard=False,
    ),
)

ALWAYS_THINKS: Final = Reason("always thinks", "thinking")


class Fit(NamedTuple):
    """What an endpoint makes of a request's wants: ``missing`` leaves it out, ``changed`` puts it
    behind others."""

    missing: tuple[Reason, ...]
    changed: tuple[Reason, ...]


def fit(endpoint: Endpoint, model: Model | None, bits: int, emulated: frozenset[str]) -> Fit:
    """Hold an endpoint to the wants of a request.

    Args:
        endpoint: who would be asked.
        model: what is known of the model; None: a name that the catalog does not know.
        bits: of ``Want``.
        emulated: capabilities that this gateway supplies itself where a host lacks them
            (``json_schema``); then lacking one only puts the endpoint behind others.
    """
    missing: list[Reason] = []
    changed: list[Reason] = []
    able, quirks = endpoint.capabilities, endpoint.quirks
    for need in _NEEDS:
        if not bits & need.want:
            continue
        # Quirks say how a host is spoken to, so they count even where a capability is listed.
        known = able is not None and need.capability is not None
        listed = need.capability in able if known and able is not None else True
        if listed and need.able(quirks):
            continue
        soft = not need.hard or need.capability in emulated
        (changed if soft else missing).append(need.lacks)
    if bits & Want.AUDIO and model is not None and "audio" not in model.inputs:
        missing.append(Reason("takes no audio", "messages"))
    if bits & Want.NO_THINKING and model is not None and model.thinking == "always":
        changed.append(ALWAYS_THINKS)
    return Fit(tuple(missing), tuple(changed))


def unmet_members(endpoint: Endpoint, call: Call) -> list[Reason]:
    """Why an endpoint is left out of a request with ``require_parameters``: what it would ignore,
    clamp or refuse."""
    quirks = endpoint.quirks
    found: list[Reason] = []
    for name, value in members_of(call).items():
        words = _unmet(quirks, name, value)
        if words:
            found.append(Reason(words, name))
    if (
        call.max_tokens is not None
        and endpoint.max_output is not None
        and call.max_tokens > endpoint.max_output
    ):
        found.append(Reason(f"gives at most {endpoint.max_output} tokens", "max_tokens"))
    return found


def _unmet(quirks: Quirks, name: str, value: object) -> str:
    if name in quirks.reject:
        return f"takes no {name}"
    bounds = quirks.ranges.get(name)
    if bounds is not None and isinstance(value, int | float) and not bounds.holds(value):
        return f"takes no {name} of {value}"
    lengths = quirks.lengths.get(name)
    if lengths is not None and isinstance(value, str) and not lengths.holds(len(value)):
        return f"takes no {name} of this length"
    if quirks.strict and name not in quirks.members and name not in _ORDINARY:
        return f"does not know {name}"
    return ""


_ORDINARY: Final = frozenset(
    """
    frequency_penalty logit_bias logprobs max_completion_tokens max_tokens metadata n
    parallel_tool_calls presence_penalty prompt_cache_key reasoning_effort response_format
    safety_identifier seed service_tier stop store stream_options temperature tool_choice tools
    top_logprobs top_p user verbosity web_search_options
    """.split()
)
"""OpenAI's own members, which a strict host takes unless it says otherwise. Source:
CreateChatCompletionRequest of its OpenAPI document (github.com/openai/openai-openapi)."""
