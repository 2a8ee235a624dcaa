"""What a host's quirks change in a Messages body that is written already.

Knows how each quirk is obeyed, under the names that fields have here (``stop_sequences``,
``output_config.format``, ``metadata.user_id``). Refuses to know any host.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.messages.members import MEMBERS
from glimway.wire.messages.parts import CACHE_MARK
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json

_FORMATS = Quirks().formats

_PLACES: dict[str, str] = {
    "max_completion_tokens": "max_tokens",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
    "reasoning_effort": "output_config.effort",
    "response_format": "output_config.format",
    "stop": "stop_sequences",
    "user": "metadata.user_id",
    "user_id": "metadata.user_id",
}
"""A field's name in quirks -> its place in this dialect."""

_NEEDED = frozenset({"model", "messages", "max_tokens"})
"""Members without which there is no request: no quirk takes them out."""


def fit(body: dict[str, Json], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    """Make a body one that the host takes.

    Args:
        body: what is to be sent.
        call: what is asked.
        quirks: the host's.
        adjusted: learns what had to be changed.

    Raises:
        Refusal: ``unsupported``, naming the field.
    """
    _format(body, call, quirks)
    if quirks.strict:
        for name in [n for n in body if n not in MEMBERS and n not in quirks.members]:
            del body[name]
            adjusted.append(f"{name} left out")
    for name in quirks.reject:
        if name == CACHE_MARK:
            _unmark(body, adjusted)
        else:
            _leave_out(body, name, adjusted)
    for name, bounds in quirks.ranges.items():
        place = _PLACES.get(name, name)
        value = _at(body, place)
        if type(value) is int or type(value) is float:
            fitted = bounds.fit(value)
            if fitted != value:
                _put(body, place, fitted)
                way = "raised" if fitted > value else "lowered"
                figure = str(fitted) if type(fitted) is int else f"{fitted:g}"
                adjusted.append(f"{place} {way} to {figure}")
    for name, bounds in quirks.lengths.items():
        value = _at(body, _PLACES.get(name, name))
        if type(value) is str and not bounds.holds(len(value)):
            _leave_out(body, name, adjusted)
    _budget(body, adjusted)
    if "tools" in body or "tool_choice" in body:
        _tools(body, call, quirks, adjusted)
    for name, theirs in quirks.rename.items():
        if name in body:
            body.setdefault(theirs, body.pop(name))


def _budget(body: dict[str, Any], adjusted: list[str]) -> None:
    """A budget for thinking stays below a bound that was lowered for the host."""
    thinking = body.get("thinking")
    budget = thinking.get("budget_tokens") if type(thinking) is dict else None
    lowered = any(one.startswith("max_tokens lowered") for one in adjusted)
    if lowered and type(budget) is int and budget >= body["max_tokens"]:
        body["thinking"] = {**body["thinking"], "budget_tokens": max(body["max_tokens"] - 1, 1)}
        adjusted.append("thinking budget lowered")


def _leave_out(body: dict[str, Any], name: str, adjusted: list[str]) -> None:
    *parents, last = _PLACES.get(name, name).split(".")
    inner: Any = body
    for parent in parents:
        inner = inner.get(parent)
        if type(inner) is not dict:
            return
    if last not in inner or (not parents and last in _NEEDED):
        return
    adjusted.append(f"{'.'.join([*parents, last])} left out")
    left = {key: value for key, value in inner.items() if key != last}
    if not parents:
        del body[last]
    elif left:
        body[parents[0]] = left
    else:
        del body[parents[0]]


def _unmark(body: dict[str, Any], adjusted: list[str]) -> None:
    """Take the hints about caching out, wherever they may stand; the call keeps its own."""
    found: list[bool] = []
    for name in ("system", "tools", "messages"):
        if name in body:
            body[name] = _unmarked(body[name], found)
    if body.pop(CACHE_MARK, None) is not None or found:
        adjusted.append(f"{CACHE_MARK} left out")


def _unmarked(value: Json, found: list[bool]) -> Json:
    if type(value) is list:
        return [_unmarked(one, found) for one in value]
    if type(value) is not dict:
        return value
    if CACHE_MARK in value:
        found.append(True)
    return {
        key: _unmarked(inner, found) if key == "content" else inner
        for key, inner in value.items()
        if key != CACHE_MARK
    }


def _at(body: dict[str, Any], place: str) -> Any:
    value: Any = body
    for name in place.split("."):
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


def _put(body: dict[str, Any], place: str, value: Json) -> None:
    *parents, last = place.split(".")
    for parent in parents:
        body[parent] = dict(body[parent])
        body = body[parent]
    body[last] = value


def _format(body: dict[str, Any], call: Call, quirks: Quirks) -> None:
    form = _at(body, "output_config.format") or body.get("output_format")
    if quirks.formats == _FORMATS:
        return  # nothing is known of the host, so it may take forms of its own
    if type(form) is not dict or form.get("type") in quirks.formats:
        return
    taken = ", ".join(f'"{one}"' for one in sorted(quirks.formats)) or "none"
    name = "output_config.format" if call.dialect == "messages" else "response_format"
    raise Refusal(
        "unsupported",
        f"'{name}.type' is \"{form.get('type')}\", which the provider of this request does not "
        f"take (it takes: {taken}). Choose one of these, or an endpoint that lists it.",
        param=name,
    )


def _tools(body: dict[str, Any], call: Call, quirks: Quirks, adjusted: list[str]) -> None:
    tools = body.get("tools", ())
    if quirks.tools_max is not None and len(tools) > quirks.tools_max:
        raise Refusal(
            "unsupported",
            f"'tools' has {len(tools)} entries; the provider of this request takes at most "
            f"{quirks.tools_max}. Send fewer, or choose another endpoint.",
            param="tools",
        )
    if quirks.tool_description:
        body["tools"] = [
            {**tool, "description": tool["name"]}
            if "input_schema" in tool and not tool.get("description")
            else tool
            for tool in tools
        ]
    choice = call.tool_choice
    if choice is None or "tool_choice" not in body or choice.mode in quirks.tool_choice:
        return
    if choice.mode == "none":
        # Without tools the model cannot call any, which is what was asked.
        del body["tool_choice"]
        body.pop("tools", None)
    elif choice.mode == "allowed":
        return  # said already by leaving the others out
    elif "auto" in quirks.tool_choice:
        kept = {k: v for k, v in body["tool_choice"].items() if k not in ("type", "name")}
        body["tool_choice"] = {"type": "auto", **kept}
        adjusted.append("tool_choice changed to auto")
    else:
        del body["tool_choice"]
        if choice.mode != "auto":
            adjusted.append("tool_choice left out")
