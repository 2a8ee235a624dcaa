"""Answers of the sandbox without a socket, and what a client makes of their frames.

Knows how to ask the rooms directly and how to fold chat frames. Refuses to know faults: whoever
asks for one looks at the frames himself.
"""

from __future__ import annotations

import json
from typing import Any

from glimway.sandbox import rooms
from glimway.sandbox.memory import Memory
from glimway.sandbox.reply import Reply, Request
from glimway.sandbox.stream import sent

QUESTION = "What is the weather in Paris tomorrow?"

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city", "days"],
        },
    },
}
STOCKS = {
    "type": "function",
    "function": {
        "name": "stock_price",
        "parameters": {"type": "object", "properties": {"company": {"type": "string"}}},
    },
}


def post(body: Any, path: str = "/v1/chat/completions", memory: Memory | None = None) -> Reply:
    """The reply to one POST."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return rooms.answer(Request("POST", path, {}, data), memory or Memory())


def reply(model: str, text: str = QUESTION, *, family: str = "", **body: Any) -> Reply:
    """The reply to a request with one user message, or with ``messages``."""
    asked = {"model": model, "messages": [{"role": "user", "content": text}], **body}
    path = f"/{family}/v1/chat/completions" if family else "/v1/chat/completions"
    return post(asked, path)


def whole(model: str, text: str = QUESTION, **body: Any) -> Any:
    """A whole answer, decoded."""
    return json.loads(reply(model, text, **body).body)


def message(model: str, text: str = QUESTION, **body: Any) -> Any:
    """The message of a whole answer."""
    return whole(model, text, **body)["choices"][0]["message"]


def raw(model: str, text: str = QUESTION, **body: Any) -> bytes:
    """The bytes of a stream."""
    return b"".join(piece.data for piece in sent(reply(model, text, stream=True, **body)))


def frames(model: str, text: str = QUESTION, **body: Any) -> list[Any]:
    """The frames of a stream, decoded, without the end mark."""
    events = [event for event in raw(model, text, **body).split(b"\n\n") if event]
    data = [event[6:] for event in events if event.startswith(b"data: ")]
    assert data[-1] == b"[DONE]"
    return [json.loads(item) for item in data[:-1]]


def folded(items: list[Any], index: int = 0) -> dict[str, Any]:
    """One choice of a stream put together: text, thought, calls, finish, usage."""
    made: dict[str, Any] = {"text": "", "thought": "", "calls": [], "finish": None, "usage": None}
    for item in items:
        made["usage"] = item.get("usage") or made["usage"]
        for choice in item["choices"] or ():
            if choice["index"] == index:
                _fold(choice, made)
    return made


def _fold(choice: dict[str, Any], made: dict[str, Any]) -> None:
    delta = choice["delta"]
    made["finish"] = choice.get("finish_reason") or made["finish"]
    content = delta.get("content") or ""
    if isinstance(content, list):
        made["text"] += "".join(part["text"] for part in content if part["type"] == "text")
        thinking = [part["thinking"][0]["text"] for part in content if part["type"] == "thinking"]
        made["thought"] += "".join(thinking)
    else:
        made["text"] += content
    made["thought"] += delta.get("reasoning_content") or delta.get("reasoning") or ""
    for call in delta.get("tool_calls") or ():
        while len(made["calls"]) <= call["index"]:
            made["calls"].append({"id": "", "name": "", "arguments": ""})
        slot = made["calls"][call["index"]]
        slot["id"] += call.get("id") or ""
        slot["name"] += call["function"].get("name") or ""
        slot["arguments"] += call["function"].get("arguments") or ""
