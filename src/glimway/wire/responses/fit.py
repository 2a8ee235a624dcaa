"""What a host's quirks change in a Responses body that is written already.

Knows how each quirk is obeyed, under the names that fields have here (``max_output_tokens``,
``text.format``, ``reasoning.effort``). Refuses to know any host.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call, Json

MEMBERS = frozenset(
    """
    access_programs background context_management conversation image include input instructions
    max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls
    previous_response_id prompt prompt_cache_key prompt_cache_options prompt_cache_retention
    reasoning safety_identifier service_tier store stream stream_options temperature text
    tool_choice tools top_logprobs top_p truncation user
    """.split()
)
"""OpenAI's own members of a request. Source: ``ResponseCreateParams`` of its Python package
(github.com/openai/openai-python)."""

_FORMATS = Quirks().formats

_PLACES: dict[str, str] = {
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "verbosity": "text.verbosity",
}
"""A field's name in quirks -> its place in this dialect."""


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
    if quirks.strict:
        for name in [n for n in body if n not in MEMBERS and n not in quirks.members]:
            del body[name]
            adjusted.append(f"{name} left out")
    for name in quirks.reject:
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
    _format(body, call, quirks)
    if "tools" in body or call.tool_choice is not None:
        _tools(body, call, quirks, adjusted)
    for name, theirs in quirks.rename.items():
        if name in body:
            body.setdefault(theirs, body.pop(name))


def _leave_out(body: dict[str, Any], name: str, adjusted: list[str]) -> None:
    *parents, last = _PLACES.get(name, name).split(".")
    inner: Any = body
    for parent in parents:
        inner = inner.get(parent)
        if type(inner) is not dict:
            return
    if last in inner:
        if not (last == "store" and inner[last] is False):  # that one is our own
            adjusted.append(f"{'.'.join([*parents, last])} left out")
        del inner[last]
        if parents and not inner:
            del body[parents[0]]


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
        body = body[parent]
    body[last] = value


def _format(body: dict[str, Any], call: Call, quirks: Quirks) -> None:
    form = _at(body, "text.format")
    if quirks.formats == _FORMATS:
        return  # nothing is known of the host, so it may take forms of its own
    if type(form) is not dict or form.get("type") in quirks.formats:
        return
    kind = form.get("type")
    if kind == "text":
        # What every host does when nothing is said.
        del body["text"]["format"]
        if not body["text"]:
            del body["text"]
        return
    taken = ", ".join(f'"{one}"' for one in sorted(quirks.formats)) or "none"
    name = "text.format" if call.dialect == "responses" else "response_format"
    raise Refusal(
        "unsupported",
        f"'{name}.type' is \"{kind}\", which the provider of this request does not take "
        f"(it takes: {taken}). Choose one of these, or an endpoint that lists {kind}.",
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
            if tool.get("type") == "function" and not tool.get("description")
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
    elif choice.mode == "opaque":
        return
    elif "auto" in quirks.tool_choice:
        body["tool_choice"] = "auto"
        adjusted.append("tool_choice changed to auto")
    else:
        del body["tool_choice"]
        if choice.mode != "auto":
            adjusted.append("tool_choice left out")
