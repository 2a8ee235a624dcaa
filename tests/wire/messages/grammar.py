"""The grammar of a clean Messages stream, as the strictest clients read it.

Knows which events there are, what each may hold and in which order they come. Refuses to know what
was asked.
Source: https://docs.anthropic.com/en/api/messages-streaming, and the types of
github.com/anthropics/anthropic-sdk-python.
"""

from __future__ import annotations

import json
from typing import Any

from glimway.wire.sse import Cutter

Json = Any

REASONS = frozenset(
    """
    end_turn max_tokens stop_sequence tool_use pause_turn compaction refusal
    model_context_window_exceeded
    """.split()
)
EVENTS = frozenset(
    """
    message_start content_block_start content_block_delta content_block_stop message_delta
    message_stop ping error
    """.split()
)
DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
}
"""Type of a block -> its deltas; other blocks may have any."""
SPOKEN = frozenset().union(*DELTAS.values())
PIECES = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
EMPTY: dict[str, dict[str, Json]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
}
"""What a block has at its beginning."""
ERRORS = frozenset(
    """
    invalid_request_error authentication_error billing_error permission_error not_found_error
    request_too_large rate_limit_error api_error overloaded_error timeout_error
    """.split()
)


class Clean:
    """What a checked stream said.

    Args:
        stream: the bytes a client got.
        whole: it must have come to its end, well or with an error.
    """

    def __init__(self, stream: bytes, *, whole: bool = True) -> None:
        self.message: dict[str, Json] = {}
        """The message as a client puts it together."""
        self.first_usage: Json = None
        self.error: Json = None
        self.passed: list[Json] = []
        """Events that the dialect does not know."""
        self.deltas: list[list[str]] = []
        """For each block, the types of its deltas, each once in a row."""
        self._open: dict[str, Json] | None = None
        self._input = ""
        self._signed = False
        self._ending = False
        self._over = False
        cutter = Cutter()
        for name, data in cutter.feed(stream):
            event = json.loads(data)
            assert name.decode() == event["type"], "name and type are one"
            assert not self._over, "an event after the end"
            self._event(event)
        assert not cutter.close(), "the stream ends inside an event"
        assert b"[DONE]" not in stream
        assert self._over or not whole, "no end"

    @property
    def failed(self) -> bool:
        """It ended with an error."""
        return self.error is not None

    @property
    def blocks(self) -> list[dict[str, Json]]:
        """The content."""
        found: list[dict[str, Json]] = self.message.get("content", [])
        return found

    @property
    def text(self) -> str:
        """All text."""
        return "".join(one["text"] for one in self.blocks if one["type"] == "text")

    @property
    def thought(self) -> str:
        """All thinking."""
        return "".join(one["thinking"] for one in self.blocks if one["type"] == "thinking")

    @property
    def calls(self) -> list[tuple[str, str, Json]]:
        """Id, name and input of each call."""
        return [
            (one["id"], one["name"], one["input"])
            for one in self.blocks
            if one["type"] == "tool_use"
        ]

    def _event(self, event: Json) -> None:
        kind = event["type"]
        if kind == "ping":
            assert event == {"type": "ping"}
            return
        if kind == "error":
            check_error(event)
            self.error, self._over = event["error"], True
            return
        assert (kind == "message_start") == (not self.message), "message_start comes first, once"
        if kind not in EVENTS:
            self.passed.append(event)
        else:
            getattr(self, f"_{kind}")(event)

    def _message_start(self, event: Json) -> None:
        self.message = event["message"]
        check_head(self.message)
        assert self.message["content"] == []
        assert self.message["stop_reason"] is None
        self.first_usage = dict(self.message["usage"])

    def _content_block_start(self, event: Json) -> None:
        assert self._open is None, "a block inside a block"
        assert not self._ending, "a block after message_delta"
        assert event["index"] == len(self.blocks), "a number that skips one, or comes twice"
        block = event["content_block"]
        for member, empty in EMPTY.get(block["type"], {}).items():
            assert block[member] == empty, f"{member} is not empty at the beginning"
        assert block.get("citations", []) is not None
        if block["type"] == "tool_use":
            assert block["id"]
            assert block["name"]
        self._open = block
        self._input, self._signed = "", False
        self.deltas.append([])
        self.blocks.append(block)

    def _content_block_delta(self, event: Json) -> None:
        block, delta = self._open, event["delta"]
        assert block is not None, "a delta outside a block"
        assert event["index"] == len(self.blocks) - 1
        kind, of = delta["type"], block["type"]
        if of in DELTAS:
            assert kind in DELTAS[of] or kind not in SPOKEN, f"a {kind} in a block of {of}"
        if not self.deltas[-1] or self.deltas[-1][-1] != kind:
            self.deltas[-1].append(kind)
        piece = delta.get(PIECES.get(kind, ""))
        if kind == "input_json_delta":
            self._input += piece
        elif kind in PIECES:
            assert not self._signed, "thinking behind its signature"
            block[PIECES[kind]] = block.get(PIECES[kind], "") + piece
        elif kind == "signature_delta":
            assert delta["signature"]
            block["signature"], self._signed = delta["signature"], True
        elif kind == "citations_delta":
            assert delta["citation"]["type"]
            block.setdefault("citations", []).append(delta["citation"])
        else:
            block.update({name: member for name, member in delta.items() if name != "type"})

    def _content_block_stop(self, event: Json) -> None:
        block, self._open = self._open, None
        assert block is not None, "an end without a beginning"
        assert event["index"] == len(self.blocks) - 1
        assert block["type"] != "thinking" or block["signature"], "thinking without a signature"
        if self._input:
            try:
                block["input"] = json.loads(self._input)
            except ValueError:
                block["input"] = self._input  # only an answer that was cut may have it

    def _message_delta(self, event: Json) -> None:
        assert self._open is None, "the end inside a block"
        self._ending = True
        assert event["delta"].keys() >= {"stop_reason", "stop_sequence"}
        self.message.update(event["delta"])
        check_usage(event["usage"])
        self.message["usage"] = {**self.message["usage"], **event["usage"]}
        self.message.update({k: v for k, v in event.items() if k not in ("type", "delta", "usage")})

    def _message_stop(self, event: Json) -> None:
        assert self._ending, "message_stop without message_delta"
        self._over = True
        check_end(self.message)


def check_head(message: Json) -> None:
    """Check the members that every message has."""
    assert message["type"] == "message"
    assert message["role"] == "assistant"
    assert message["id"].startswith("msg_")
    assert isinstance(message["model"], str)
    assert "stop_reason" in message
    assert "stop_sequence" in message
    check_usage(message["usage"])


def check_usage(usage: Json) -> None:
    """Check the counts."""
    for name in (
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    ):
        assert type(usage[name]) is int, f"{name} is {usage.get(name)!r}"
        assert usage[name] >= 0


def check_error(body: Json) -> None:
    """Check an error's body."""
    assert body["type"] == "error"
    assert body["error"]["type"] in ERRORS
    assert body["error"]["message"]


def check_end(message: Json) -> None:
    """Check that reason and content agree."""
    reason = message["stop_reason"]
    assert reason in REASONS
    assert (message["stop_sequence"] is not None) == (reason == "stop_sequence")
    calls = [one for one in message["content"] if one["type"] == "tool_use"]
    assert (reason == "tool_use") <= bool(calls), "tool_use without a call"
    assert (reason in ("end_turn", "stop_sequence")) <= (not calls), "a call that nobody runs"
    assert len({one["id"] for one in calls}) == len(calls), "an id twice"
    if reason == "tool_use":
        assert all(isinstance(one["input"], dict) for one in calls)


def check_whole(body: bytes) -> Json:
    """Check a whole reply; returns it decoded."""
    message = json.loads(body)
    check_head(message)
    check_end(message)
    assert message["content"], "an answer without a block"
    for block in message["content"]:
        assert block["type"]
        assert block["type"] != "thinking" or block["signature"]
        assert block.get("citations", []) is not None
    return message
