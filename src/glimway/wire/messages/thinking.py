"""The thinking knob: read from a client's request, and written for a provider.

Knows ``thinking`` with its types, ``output_config.effort``, and how effort and budget become each
other. Refuses to know any host's spelling: ``quirks.thinking`` says it where it differs.
Source: https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking.
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.quirks import ThinkingControl
from glimway.wire.talk import Json, Thinking

BUDGET_TOKENS_MIN = 1024
"""The least budget that the dialect's maker accepts; it is always less than ``max_tokens``."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_BUDGETS = {
    "minimal": 1024,
    "low": 1024,
    "medium": 2048,
    "high": 4096,
    "xhigh": 8192,
    "max": 16384,
}
"""Effort -> the budget other gateways use for it, so that the same request thinks as long elsewhere
(https://docs.litellm.ai/docs/reasoning_content)."""

_DEFAULT = "high"
"""How much one thinks who was only told to think."""

_ON = {"enabled": True, "adaptive": True, "between_tools": True, "disabled": False}
_WORDS = {"minimal": "low"}
"""Efforts that the dialect has no word for."""

CONFIG = "output_config"


def read_thinking(thinking: Any, config: Any) -> Thinking | None:
    """Read both members; None: they say nothing of thinking.

    Args:
        thinking: the value of ``thinking``, or None.
        config: the value of ``output_config``, an object or None.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    effort = config.get("effort") if type(config) is dict else None
    if thinking is None and effort is None:
        return None
    knob = Thinking(raw={})
    if effort is not None:
        knob.effort = check.one_of(f"{CONFIG}.effort", effort, EFFORTS)
        knob.raw[CONFIG] = {"effort": effort}
        if effort == "none":
            knob.on = False
    if thinking is not None:
        _type(knob, thinking)
        knob.raw["thinking"] = thinking
    return knob


def _type(knob: Thinking, value: Any) -> None:
    if type(value) is not dict:
        off = value is False or value in ("disabled", "off", "none")
        meant = '{"type": "disabled"}' if off else '{"type": "enabled", "budget_tokens": 4096}'
        hint = f"Did you mean {meant}?" if type(value) in (bool, str) else ""
        check.wrong("thinking", value, 'an object such as {"type": "adaptive"}', hint)
    if value.get("type") is None:
        check.missing("thinking.type", '"enabled", "adaptive" or "disabled"')
    knob.on = _ON[check.one_of("thinking.type", value["type"], tuple(_ON))]
    if value.get("budget_tokens") is not None:
        knob.budget_tokens = check.integer("thinking.budget_tokens", value["budget_tokens"], low=1)
    if value.get("display") is not None:
        check.string("thinking.display", value["display"])
    if value.get("clear_thinking") is not None:
        knob.keep = not check.boolean("thinking.clear_thinking", value["clear_thinking"])


# ---- outward --------------------------------------------------------------------------------


def write_thinking(
    body: dict[str, Json],
    knob: Thinking,
    control: ThinkingControl,
    adjusted: list[str],
    *,
    own: bool,
) -> None:
    """Write what is asked of thinking; ``max_tokens``, choice and messages are written already.

    Args:
        body: receives it.
        knob: what is asked.
        control: how the host is switched, where it has its own way.
        adjusted: learns what had to be changed.
        own: the caller spelled it in this dialect.
    """
    if control.known:
        _controlled(body, knob, control, adjusted)
        shown = knob.raw.get("thinking", {}).get("display") if own else None
        if shown is not None and type(body.get("thinking")) is dict:
            body["thinking"]["display"] = shown
    elif own:
        _merge(body, knob.raw)
    elif knob.on is False or knob.effort == "none":
        body["thinking"] = {"type": "disabled"}
    elif knob.on or knob.effort is not None or knob.budget_tokens is not None:
        _enabled(body, knob, adjusted)
    if not own and not control.known and knob.keep is not None:
        adjusted.append("clear_thinking left out")


def _enabled(body: dict[str, Json], knob: Thinking, adjusted: list[str]) -> None:
    """Thinking with a budget, which every model of the dialect's maker that thinks understands,
    within that maker's other rules for it."""
    hindrance = _hindrance(body)
    if hindrance:
        adjusted.append(f"thinking left out: {hindrance}")
        return
    wanted = knob.budget_tokens
    if wanted is None:
        wanted = _BUDGETS[knob.effort or _DEFAULT]
    budget = max(min(wanted, body["max_tokens"] - 1), BUDGET_TOKENS_MIN)
    if knob.budget_tokens is not None and budget != wanted:
        way = "raised" if budget > wanted else "lowered"
        adjusted.append(f"thinking budget {way} to {budget}")
    body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    if body.get("temperature", 1) != 1:
        del body["temperature"]
        adjusted.append("temperature left out beside thinking")
    if body.pop("top_k", None) is not None:
        adjusted.append("top_k left out beside thinking")


def _hindrance(body: dict[str, Any]) -> str | None:
    """Why the dialect's maker would refuse thinking in this request; None: it would not."""
    if body["max_tokens"] <= BUDGET_TOKENS_MIN:
        return f"max_tokens is not above {BUDGET_TOKENS_MIN}"
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        return "a tool must be called"
    messages = body["messages"]
    if messages[-1]["role"] == "assistant":
        return "the answer's beginning is given"
    before = messages[-2] if len(messages) > 1 else None
    blocks = before["content"] if before is not None and before["role"] == "assistant" else ()
    kinds = [one["type"] for one in blocks if type(one) is dict]
    if "tool_use" in kinds and not kinds[0].endswith("thinking"):
        return "the calls before were made without"
    return None


def _controlled(
    body: dict[str, Json], knob: Thinking, control: ThinkingControl, adjusted: list[str]
) -> None:
    if knob.on is False:
        if control.off:
            _merge(body, control.off)
        else:
            adjusted.append("thinking left on")
        return
    if knob.on is True:
        _merge(body, control.on)
    if knob.effort is not None and knob.effort != "none":
        word = control.efforts.get(knob.effort, _WORDS.get(knob.effort, knob.effort))
        _put_or_name(body, control.effort, word, "output_config.effort", adjusted)
    if knob.budget_tokens is not None:
        _put_or_name(body, control.budget, knob.budget_tokens, "thinking budget", adjusted)
    if knob.keep is not None:
        value = control.keep_value if knob.keep else control.drop_value
        _put_or_name(body, control.keep, value, "clear_thinking", adjusted)


def _put_or_name(
    body: dict[str, Any], path: str | None, value: Json, name: str, adjusted: list[str]
) -> None:
    if path is None:
        adjusted.append(f"{name} left out")
        return
    *parents, last = path.split(".")
    for parent in parents:
        inner = body.get(parent)
        if type(inner) is not dict:
            inner = body[parent] = {}
        body = inner
    body[last] = value


def _merge(body: dict[str, Any], members: dict[str, Any]) -> None:
    """Lay a copy of ``members``, which belong to a profile or the caller, over ``body``."""
    for name, value in members.items():
        if type(value) is dict:
            inner = body.get(name)
            if type(inner) is not dict:
                inner = body[name] = {}
            _merge(inner, value)
        else:
            body[name] = value
