"""Events laid into deltas and messages.

Knows which member carries which event, and that the order of events must survive: within one
delta a reader takes thinking, then text, then calls. Refuses to know frames.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.events import Cited, Declined, Text, Thought, ToolArgs, ToolOpen
from glimway.wire.talk import Json

Said = Text | Thought | Declined | ToolOpen | ToolArgs | Cited
"""Events that a delta carries."""

_MEMBERS: dict[type, str] = {Thought: "reasoning_content", Text: "content", Declined: "refusal"}

_LATER: dict[str, tuple[str, ...]] = {
    "reasoning_content": ("reasoning_content", "content", "refusal", "tool_calls"),
    "content": ("content", "refusal", "tool_calls"),
    "refusal": ("refusal", "tool_calls"),
}
"""Member -> members that must not stand in the same delta yet."""


def put(delta: dict[str, Any], event: Said, *, reasoning_too: bool) -> bool:
    """Add one event to a delta; False when it needs a frame of its own."""
    if isinstance(event, ToolOpen | ToolArgs):
        _put_call(delta.setdefault("tool_calls", []), event)
        return True
    if isinstance(event, Cited):
        if event.url is not None:
            delta.setdefault("annotations", []).append(_annotation(event))
        return True
    name = _MEMBERS[type(event)]
    for later in _LATER[name]:
        if later in delta:
            return False
    delta[name] = event.text
    if reasoning_too and name == "reasoning_content":
        delta["reasoning"] = event.text
    return True


def grow(message: dict[str, Any], event: Said, *, reasoning_too: bool) -> None:
    """Add one event to a whole message; pieces are lists until ``finished`` joins them."""
    if isinstance(event, ToolOpen | ToolArgs):
        _put_call(message.setdefault("tool_calls", []), event)
        return
    if isinstance(event, Cited):
        if event.url is not None:
            message.setdefault("annotations", []).append(_annotation(event))
        return
    name = _MEMBERS[type(event)]
    message.setdefault(name, []).append(event.text)
    if reasoning_too and name == "reasoning_content":
        message.setdefault("reasoning", []).append(event.text)


_JOINED = ("content", "reasoning_content", "reasoning", "refusal")


def finished(grown: dict[str, Any]) -> dict[str, Json]:
    """The message that ``grow`` has collected."""
    message: dict[str, Json] = {"role": "assistant", "content": None}
    for name, value in grown.items():
        message[name] = "".join(value) if name in _JOINED and type(value) is list else value
    for call in message.get("tool_calls", ()):
        del call["index"]
    if message["content"] is None and "tool_calls" not in message:
        message["content"] = ""
    return message


def _annotation(event: Cited) -> dict[str, Json]:
    """A source with an address: clients want every member of it.

    Source: https://platform.openai.com/docs/api-reference/chat/object (annotations).
    """
    citation = {
        "url": event.url,
        "title": event.title or event.url,
        "start_index": event.start or 0,
        "end_index": event.end or 0,
    }
    return {"type": "url_citation", "url_citation": citation}


def _put_call(calls: list[dict[str, Any]], event: ToolOpen | ToolArgs) -> None:
    if isinstance(event, ToolOpen):
        kind = "function" if event.kind == "function" else "custom"
        text = "arguments" if kind == "function" else "input"
        calls.append(
            {
                "index": event.index,
                "id": event.id,
                "type": event.kind,
                kind: {"name": event.name, text: ""},
            }
        )
        return
    for call in calls:
        if call["index"] == event.index:
            inner = call.get("function") or call["custom"]
            inner["arguments" if "arguments" in inner else "input"] += event.text
            return
    calls.append({"index": event.index, "function": {"arguments": event.text}})
