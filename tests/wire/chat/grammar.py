"""The grammar of a clean chat stream, as the strictest clients read it.

Knows what a frame may hold and in which order frames come; OpenAI's own types check each as well.
Refuses to know what was asked.
"""

from __future__ import annotations

import json
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk

from glimway.wire.sse import Cutter

Json = Any

HEAD = ("id", "object", "created", "model")


class Clean:
    """What a checked stream said.

    Args:
        stream: the bytes a client got.
        usage_null: each frame before the one with usage must say ``usage: null``.
        n: how many choices there must be, where it ended well.
    """

    def __init__(self, stream: bytes, *, usage_null: bool = False, n: int | None = None) -> None:
        self.failed = False
        self.finish: dict[int, str] = {}
        self.text: dict[int, str] = {}
        self.thought: dict[int, str] = {}
        self.calls: dict[int, list[list[str]]] = {}
        self.usage: Json = None
        self._roles: set[int] = set()
        self._usage_null = usage_null
        cutter = Cutter()
        data = [data for name, data in cutter.feed(stream) if not name]
        assert not cutter.close(), "the stream ends inside an event"
        last = data.pop()
        for item in data:
            assert item != b"[DONE]"
            ChatCompletionChunk.model_validate_json(item, strict=True)
            self._frame(json.loads(item))
        if last == b"[DONE]":
            assert self._roles == set(self.finish)
            assert self.finish
            assert n is None or set(self.finish) == set(range(n))
            self._check_calls()
        else:
            self.failed = True
            assert "error" in json.loads(last)

    def _frame(self, frame: Json) -> None:
        assert tuple(frame)[:4] == HEAD
        assert frame["object"] == "chat.completion.chunk"
        assert self.usage is None, "a frame after the usage"
        if not frame["choices"]:
            assert self.finish.keys() == self._roles, "usage before the end"
            self.usage = frame["usage"]
            assert self.usage
            return
        assert not self._usage_null or "usage" in frame
        self.usage = frame.get("usage") or self.usage
        (choice,) = frame["choices"]
        self._choice(choice)

    def _choice(self, choice: Json) -> None:
        index, delta, finish = choice["index"], choice["delta"], choice["finish_reason"]
        assert index not in self.finish, "a frame after the finish"
        assert ("role" in delta) == (index not in self._roles), "the role comes first, and once"
        self._roles.add(index)
        for member in ("content", "reasoning_content", "reasoning", "refusal", "tool_calls"):
            assert delta.get(member, "") is not None, f"{member} is null"
        self.text[index] = self.text.get(index, "") + delta.get("content", "")
        self.thought[index] = self.thought.get(index, "") + delta.get("reasoning_content", "")
        for call in delta.get("tool_calls", ()):
            self._call(self.calls.setdefault(index, []), call)
        if finish is not None:
            assert finish in ("stop", "length", "tool_calls", "content_filter")
            assert not {"content", "reasoning_content", "tool_calls"} & delta.keys()
            self.finish[index] = finish

    def _call(self, known: list[list[str]], call: Json) -> None:
        at = call["index"]
        if at == len(known):
            assert isinstance(call["id"], str)
            assert call["id"]
            assert call["function"]["name"]
            assert call["type"] == "function"
            known.append([call["id"], call["function"]["name"], ""])
        else:
            assert at < len(known), "an index that skips one"
            assert not {"id", "type"} & call.keys()
            assert "name" not in call["function"], "the name comes whole and once"
        known[at][2] += call["function"]["arguments"]

    def _check_calls(self) -> None:
        for index, finish in self.finish.items():
            calls = self.calls.get(index, [])
            assert finish != "tool_calls" or calls, "finish tool_calls without a call"
            assert finish != "stop" or not calls
            assert len({call[0] for call in calls}) == len(calls), "an id twice"
            if finish == "tool_calls":
                for _, _, arguments in calls:
                    json.loads(arguments)


def check_whole(body: bytes) -> Json:
    """Check a whole reply; returns it decoded."""
    reply = json.loads(body)
    ChatCompletion.model_validate_json(body, strict=True)
    for choice in reply["choices"]:
        message = choice["message"]
        assert message["role"] == "assistant"
        assert isinstance(message["content"], str) or message.get("tool_calls")
        calls = message.get("tool_calls", ())
        assert (choice["finish_reason"] == "tool_calls") <= bool(calls)
        for call in calls:
            assert "index" not in call
            assert isinstance(call["id"], str)
            if choice["finish_reason"] == "tool_calls":
                json.loads(call["function"]["arguments"])
    return reply
