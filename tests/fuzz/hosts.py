"""Hosts of the other dialects: they answer well, and note what no host of theirs would take.

Knows what the responses and the messages API demand of a request's shape wherever it came from, and
one short answer in each, streamed and whole. Refuses to know who asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from kit import answers
from kit.recorded import Recorded
from kit.steps import Step

Json = Any

_MESSAGE = {
    "id": "msg_h", "type": "message", "role": "assistant", "model": "m",
    "content": [{"type": "text", "text": "Well."}], "stop_reason": "end_turn",
    "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 2},
}  # fmt: skip
_ITEM = {
    "id": "msg_h", "type": "message", "role": "assistant", "status": "completed",
    "content": [{"type": "output_text", "text": "Well.", "annotations": []}],
}  # fmt: skip
_RESPONSE = {
    "id": "resp_h", "object": "response", "created_at": 1, "status": "completed", "model": "m",
    "output": [_ITEM], "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}  # fmt: skip


class Hosts:
    """A script for ``ScriptedProvider``: a host of whichever dialect the path is of."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        """What a host would not have taken, with the request."""

    def __call__(self, request: Recorded) -> Iterable[Step]:
        """Answer one request."""
        body = json.loads(request.body)
        messages = request.target.endswith("/messages")
        check = _wrong_in_messages if messages else _wrong_in_responses
        self.faults += [f"{fault} in {request.body[:1500]!r}" for fault in check(body)]
        if not body.get("stream"):
            return [answers.whole(_MESSAGE if messages else _RESPONSE)]
        events = _message_events() if messages else _response_events()
        return answers.stream([answers.frame(event, event["type"]) for event in events])


def _message_events() -> Iterator[Json]:
    yield {"type": "message_start", "message": {**_MESSAGE, "content": [], "stop_reason": None}}
    text = {"type": "text", "text": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": text}
    delta = {"type": "text_delta", "text": "Well."}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": 2}}
    yield {"type": "message_stop"}


def _response_events() -> Iterator[Json]:
    begun = {**_RESPONSE, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "sequence_number": 0, "response": begun}
    place: Json = {"output_index": 0}
    item = {**_ITEM, "status": "in_progress", "content": []}
    yield {"type": "response.output_item.added", "sequence_number": 1, **place, "item": item}
    place |= {"item_id": "msg_h", "content_index": 0}
    yield {"type": "response.output_text.delta", "sequence_number": 2, **place, "delta": "Well."}
    yield {"type": "response.output_item.done", "sequence_number": 3, **place, "item": _ITEM}
    yield {"type": "response.completed", "sequence_number": 4, "response": _RESPONSE}


# --- what they take -------------------------------------------------------------------------------


def _wrong_in_messages(body: Json) -> Iterator[str]:
    if type(body.get("max_tokens")) is not int:
        yield "no max_tokens"
    turns = body.get("messages")
    if not turns:
        yield "no messages"
        return
    asked: set[str] = set()
    for turn in turns:
        content = turn.get("content")
        blocks = content if type(content) is list else []
        if content in ("", []) or content is None:
            yield f"a message of the {turn.get('role')} says nothing"
        for block in blocks:
            kind = block.get("type") if type(block) is dict else None
            if kind is None:
                yield "a block without a type"
            elif kind == "tool_use":
                call_id = block.get("id")
                if type(call_id) is not str or not call_id or type(block.get("input")) is not dict:
                    yield "a call without id or input"
                if call_id in asked:
                    yield "two calls of one id"
                asked.add(str(call_id))
            elif kind == "tool_result" and not block.get("tool_use_id"):
                yield "a result of no call"
    for tool in body.get("tools") or []:
        if not tool.get("name"):
            yield "a tool without a name"


def _wrong_in_responses(body: Json) -> Iterator[str]:
    items = body.get("input")
    if not items:
        yield "no input"
        return
    for item in items if type(items) is list else []:
        kind = item.get("type", "message")
        needed = _NEEDED.get(str(kind))
        if needed is None:
            yield f"an item of type {kind}"
            continue
        yield from (f"{kind} without {name}" for name in needed if item.get(name) is None)
    for tool in body.get("tools") or []:
        if tool.get("type") == "function" and not tool.get("name"):
            yield "a tool without a name"


_NEEDED = {
    "message": ("role", "content"),
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call": ("call_id", "name", "input"),
    "custom_tool_call_output": ("call_id", "output"),
    "reasoning": ("summary",),
}
