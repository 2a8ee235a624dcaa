"""Answers of a chat provider, from the bytes of a response down to the members of a frame.

Knows HTTP/1.1 framing, event streams, and the shapes in which OpenAI and Z.ai answer a chat
request (the second as recorded from glm-4.7). Refuses to know how Glimway reads or writes them:
shapes are spelled out here once more, so that a test does not agree with the program by birth.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

Framing = Literal["length", "chunked", "close"]
"""How a body says where it ends: a content-length, chunks, or the end of the connection."""

EVENT_STREAM = {"content-type": "text/event-stream"}
DONE = b"data: [DONE]\n\n"
LAST_CHUNK = b"0\r\n\r\n"

Json = dict[str, Any]

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests"}


# --- bytes of a response --------------------------------------------------------------------------


def head(status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A status line and headers, with the blank line that ends them."""
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Whatever')}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Data as one chunk; for no data nothing, because an empty chunk would be the last."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def whole(
    body: Json | bytes,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    framing: Framing = "length",
) -> bytes:
    """A whole response; with ``framing="close"`` the script's next step must be ``Close``."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": "application/json", **(headers or {})}
    if framing == "length":
        return head(status, {**given, "content-length": str(len(data))}) + data
    if framing == "chunked":
        return head(status, {**given, "transfer-encoding": "chunked"}) + chunk(data) + LAST_CHUNK
    return head(status, {**given, "connection": "close"}) + data


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole response with an error in the shape of OpenAI."""
    kind = "rate_limit_error" if status == 429 else "api_error"
    body = {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return whole(body, status, headers)


# --- streams --------------------------------------------------------------------------------------


def frame(data: Json | bytes, event: str | None = None) -> bytes:
    """One event of a stream."""
    text = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    name = b"" if event is None else b"event: %b\n" % event.encode()
    return name + b"data: " + text + b"\n\n"


def stream(
    frames: Iterable[bytes],
    headers: Mapping[str, str] | None = None,
    framing: Framing = "chunked",
) -> list[bytes]:
    """A response that streams, as steps: its head, a piece for each frame, what ends it.

    Put ``Pause`` steps between the pieces to pace them, leave the last piece off to break the
    stream, and with ``framing="close"`` let ``Close`` follow.
    """
    pieces = list(frames)
    given = {**EVENT_STREAM, **(headers or {})}
    if framing == "length":
        length = str(sum(map(len, pieces)))
        return [head(200, {**given, "content-length": length}), *pieces]
    if framing == "chunked":
        chunks = [chunk(piece) for piece in pieces]
        return [head(200, {**given, "transfer-encoding": "chunked"}), *chunks, LAST_CHUNK]
    return [head(200, {**given, "connection": "close"}), *pieces]


# --- OpenAI's shapes ------------------------------------------------------------------------------


def usage(prompt: int = 7, completion: int = 5, reasoning: int = 0, cached: int = 0) -> Json:
    """Tokens used; ``completion`` includes ``reasoning``, and ``prompt`` includes ``cached``."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }


def chat(content: str | None = "Hello there.", finish_reason: str = "stop", **message: Any) -> Json:
    """A whole chat answer; further members of the message by name (``tool_calls``)."""
    return {
        "id": "chatcmpl-provider-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, **message},
                "finish_reason": finish_reason,
            }
        ],
        "usage": usage(),
    }


def chat_chunk(delta: Json, finish_reason: str | None = None, **members: Any) -> Json:
    """One frame of a streamed chat answer."""
    return {
        "id": "chatcmpl-provider-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
        **members,
    }


def chat_frames(
    texts: Sequence[str] = ("Hel", "lo ", "there."),
    finish_reason: str = "stop",
    *,
    with_usage: bool = True,
) -> list[bytes]:
    """A streamed chat answer: the role alone, each text, the finish, usage by itself, [DONE]."""
    frames = [chat_chunk({"role": "assistant", "content": ""})]
    frames += [chat_chunk({"content": text}) for text in texts]
    frames.append(chat_chunk({}, finish_reason))
    if with_usage:
        frames.append({**chat_chunk({}), "choices": [], "usage": usage()})
    return [*map(frame, frames), DONE]


def tool_call(name: str, arguments: str, id: str = "call_1", index: int | None = None) -> Json:  # noqa: A002
    """A call of a tool, for ``tool_calls`` of a message or, with an index, of a delta."""
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return call if index is None else {"index": index, **call}


# --- Z.ai's shapes --------------------------------------------------------------------------------

_GLM_ID = "20251223150400d0c1a1ce7f3b4c2d"


def glm(
    content: str = "Hello there.", thought: str = "\nThe user greets.", finish_reason: str = "stop"
) -> Json:
    """A whole answer of glm-4.7: thinking beside the content, no prefix on its id, the id twice."""
    return {
        "id": _GLM_ID,
        "request_id": _GLM_ID,
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "glm-4.7",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {
                    "role": "assistant",
                    "content": content,
                    "reasoning_content": thought,
                },
            }
        ],
        "usage": usage(prompt=7, completion=9, reasoning=4),
    }


def glm_frames(
    thoughts: Sequence[str] = ("\nThe user", " greets."),
    texts: Sequence[str] = ("Hello", " there."),
    finish_reason: str = "stop",
) -> list[bytes]:
    """A streamed answer of glm-4.7.

    The role is in every delta, ``finish_reason`` is absent until the end, an empty content delta
    comes before it, and usage rides in the frame of the finish, whatever was asked for.
    """
    deltas = [{"reasoning_content": thought} for thought in thoughts]
    deltas += [{"content": text} for text in (*texts, "")]
    frames = [_glm_frame({"role": "assistant", **delta}) for delta in deltas]
    last = _glm_frame({"role": "assistant", "content": ""})
    last["choices"][0] = {"index": 0, "finish_reason": finish_reason, **last["choices"][0]}
    last["usage"] = usage(prompt=7, completion=9, reasoning=4)
    return [*map(frame, [*frames, last]), DONE]


def _glm_frame(delta: Json) -> Json:
    return {
        "id": _GLM_ID,
        "created": 1_700_000_000,
        "object": "chat.completion.chunk",
        "model": "glm-4.7",
        "choices": [{"index": 0, "delta": delta}],
    }
