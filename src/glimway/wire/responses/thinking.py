"""The thinking knob toward a provider that speaks the Responses API.

Knows ``reasoning`` and how a token budget becomes an effort. Refuses to know any host's spelling:
``quirks.thinking`` says it where it differs.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.quirks import ThinkingControl
from glimway.wire.talk import Json, Thinking

EFFORT = "reasoning.effort"

_BUDGETS = ((4096, "high"), (2048, "medium"), (1024, "low"))
"""A budget of at least so many tokens means this effort; the thresholds that other gateways use,
so that the same request thinks as long elsewhere
(https://docs.litellm.ai/docs/reasoning_content)."""


def write_thinking(
    body: dict[str, Json],
    knob: Thinking,
    control: ThinkingControl,
    adjusted: list[str],
    *,
    own: bool,
) -> None:
    """Write what is asked of thinking.

    Args:
        body: receives it.
        knob: what is asked.
        control: how the host is switched, where it has its own way.
        adjusted: learns what had to be changed.
        own: the caller spelled it in this dialect.
    """
    if not control.known:
        if own:
            _merge(body, knob.raw)
            return
        control = _ORDINARY
    raw = knob.raw.get("reasoning")
    if own and type(raw) is dict:
        rest = {k: v for k, v in raw.items() if k not in ("effort", "enabled", "max_tokens")}
        if rest:
            body["reasoning"] = rest
    if knob.on is False:
        if control.off:
            _merge(body, control.off)
        else:
            adjusted.append("thinking left on")
        return
    if knob.on is True:
        _merge(body, control.on)
        if control is _ORDINARY and knob.effort is None and knob.budget_tokens is None:
            # Only how hard to think can be said; whether to is the model's own default.
            adjusted.append("thinking left to the provider")
    effort = knob.effort if knob.effort != "none" else None
    if knob.budget_tokens is not None:
        if control.budget is not None:
            _put(body, control.budget, knob.budget_tokens)
        elif effort is None:
            effort = _effort_of(knob.budget_tokens)
            adjusted.append(f"thinking budget sent as effort {effort}")
        else:
            adjusted.append("thinking budget left out")
    if effort is not None:
        if control.effort is None:
            adjusted.append("reasoning.effort left out")
        else:
            _put(body, control.effort, control.efforts.get(effort, effort))
    if knob.keep is not None:
        if control.keep is None:
            adjusted.append("clear_thinking left out")
        else:
            _put(body, control.keep, control.keep_value if knob.keep else control.drop_value)


_ORDINARY = ThinkingControl(known=True, off={"reasoning": {"effort": "none"}}, effort=EFFORT)


def _effort_of(budget_tokens: int) -> str:
    return next((word for least, word in _BUDGETS if budget_tokens >= least), "minimal")


def _put(body: dict[str, Any], path: str, value: Json) -> None:
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
