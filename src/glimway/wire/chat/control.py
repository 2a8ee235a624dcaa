"""The thinking knob in a host's own words.

Knows how a host's control is written into a body, and what is left of the caller's own members.
Refuses to know any host's spelling: ``quirks.thinking`` says it.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.chat.messages import replays_earlier
from glimway.wire.chat.thinking import UNDERSTOOD
from glimway.wire.quirks import Quirks, ThinkingControl
from glimway.wire.talk import Call, Json, Thinking


def write_thinking(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    """Write what is asked of thinking toward a host whose control is known.

    A caller's own spelling is never sent to a host that has another; members of it that are not
    part of the knob survive where the host has the same spelling, and are named where not.
    """
    control = quirks.thinking
    knob = call.thinking
    if knob is not None:
        _carry_over(body, knob, control, adjusted)
        _switch(body, knob, control, adjusted)
        if knob.budget_tokens is not None:
            _put_or_name(body, control.budget, knob.budget_tokens, "thinking budget", adjusted)
    if knob is not None and knob.keep is not None:
        value = control.keep_value if knob.keep else control.drop_value
        _put_or_name(body, control.keep, value, "clear_thinking", adjusted)
    elif control.keep is not None and quirks.reasoning_in != "none" and replays_earlier(call.turns):
        # Sent back but dropped by the host, it would cost the prefix cache of every earlier turn.
        _put(body, control.keep, control.keep_value)


def _switch(
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
        word = control.efforts.get(knob.effort, knob.effort)
        _put_or_name(body, control.effort, word, "reasoning_effort", adjusted)


def _carry_over(
    body: dict[str, Json], knob: Thinking, control: ThinkingControl, adjusted: list[str]
) -> None:
    paths = (control.effort, control.keep, control.budget)
    own = {*control.on, *control.off, *(path.partition(".")[0] for path in paths if path)}
    for name, value in knob.raw.items():
        if type(value) is not dict:
            continue
        beyond = {k: v for k, v in value.items() if v is not None and k not in UNDERSTOOD[name]}
        if name in own:
            if beyond:
                _merge(body, {name: beyond})
        else:
            adjusted.extend(f"{name}.{key} left out" for key in beyond)


def _put_or_name(
    body: dict[str, Json], path: str | None, value: Json, name: str, adjusted: list[str]
) -> None:
    if path is None:
        adjusted.append(f"{name} left out")
    else:
        _put(body, path, value)


def _put(body: dict[str, Any], path: str, value: Json) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        inner = body.get(parent)
        if type(inner) is not dict:
            inner = body[parent] = {}
        body = inner
    body[last] = value


def _merge(body: dict[str, Any], members: dict[str, Any]) -> None:
    """Lay a copy of ``members``, which belong to a profile or to the caller, over ``body``."""
    for name, value in members.items():
        if type(value) is dict:
            inner = body.get(name)
            if type(inner) is not dict:
                inner = body[name] = {}
            _merge(inner, value)
        else:
            body[name] = value
