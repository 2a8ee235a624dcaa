"""What a host's quirks change in a body that is written already.

Knows how each quirk is obeyed, and which of them a host has: a plan is made once per host, so that
a host without quirks costs nothing. Refuses to know any host.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from glimway.wire.chat.control import write_thinking
from glimway.wire.chat.messages import Style
from glimway.wire.quirks import Quirks, Range
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json, ToolChoice

PLANS_KEPT_MAX = 4096
"""Hosts whose plan is remembered; at more, all are forgotten."""

MEMBERS = frozenset(
    """
    audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens
    max_tokens messages metadata modalities model moderation n parallel_tool_calls prediction
    presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort
    response_format safety_identifier seed service_tier stop store stream stream_options temperature
    tool_choice tools top_logprobs top_p user verbosity web_search_options
    """.split()
)
"""OpenAI's own members of a request. Source: CreateChatCompletionRequest of its OpenAPI document
(github.com/openai/openai-openapi)."""

MESSAGE_MEMBERS = frozenset({"audio", "function_call"})
"""OpenAI's own members of a message that no neutral member carries. Source: as ``MEMBERS``."""

_CAPS = ("max_tokens", "max_completion_tokens")
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "max_tokens": _CAPS,
    "max_completion_tokens": _CAPS,
    "user": ("user", "user_id"),
}
"""Members that a caller may have spelled in several ways: a range or length holds for each."""

_CHOICES = Quirks().tool_choice
_FORMATS = Quirks().formats

Step = Callable[[dict[str, Json], Call, Quirks, list[str]], None]
"""Changes a body for one quirk: the body, what is asked, the host, what had to be changed."""


class Plan(msgspec.Struct, frozen=True):
    """How a host is written to: prepared from its quirks.

    Args:
        quirks: what it was made from.
        style: how it reads messages.
        steps: what must be looked at once a body is written, in this order.
        tool_steps: likewise, where tools or a choice of them were asked for.
        cap: its name for the cap on output; None: as the caller spelled it.
        n_max, stop_max: how many it takes.
        thinking_known: the caller's own members for thinking are not passed on.
    """

    quirks: Quirks
    style: Style
    steps: tuple[Step, ...]
    tool_steps: tuple[Step, ...]
    cap: str | None
    n_max: int
    stop_max: int
    thinking_known: bool


_PLANS: dict[int, Plan] = {}


def plan_of(quirks: Quirks) -> Plan:
    """The plan of a host, made once. Quirks are frozen, so the same value means the same plan."""
    plan = _PLANS.get(id(quirks))
    # A plan holds its quirks, so an id cannot be taken by others while the plan is remembered.
    if plan is None:
        if len(_PLANS) >= PLANS_KEPT_MAX:
            _PLANS.clear()
        plan = _PLANS[id(quirks)] = _made(quirks)
    return plan


def _made(quirks: Quirks) -> Plan:
    known = quirks.thinking.known
    ordinary = not known and quirks.reasoning_in == "reasoning_content"
    details = quirks.reasoning_in == "reasoning_details"
    style = Style(
        replay="" if ordinary else quirks.reasoning_in,
        details=details or "reasoning_details" in quirks.reasoning_out,
        developer=quirks.developer_role,
        text_parts=quirks.text_parts,
        null_content=quirks.null_content,
        user_message=quirks.user_message,
        members=MESSAGE_MEMBERS | quirks.members if quirks.strict else None,
    )
    needed: tuple[tuple[Step, object], ...] = (
        (_strict, quirks.strict),
        (_reject, quirks.reject),
        (_ranges(quirks.ranges), quirks.ranges),
        (_lengths, quirks.lengths),
        (_format, quirks.formats != _FORMATS),
        (write_thinking, known),
        (_rename, quirks.rename),
    )
    needed_for_tools: tuple[tuple[Step, object], ...] = (
        (_tools_max, quirks.tools_max is not None),
        (_tool_choice, not quirks.tool_choice >= _CHOICES),
        (_describe, quirks.tool_description),
        (_tool_stream, quirks.tool_stream),
    )
    return Plan(
        quirks,
        style,
        tuple(step for step, wanted in needed if wanted),
        tuple(step for step, wanted in needed_for_tools if wanted),
        cap=None if quirks.max_tokens == "as_sent" else quirks.max_tokens,
        n_max=1 if "n" in quirks.reject else quirks.n_max,
        stop_max=0 if "stop" in quirks.reject else quirks.stop_max,
        thinking_known=known,
    )


# ---- members --------------------------------------------------------------------------------


def _strict(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    if "user_id" in body and "user_id" not in quirks.members:
        body.setdefault("user", body.pop("user_id"))
    for name in [name for name in body if name not in MEMBERS and name not in quirks.members]:
        if name != "tool_stream" or not quirks.tool_stream:
            del body[name]
            adjusted.append(f"{name} left out")


def _reject(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    if quirks.reject.isdisjoint(body):
        return
    for name in [name for name in body if name in quirks.reject]:
        del body[name]
        # Usage is asked for on our own behalf too; the caller misses only what the caller asked.
        if name != "stream_options" or call.usage_asked or name in call.extra:
            adjusted.append(f"{name} left out")


def _ranges(ranges: dict[str, Range]) -> Step:
    """What holds numbers to a host's ranges; nearly all are inside."""
    bounds = [
        (name, *_inside(bound), bound)
        for field, bound in ranges.items()
        for name in _SPELLINGS.get(field, (field,))
    ]

    def fit(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
        for name, low, high, bound in bounds:
            if name not in body:
                continue
            value = body[name]
            if (type(value) is not int and type(value) is not float) or low <= value <= high:
                continue
            fitted = bound.fit(value)
            if fitted != value:
                body[name] = fitted
                way = "raised" if fitted > value else "lowered"
                adjusted.append(f"{name} {way} to {_figure(fitted)}")

    return fit


def _inside(bound: Range) -> tuple[float, float]:
    """Between these a value needs no closer look."""
    if bound.above is not None or bound.below is not None:
        return math.inf, -math.inf
    low, high = bound.low, bound.high
    return (-math.inf if low is None else low, math.inf if high is None else high)


def _figure(value: float) -> str:
    return str(value) if type(value) is int else f"{value:g}"


def _lengths(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    for field, bounds in quirks.lengths.items():
        for name in _SPELLINGS.get(field, (field,)):
            value = body.get(name)
            if type(value) is str and not bounds.holds(len(value)):
                del body[name]
                adjusted.append(f"{name} left out")


def _rename(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    for name, theirs in quirks.rename.items():
        if name in body:
            body.setdefault(theirs, body.pop(name))


# ---- tools and formats ----------------------------------------------------------------------


def _tools_max(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    tools = body.get("tools", ())
    if quirks.tools_max is not None and len(tools) > quirks.tools_max:
        raise Refusal(
            "unsupported",
            f"'tools' has {len(tools)} entries; the provider of this request takes at most "
            f"{quirks.tools_max}. Send fewer, or choose another endpoint.",
            param="tools",
        )


def _tool_choice(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    choice = call.tool_choice
    if choice is None or choice.mode in quirks.tool_choice or "tool_choice" not in body:
        return
    if choice.mode == "none":
        # Without tools the model cannot call any, which is what was asked.
        del body["tool_choice"]
        body.pop("tools", None)
    elif choice.mode == "allowed" and (allowed := _allowed(body, choice)):
        body["tools"] = allowed
        _allow(body, choice, quirks, adjusted)
    elif "auto" in quirks.tool_choice:
        body["tool_choice"] = "auto"
        adjusted.append("tool_choice changed to auto")
    else:
        del body["tool_choice"]
        if choice.mode != "auto":
            adjusted.append("tool_choice left out")


def _allowed(body: dict[str, Json], choice: ToolChoice) -> list[Json]:
    """The tools that a choice of several names."""
    tools = body.get("tools", ())
    return [one for one in tools if one.get("function", {}).get("name") in choice.names]


def _allow(body: dict[str, Json], choice: ToolChoice, quirks: Quirks, adjusted: list[str]) -> None:
    """Choose among the tools that are left."""
    if choice.value["allowed_tools"].get("mode") == "required":
        if "required" in quirks.tool_choice:
            body["tool_choice"] = "required"
            return
        adjusted.append("tool_choice changed to auto")
    if "auto" in quirks.tool_choice:
        body["tool_choice"] = "auto"
    else:
        del body["tool_choice"]


def _functions(body: dict[str, Json]) -> list[dict[str, Any]]:
    return [
        tool["function"]
        for tool in body.get("tools", ())
        if type(tool) is dict and tool.get("type") == "function"
    ]


def _describe(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    for function in _functions(body):
        if not function.get("description"):
            function["description"] = function["name"]


def _tool_stream(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    if call.stream and _functions(body):
        body.setdefault("tool_stream", True)


def _format(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    form = call.format
    if form is None or "response_format" not in body:
        return
    kind = form.value.get("type") if form.kind == "opaque" else form.kind
    if kind in quirks.formats:
        return
    if kind == "text":
        # What every host does when nothing is said.
        del body["response_format"]
        return
    taken = ", ".join(f'"{one}"' for one in sorted(quirks.formats)) or "none"
    raise Refusal(
        "unsupported",
        f"'response_format.type' is \"{kind}\", which the provider of this request does not take "
        f"(it takes: {taken}). Choose one of these, or an endpoint that lists {kind}.",
        param="response_format",
    )
