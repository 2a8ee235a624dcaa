"""The one thinking knob, read from every spelling the chat dialect has.

Knows ``thinking``, ``enable_thinking``, ``reasoning_effort``, ``reasoning`` and the template
arguments of vLLM, SGLang and Baseten. Refuses to know what a host accepts (``control`` writes the
host's own spelling from its quirks).
Source of the spellings: docs.z.ai (thinking mode), OpenAI's ``reasoning_effort``, OpenRouter's
``reasoning``, vLLM's ``chat_template_kwargs``, Baseten's ``chat_template_args``.
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.talk import Thinking

UNDERSTOOD: dict[str, frozenset[str]] = {
    "thinking": frozenset({"type", "clear_thinking", "budget_tokens"}),
    "enable_thinking": frozenset(),
    "reasoning_effort": frozenset(),
    "reasoning": frozenset({"effort", "enabled", "max_tokens"}),
    "chat_template_kwargs": frozenset({"enable_thinking", "thinking", "clear_thinking"}),
    "chat_template_args": frozenset({"enable_thinking", "thinking", "clear_thinking"}),
}
"""Every spelling, with those of its members that become part of the knob."""

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_TYPES = ("enabled", "disabled", "adaptive", "auto")


def read_thinking(members: dict[str, Any]) -> Thinking:
    """Fold all spellings of one request into one value.

    Where two spellings disagree, the more explicit one wins: ``thinking`` over
    ``enable_thinking`` over ``reasoning`` over ``reasoning_effort`` over template arguments.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    knob = Thinking(raw=members)
    for name in ("chat_template_args", "chat_template_kwargs"):
        if name in members:
            _template(knob, name, members[name])
    if "reasoning_effort" in members:
        _effort(knob, "reasoning_effort", members["reasoning_effort"])
    if "reasoning" in members:
        _reasoning(knob, members["reasoning"])
    if "enable_thinking" in members:
        knob.on = check.boolean("enable_thinking", members["enable_thinking"])
    if "thinking" in members:
        _thinking(knob, members["thinking"])
    return knob


def _thinking(knob: Thinking, value: Any) -> None:
    if type(value) is not dict:
        off = value is False or value in ("disabled", "off", "none")
        meant = "disabled" if off else "enabled"
        hint = f'Did you mean {{"type": "{meant}"}}?' if type(value) in (bool, str) else ""
        check.wrong("thinking", value, 'an object such as {"type": "enabled"}', hint)
    kind = value.get("type")
    if kind is not None:
        word = check.one_of("thinking.type", kind, _TYPES)
        # Adaptive leaves it to the model, which is what a host does when nothing is said.
        knob.on = {"enabled": True, "disabled": False}.get(word)
    if value.get("clear_thinking") is not None:
        knob.keep = not check.boolean("thinking.clear_thinking", value["clear_thinking"])
    if value.get("budget_tokens") is not None:
        knob.budget_tokens = check.integer("thinking.budget_tokens", value["budget_tokens"], low=0)


def _effort(knob: Thinking, param: str, value: Any) -> None:
    knob.effort = check.one_of(param, value, EFFORTS)
    knob.on = knob.effort != "none"


def _reasoning(knob: Thinking, value: Any) -> None:
    form = check.mapping("reasoning", value, '{"effort": "high"}')
    if form.get("effort") is not None:
        _effort(knob, "reasoning.effort", form["effort"])
    if form.get("enabled") is not None:
        knob.on = check.boolean("reasoning.enabled", form["enabled"])
    if form.get("max_tokens") is not None:
        knob.budget_tokens = check.integer("reasoning.max_tokens", form["max_tokens"], low=0)


def _template(knob: Thinking, param: str, value: Any) -> None:
    arguments = check.mapping(param, value, '{"enable_thinking": false}')
    for word in ("thinking", "enable_thinking"):
        if arguments.get(word) is not None:
            knob.on = check.boolean(f"{param}.{word}", arguments[word])
    if arguments.get("clear_thinking") is not None:
        knob.keep = not check.boolean(f"{param}.clear_thinking", arguments["clear_thinking"])


def beyond(raw: dict[str, Any]) -> list[str]:
    """What the spellings say beyond the knob, as ``chat_template_kwargs.name``: only a host of this
    dialect could read it."""
    return [
        f"{name}.{key}"
        for name, value in raw.items()
        if name in UNDERSTOOD and type(value) is dict
        for key, inner in value.items()
        if inner is not None and key not in UNDERSTOOD[name]
    ]
