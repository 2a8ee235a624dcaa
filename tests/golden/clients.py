"""Clients of each dialect: how one asks, what it is given, and what it understands of that.

Knows the mount that each calls and the fold of its own replies into a meaning, through the checker
of its grammar. Refuses to know providers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from glimway.surface.mounts import MOUNTS, Mount
from glimway.wire.dialect import Headers
from glimway.wire.talk import Call
from golden.cases import CLIENT_DIALECTS, Request, Used
from wire.aisdk.grammar import check_result, check_stream, told
from wire.chat.grammar import Clean as ChatClean
from wire.chat.grammar import check_whole as check_completion
from wire.messages.grammar import Clean as MessagesClean
from wire.messages.grammar import check_whole as check_message
from wire.responses.grammar import Clean as ResponsesClean
from wire.responses.grammar import check_response

Json = Any

_BASES = {"chat": "/v1", "responses": "/v1", "messages": "/v1", "aisdk": "/v4/ai"}
_HEADERS: Headers = [
    (b"ai-language-model-id", b"zai/glm-4.7"),
    (b"ai-language-model-specification-version", b"4"),
    (b"ai-language-model-streaming", b"true"),
]
"""What the AI SDK says beside its body; other dialects do not look."""


class Understood(msgspec.Struct):
    """What a client understood of a reply.

    Args:
        stop: the dialect's own word; None: it failed.
        usage: in neutral figures; None: it was told none, as where it failed.
    """

    text: str = ""
    thought: str = ""
    refusal: str = ""
    calls: list[tuple[str, str]] = []
    sources: list[str] = []
    stop: str | None = None
    sequence: str | None = None
    usage: Used | None = None
    second: str = ""


def mount_of(dialect: str) -> Mount:
    """Where clients of a dialect call."""
    base = _BASES[dialect]
    return next(one for one in MOUNTS if one.name == base and one.side.name == dialect)


def asked(request: Request) -> Call:
    """What a request says."""
    return mount_of(request.dialect).side.decode(request.fresh(), _HEADERS)


def plain_call(dialect: str, **members: Json) -> Call:
    """A call that asks for nothing in particular, and for everything there is to be told."""
    bodies: dict[str, dict[str, Json]] = {
        "chat": {
            "messages": [{"role": "user", "content": "Hi"}],
            "stream_options": {"include_usage": True},
        },
        "responses": {"input": "Hi", "include": ["reasoning.encrypted_content"]},
        "messages": {"max_tokens": 64, "messages": [{"role": "user", "content": "Hi"}]},
        "aisdk": {"prompt": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    }
    body = {"model": "zai/glm-4.7", "stream": True, **bodies[dialect], **members}
    if dialect == "aisdk":
        del body["model"], body["stream"]
    return mount_of(dialect).side.decode(body, _HEADERS)


# ---- chat -----------------------------------------------------------------------------------


def _of_chat_stream(stream: bytes) -> Understood:
    clean = ChatClean(stream, usage_null=True)
    said = Understood(clean.text.get(0, ""), clean.thought.get(0, ""), second=clean.text.get(1, ""))
    said.calls = [(name, arguments) for _, name, arguments in clean.calls.get(0, [])]
    for line in stream.splitlines():
        if not line.startswith(b"data: {"):
            continue
        for choice in json.loads(line[6:]).get("choices", []):
            delta = choice["delta"]
            said.refusal += delta.get("refusal") or ""
            said.sources += [one["url_citation"]["url"] for one in delta.get("annotations", [])]
    if not clean.failed:
        said.stop = clean.finish[0]
        said.usage = _chat_usage(clean.usage)
    return said


def _of_chat_whole(body: bytes) -> Understood:
    reply = check_completion(body)
    choices = {one["index"]: one for one in reply["choices"]}
    message = choices[0]["message"]
    said = Understood(message["content"] or "", message.get("reasoning_content") or "")
    said.refusal = message.get("refusal") or ""
    said.calls = [
        (one["function"]["name"], one["function"]["arguments"])
        for one in message.get("tool_calls", [])
    ]
    said.sources = [one["url_citation"]["url"] for one in message.get("annotations", [])]
    said.stop = choices[0]["finish_reason"]
    said.usage = _chat_usage(reply["usage"])
    said.second = choices[1]["message"]["content"] if 1 in choices else ""
    return said


def _chat_usage(usage: Json) -> Used:
    inside = usage.get("prompt_tokens_details") or {}
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    return Used(
        usage["prompt_tokens"],
        usage["completion_tokens"],
        inside.get("cached_tokens", 0),
        inside.get("cache_write_tokens", 0),
        (usage.get("completion_tokens_details") or {}).get("reasoning_tokens", 0),
    )


# ---- responses ------------------------------------------------------------------------------


def _of_responses_stream(stream: bytes) -> Understood:
    clean = ResponsesClean(stream, typed=False)
    if clean.failed:
        # What was said before is what the events said.
        return Understood(clean.text, clean.summary + clean.thought, clean.refusal)
    whole = _of_response(clean.response)
    assert clean.text == whole.text
    assert clean.refusal == whole.refusal
    assert whole.thought in (clean.summary, clean.thought)
    return whole


def _of_responses_whole(body: bytes) -> Understood:
    return _of_response(check_response(body, typed=False))


def _of_response(response: Json) -> Understood:
    said = Understood(calls=[], sources=[])
    for item in response["output"]:
        if item["type"] == "message":
            for part in item["content"]:
                said.text += part.get("text", "")
                said.refusal += part.get("refusal", "")
                notes = part.get("annotations", [])
                said.sources += [one["url"] for one in notes if "url" in one]
        elif item["type"] == "reasoning":
            said.thought += "".join(one["text"] for one in item["summary"]) or "".join(
                one["text"] for one in item.get("content", [])
            )
        elif item["type"] == "function_call":
            said.calls.append((item["name"], item["arguments"]))
    said.stop = response["status"]
    if response["incomplete_details"] is not None:
        said.stop = response["incomplete_details"]["reason"]
    usage = response["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    said.usage = Used(
        usage["input_tokens"],
        usage["output_tokens"],
        usage["input_tokens_details"]["cached_tokens"],
        usage["input_tokens_details"]["cache_write_tokens"],
        usage["output_tokens_details"]["reasoning_tokens"],
    )
    return said


# ---- messages -------------------------------------------------------------------------------


def _of_messages_stream(stream: bytes) -> Understood:
    clean = MessagesClean(stream)
    if clean.failed:
        return Understood(clean.text, clean.thought)
    return _of_message(clean.message)


def _of_messages_whole(body: bytes) -> Understood:
    return _of_message(check_message(body))


def _of_message(message: Json) -> Understood:
    said = Understood(calls=[], sources=[])
    for block in message["content"]:
        if block["type"] == "text":
            said.text += block["text"]
            said.sources += [one["url"] for one in block.get("citations") or () if "url" in one]
        elif block["type"] == "thinking":
            said.thought += block["thinking"]
        elif block["type"] == "tool_use":
            # A stream that was cut inside a call has its pieces, which are no value.
            given = block["input"]
            text = given if type(given) is str else json.dumps(given, ensure_ascii=False)
            said.calls.append((block["name"], text))
    said.stop = message["stop_reason"]
    said.sequence = message["stop_sequence"]
    usage = message["usage"]
    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    said.usage = Used(
        usage["input_tokens"] + read + written,
        usage["output_tokens"],
        read,
        written,
        (usage.get("output_tokens_details") or {}).get("thinking_tokens", 0),
    )
    return said


# ---- the AI SDK -----------------------------------------------------------------------------


def _of_aisdk_stream(stream: bytes) -> Understood:
    parts = check_stream(stream)
    said = _of_content(told(parts))
    if parts[-1]["type"] == "finish":
        _end(said, parts[-1])
    return said


def _of_aisdk_whole(body: bytes) -> Understood:
    result = check_result(body)
    said = _of_content(result["content"])
    _end(said, result)
    return said


def _of_content(content: list[Json]) -> Understood:
    said = Understood(calls=[], sources=[])
    for one in content:
        if one["type"] == "text":
            said.text += one["text"]
        elif one["type"] == "reasoning":
            said.thought += one["text"]
        elif one["type"] == "tool-call":
            said.calls.append((one["toolName"], one["input"]))
        else:
            said.sources.append(one["url"])
    return said


def _end(said: Understood, ending: Json) -> None:
    inside, outside = ending["usage"]["inputTokens"], ending["usage"]["outputTokens"]
    assert inside["total"] == inside["noCache"] + inside["cacheRead"] + inside["cacheWrite"]
    assert outside["total"] == outside["text"] + outside["reasoning"]
    said.stop = ending["finishReason"]["unified"]
    said.usage = Used(
        inside["total"],
        outside["total"],
        inside["cacheRead"],
        inside["cacheWrite"],
        outside["reasoning"],
    )


STREAMED: dict[str, Callable[[bytes], Understood]] = {
    "chat": _of_chat_stream,
    "responses": _of_responses_stream,
    "messages": _of_messages_stream,
    "aisdk": _of_aisdk_stream,
}
"""What a client understands of a stream, once its grammar was checked."""
WHOLE: dict[str, Callable[[bytes], Understood]] = {
    "chat": _of_chat_whole,
    "responses": _of_responses_whole,
    "messages": _of_messages_whole,
    "aisdk": _of_aisdk_whole,
}
"""What a client understands of a whole reply, once its shape was checked."""

assert set(STREAMED) == set(WHOLE) == set(CLIENT_DIALECTS)
