"""The grammar of a clean Responses stream, as the strictest clients read it.

Knows which event may follow which, what each must repeat, and that the last one has the whole
answer; OpenAI's own types check each event as well. Refuses to know what was asked.
Source: https://platform.openai.com/docs/api-reference/responses-streaming, and for ``error``
https://www.openresponses.org/specification.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, get_args

from openai.types.responses import Response, ResponseStreamEvent

from glimway.wire.sse import Cutter

Json = Any

_ENDS = ("response.completed", "response.incomplete", "response.failed")
_SHELLS: dict[str, dict[str, Json]] = {
    "message": {"content": []},
    "reasoning": {"summary": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
}
_PART_OF_DELTA = {
    "response.output_text.delta": "output_text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_text",
    "response.reasoning_summary_text.delta": "summary_text",
}
_DONE_MEMBER = {
    "response.output_text.done": "text",
    "response.refusal.done": "refusal",
    "response.reasoning_text.done": "text",
    "response.reasoning_summary_text.done": "text",
}
_ARGUMENTS = {"function_call_arguments": "arguments", "custom_tool_call_input": "input"}
_WITHIN = {
    *("content_part", "output_text", "refusal", "reasoning_text"),
    *("reasoning_summary_part", "reasoning_summary_text"),
    *_ARGUMENTS,
}
"""Events that stand inside the item that is open; others are about items that pass."""


@cache
def _types() -> dict[str, Any]:
    union = get_args(ResponseStreamEvent)[0]
    return {get_args(one.model_fields["type"].annotation)[0]: one for one in get_args(union)}


def check_response(body: bytes | str, *, typed: bool = True) -> Json:
    """A response by itself, whole or inside an event."""
    if typed:
        Response.model_validate_json(body, strict=True)
    response = json.loads(body)
    assert response["object"] == "response"
    assert response["id"].startswith("resp_")
    ids = [item["id"] for item in response["output"] if item.get("id") is not None]
    assert len(ids) == len(set(ids))
    incomplete = response["status"] == "incomplete"
    assert (response["incomplete_details"] is not None) == incomplete
    assert (response["error"] is not None) == (response["status"] == "failed")
    assert (response["completed_at"] is not None) == (response["status"] == "completed")
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs"):
        assert type(response[name]) in (int, float)
    return response


class Clean:
    """What a checked stream said.

    Args:
        stream: the bytes a client got.
        typed: each event is held to OpenAI's types too.
    """

    def __init__(self, stream: bytes, *, typed: bool = True) -> None:
        self.events: list[Json] = []
        self.items: list[Json] = []
        self.text = ""
        self.thought = ""
        self.summary = ""
        self.refusal = ""
        self.deltas: dict[str, str] = {}
        self.failed = False
        self.response: Json = None
        self._typed = typed
        self._open: Json = None
        self._part: Json = None
        self._said = ""
        self._told: set[str] = set()
        self._passing: dict[str | None, int] = {}
        cutter = Cutter()
        frames = cutter.feed(stream)
        assert not cutter.close(), "the stream ends inside an event"
        for number, (name, data) in enumerate(frames):
            assert self.response is None, "an event after the terminal one"
            event = json.loads(data)
            assert event["type"] == name.decode()
            assert event["sequence_number"] == number
            if typed and event["type"] in _types():
                _types()[event["type"]].model_validate_json(data, strict=True)
            self.events.append(event)
            self._event(number, event)
        assert self.response is not None, "no terminal event"

    def _event(self, number: int, event: Json) -> None:
        kind = event["type"]
        if number < 2:
            assert kind == ("response.created", "response.in_progress")[number]
            assert event["response"]["status"] == "in_progress"
            assert event["response"]["output"] == []
            assert event["response"]["usage"] is None
            check_response(json.dumps(event["response"]), typed=self._typed)
            return
        assert kind not in ("response.created", "response.in_progress")
        if self.failed:
            assert kind == "response.failed"
        if kind == "error":
            self.failed = True
            assert event["message"]
            assert event["error"]["message"] == event["message"]
        elif kind in _ENDS:
            self._end(kind, event["response"])
        elif kind == "response.output_item.added":
            self._added(event)
        elif kind == "response.output_item.done":
            self._done(event)
        elif kind.split(".")[1] in _WITHIN:
            self._within(kind, event)
        elif event.get("item_id") is not None:
            index = self._open["index"] if self._open is not None else None
            assert event["output_index"] == self._passing.get(event["item_id"], index)

    # ---- items ------------------------------------------------------------------------------

    def _added(self, event: Json) -> None:
        item = event["item"]
        assert event["output_index"] == len(self.items)
        assert self._open is None, "two items are open"
        known = [one["id"] for one in self.items if one.get("id") is not None]
        assert item.get("id") not in known
        shell = _SHELLS.get(item["type"])
        if shell is None:
            self._passing[item.get("id", "")] = event["output_index"]
        else:
            assert {name: item[name] for name in shell} == shell
            if item["type"] != "custom_tool_call":
                assert item["status"] == "in_progress"
            self._open = {"item": item, "index": event["output_index"], "parts": [], "summary": []}
        self.items.append(item)

    def _done(self, event: Json) -> None:
        item, index = event["item"], event["output_index"]
        assert self.items[index].get("id") == item.get("id")
        if item["type"] in _SHELLS:
            assert self._open is not None
            assert index == self._open["index"]
            assert self._part is None, "a part is open"
            self._whole(item)
            self._open = None
        else:
            assert self._passing.pop(item.get("id", "")) == index
        self.items[index] = item

    def _whole(self, item: Json) -> None:
        """A done item says what its deltas said."""
        kind, open_ = item["type"], self._open
        if kind == "message":
            assert item["content"] == open_["parts"]
        elif kind == "reasoning":
            assert item["summary"] == open_["summary"]
            summed_up = [part["text"] for part in open_["summary"]]
            content = item.get("content", [])
            # Thinking that was shown as its own summary stands in the content as well.
            assert content == open_["parts"] or (
                not open_["parts"] and all(part["text"] in summed_up for part in content)
            )
        else:
            member = "input" if kind == "custom_tool_call" else "arguments"
            assert item["id"] in self._told, "a call without done arguments"
            assert item[member] == open_["said"] == self.deltas.get(item["id"], "")
            if kind == "function_call" and item["status"] == "completed":
                json.loads(item["arguments"])
        if kind != "custom_tool_call":
            assert item["status"] in ("completed", "incomplete")

    # ---- parts ------------------------------------------------------------------------------

    def _within(self, kind: str, event: Json) -> None:
        assert self._open is not None, f"{kind} without an item"
        assert event["item_id"] == self._open["item"]["id"]
        assert event["output_index"] == self._open["index"]
        head = kind.split(".")[1]
        if head in _ARGUMENTS:
            self._arguments(kind, event, _ARGUMENTS[head])
            return
        place = "summary" if "summary" in kind else "parts"
        index = event["summary_index" if place == "summary" else "content_index"]
        if kind.endswith("part.added"):
            assert self._part is None, "two parts are open"
            assert index == len(self._open[place])
            self._part, self._said = event["part"], ""
            assert not self._part.get("text")
            assert not self._part.get("refusal")
            return
        assert self._part is not None, f"{kind} without a part"
        assert index == len(self._open[place])
        if kind in _PART_OF_DELTA:
            assert self._part["type"] == _PART_OF_DELTA[kind]
            self._said += event["delta"]
            self._fold(self._part["type"], event["delta"])
        elif kind in _DONE_MEMBER:
            assert event[_DONE_MEMBER[kind]] == self._said
        elif kind == "response.output_text.annotation.added":
            assert event["annotation_index"] == len(self._part["annotations"])
            self._part["annotations"].append(event["annotation"])
        elif kind.endswith("part.done"):
            done = event["part"]
            assert done["type"] == self._part["type"]
            assert done.get("text", done.get("refusal")) == self._said
            if done["type"] == "output_text":
                assert done["annotations"] == self._part["annotations"]
            self._open[place].append(done)
            self._part = None

    def _arguments(self, kind: str, event: Json, member: str) -> None:
        item_id = event["item_id"]
        if kind.endswith(".delta"):
            assert item_id not in self._told
            self.deltas[item_id] = self.deltas.get(item_id, "") + event["delta"]
        else:
            assert event[member] == self.deltas.get(item_id, "")
            self._told.add(item_id)
            self._open["said"] = event[member]

    def _fold(self, part: str, delta: str) -> None:
        if part == "output_text":
            self.text += delta
        elif part == "refusal":
            self.refusal += delta
        elif part == "summary_text":
            self.summary += delta
        else:
            self.thought += delta

    # ---- the end ----------------------------------------------------------------------------

    def _end(self, kind: str, response: Json) -> None:
        assert kind == f"response.{response['status']}"
        self.response = check_response(json.dumps(response), typed=self._typed)
        if kind == "response.failed":
            assert self.failed
            assert len(response["output"]) == len(self.items)
            return
        assert self._open is None, "an item is open at the end"
        assert not self._passing
        assert response["output"] == self.items
        assert response["usage"]["total_tokens"] >= 0


def calls(response: Json) -> list[tuple[str, str]]:
    """Name and arguments of each call of a response."""
    return [
        (item["name"], item.get("arguments", item.get("input")))
        for item in response["output"]
        if item["type"] in ("function_call", "custom_tool_call")
    ]
