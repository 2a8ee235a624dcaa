"""A Call to a provider's chat-completions body.

Knows the order of members, what a host cannot take (it is left out or clamped, and named) and in
what form it reads replayed thinking. Refuses to know which host it writes for: quirks say it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.chat.tools import write_tool, write_tool_choice
from glimway.wire.chat.turns import write_turn
from glimway.wire.dialect import Outgoing
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call, Format, Json, ThoughtPart, Turn

_encode = msgspec.json.Encoder().encode


def encode(call: Call, quirks: Quirks, model: str) -> Outgoing:
    """Write the request as one host gets it.

    Args:
        call: what is asked.
        quirks: how the host spells it.
        model: the host's own id of the model.
    """
    body: dict[str, Json] = {
        "model": model,
        "messages": [_message(turn, quirks) for turn in call.turns],
    }
    adjusted: list[str] = []
    _switches(body, call, quirks)
    _sampling(body, call)
    _tools(body, call)
    _thinking(body, call, quirks)
    if call.extra:
        body.update(call.extra)
    _fit(body, quirks, adjusted)
    return Outgoing(_encode(body), tuple(adjusted))


def _message(turn: Turn, quirks: Quirks) -> dict[str, Json]:
    message = write_turn(turn)
    if turn.role == "assistant":
        thoughts = [part for part in turn.parts if type(part) is ThoughtPart]
        if thoughts:
            _replay(message, thoughts, quirks)
        if message.get("content") is None and not quirks.null_content:
            message["content"] = ""
    elif turn.role == "developer" and not quirks.developer_role:
        message["role"] = "system"
    return message


def _replay(message: dict[str, Json], thoughts: list[ThoughtPart], quirks: Quirks) -> None:
    """Thinking that the client sent back, in the form this host reads."""
    text = "".join(thought.text for thought in thoughts)
    form = quirks.reasoning_in
    if form in ("reasoning_content", "reasoning"):
        message[form] = text
    elif form == "think_tags":
        content = message.get("content")
        if content is None or type(content) is str:
            message["content"] = f"<think>{text}</think>{content or ''}"


def _switches(body: dict[str, Json], call: Call, quirks: Quirks) -> None:
    if call.stream:
        body["stream"] = True
        # The receipt needs the usage whether or not the caller wants to see it.
        if quirks.usage == "include_usage" or (call.usage_asked and quirks.usage == "always"):
            body["stream_options"] = {"include_usage": True}


def _sampling(body: dict[str, Json], call: Call) -> None:
    if call.max_tokens is not None:
        body[call.spelled.get("max_tokens", "max_tokens")] = call.max_tokens
    if call.temperature is not None:
        body["temperature"] = call.temperature
    if call.top_p is not None:
        body["top_p"] = call.top_p
    if call.stop:
        single = call.spelled.get("stop") == "string"
        body["stop"] = call.stop[0] if single else call.stop
    if call.n is not None:
        body["n"] = call.n
    if call.seed is not None:
        body["seed"] = call.seed
    if call.user is not None:
        body[call.spelled.get("user", "user")] = call.user
    if call.format is not None:
        body["response_format"] = _format(call.format)


def _format(form: Format) -> Json:
    if form.kind == "opaque":
        return form.value
    if form.kind != "json_schema":
        return {"type": form.kind, **(form.extra or {})}
    inner: dict[str, Json] = {"name": form.name}
    if form.schema is not None:
        inner["schema"] = form.schema
    if form.strict is not None:
        inner["strict"] = form.strict
    inner.update(form.extra or {})
    return {"type": "json_schema", "json_schema": inner}


def _tools(body: dict[str, Json], call: Call) -> None:
    if call.tools:
        body["tools"] = [write_tool(tool) for tool in call.tools]
    if call.tool_choice is not None:
        body["tool_choice"] = write_tool_choice(call.tool_choice)
    if call.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = call.parallel_tool_calls


def _thinking(body: dict[str, Json], call: Call, quirks: Quirks) -> None:
    knob = call.thinking
    if knob is None:
        return
    control = quirks.thinking
    if not control.known:
        body.update(knob.raw)
        return
    if knob.on is True:
        _merge(body, control.on)
    elif knob.on is False:
        _merge(body, control.off)
    if knob.effort is not None and control.effort is not None and knob.on is not False:
        _put(body, control.effort, control.efforts.get(knob.effort, knob.effort))
    if knob.keep is not None and control.keep is not None:
        _put(body, control.keep, control.keep_value if knob.keep else not control.keep_value)
    if knob.budget_tokens is not None and control.budget is not None:
        _put(body, control.budget, knob.budget_tokens)


def _fit(body: dict[str, Json], quirks: Quirks, adjusted: list[str]) -> None:
    """Leave out, rename and clamp what this host cannot take; name each change."""
    for name in quirks.reject:
        if name in body:
            del body[name]
            adjusted.append(f"{name} left out")
    for name, bounds in quirks.ranges.items():
        value = body.get(name)
        if value is None:
            continue
        if bounds.low is not None and value < bounds.low:
            body[name] = bounds.low
            adjusted.append(f"{name} raised to {bounds.low:g}")
        elif bounds.high is not None and value > bounds.high:
            body[name] = bounds.high
            adjusted.append(f"{name} lowered to {bounds.high:g}")
    for name, theirs in quirks.rename.items():
        if name in body:
            body.setdefault(theirs, body.pop(name))


def _merge(body: dict[str, Any], members: dict[str, Any]) -> None:
    for name, value in members.items():
        if type(value) is dict and type(body.get(name)) is dict:
            _merge(body[name], value)
        else:
            body[name] = dict(value) if type(value) is dict else value


def _put(body: dict[str, Any], path: str, value: Json) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        inner = body.get(parent)
        if type(inner) is not dict:
            inner = body[parent] = {}
        body = inner
    body[last] = value
