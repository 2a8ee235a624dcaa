"""What hosts of three dialects send, well or not: the pieces that scripts of faults are made of.

Knows the shapes of chat completions, messages and responses, spelled out here once more, so that a
test does not agree with the program by birth. Refuses to know when a host fails and how.

Every answer says ``from N`` where ``N`` is the place of the host in its plan, and uses 7 tokens and
5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kit import answers

Json = dict[str, Any]

PATHS = {"/chat/completions": "chat", "/messages": "messages", "/responses": "responses"}
"""The end of a request's path -> the dialect that is spoken there."""
PROFILES = {"chat": "openai", "messages": "anthropic", "responses": "responses"}


class Host(NamedTuple):
    """One dialect.

    Args:
        whole: a whole answer with this text.
        opening: frames that come before any text and say nothing.
        texts: frames of these texts.
        closing: the frames that end the answer, which was this text.
        failure: a frame that says that the host failed.
        failed: the body of an error answer, with this status.
        nonsense: a frame that should carry text and cannot be read.
    """

    whole: Callable[[str], Json]
    opening: list[bytes]
    texts: Callable[[Sequence[str]], list[bytes]]
    closing: Callable[[str], list[bytes]]
    failure: bytes
    failed: Callable[[int], Json]
    nonsense: bytes

    def stream(self, *texts: str) -> list[bytes]:
        """A whole stream."""
        return [*self.opening, *self.texts(texts), *self.closing("".join(texts))]


def named(data: Json) -> bytes:
    """A frame whose event has the name of its type."""
    return answers.frame(data, data["type"])


# ---- chat -----------------------------------------------------------------------------------


def _chat_failed(status: int) -> Json:
    return {"error": {"message": "engine lost", "type": "api_error", "code": status}}


CHAT = Host(
    answers.chat,
    [answers.frame(answers.chat_chunk({"role": "assistant", "content": ""}))],
    lambda texts: [answers.frame(answers.chat_chunk({"content": text})) for text in texts],
    lambda _text: answers.chat_frames(())[1:],
    answers.frame(_chat_failed(500)),
    _chat_failed,
    answers.frame(b"{nonsense"),
)


# ---- messages -------------------------------------------------------------------------------

_MESSAGE_ERRORS = {
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
}


def _message(content: list[Json], stop: str | None, output: int) -> Json:
    return {
        "id": "msg_01Provider",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": output},
    }


def _message_failed(status: int) -> Json:
    kind = _MESSAGE_ERRORS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": "engine lost"}}


def _message_text(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return named({"type": "content_block_delta", "index": 0, "delta": delta})


def _message_end(_text: str) -> list[bytes]:
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        named({"type": "content_block_stop", "index": 0}),
        named({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}),
        named({"type": "message_stop"}),
    ]


_BLOCK = {"type": "text", "text": ""}
MESSAGES = Host(
    lambda text: _message([{"type": "text", "text": text}], "end_turn", 5),
    [
        named({"type": "message_start", "message": _message([], None, 1)}),
        named({"type": "content_block_start", "index": 0, "content_block": _BLOCK}),
        named({"type": "ping"}),
    ],
    lambda texts: [_message_text(text) for text in texts],
    _message_end,
    named(_message_failed(500)),
    _message_failed,
    answers.frame(b"{nonsense", "content_block_delta"),
)


# ---- responses ------------------------------------------------------------------------------


def _response(status: str, output: list[Json]) -> Json:
    done = status == "completed"
    usage = {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 12,
    }
    return {
        "id": "resp_0Provider",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "m",
        "output": output,
        "usage": usage if done else None,
    }


def _item(status: str, *texts: str) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {
        "id": "msg_0Provider",
        "type": "message",
        "role": "assistant",
        "content": content,
        "status": status,
    }


_AT = {"item_id": "msg_0Provider", "output_index": 0, "content_index": 0}
_PART = {"type": "output_text", "text": "", "annotations": []}


def _response_text(text: str) -> bytes:
    return named({"type": "response.output_text.delta", **_AT, "delta": text})


def _response_end(text: str) -> list[bytes]:
    item = _item("completed", text)
    return [
        named({"type": "response.output_text.done", **_AT, "text": text}),
        named({"type": "response.content_part.done", **_AT, "part": {**_PART, "text": text}}),
        named({"type": "response.output_item.done", "output_index": 0, "item": item}),
        named({"type": "response.completed", "response": _response("completed", [item])}),
    ]


_FAILURE = {"code": "server_error", "message": "engine lost"}
RESPONSES = Host(
    lambda text: _response("completed", [_item("completed", text)]),
    [
        named({"type": "response.created", "response": _response("in_progress", [])}),
        named(
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": _item("in_progress"),
            }
        ),
        named({"type": "response.content_part.added", **_AT, "part": _PART}),
    ],
    lambda texts: [_response_text(text) for text in texts],
    _response_end,
    named(
        {
            "type": "response.failed",
            "response": {**_response("failed", []), "error": _FAILURE},
        }
    ),
    _chat_failed,
    answers.frame(b"{nonsense", "response.output_text.delta"),
)

HOSTS = {"chat": CHAT, "messages": MESSAGES, "responses": RESPONSES}


def failure_inside(host: Host) -> bytes:
    """What ``host.failure`` says, as a whole body."""
    (line,) = [line for line in host.failure.split(b"\n") if line.startswith(b"data: ")]
    said = json.loads(line.removeprefix(b"data: "))
    return json.dumps(said.get("response", said)).encode()
