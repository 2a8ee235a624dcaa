"""Provider streams to make, and what becomes of them between reader and writer.

Knows how to spell frames as hosts do, to send them through Reader and Writer, and to fold events.
Refuses to judge: ``grammar`` does that.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from glimway.wire.chat.read import Reader
from glimway.wire.chat.request import decode
from glimway.wire.chat.style import Style
from glimway.wire.chat.write import Writer
from glimway.wire.events import (
    Declined,
    Event,
    Opaque,
    Stop,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
    Usage,
)
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.talk import Call

Json = Any

PLAIN = Quirks()
STYLE = Style("chatcmpl-ours", "glm-4.7", 1_700_000_000)
DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "days": {"type": "integer"},
                "exact": {"type": "boolean"},
                "tags": {"type": "array"},
                "note": {"type": ["string", "null"]},
            },
        },
    },
}
READ = {
    "type": "function",
    "function": {
        "name": "read",
        "parameters": {"type": "object", "properties": {"filePath": {"type": "string"}}},
    },
}
NOW = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
TOOLS = [WEATHER, READ, NOW]


def asking(tools: list[Json] | None = None, **members: Json) -> Call:
    """A request, as the reader gets it."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **members}
    return decode({**body, "tools": tools} if tools else body)


def chunk(delta: Json = None, finish: Json = None, index: int = 0, **members: Json) -> Json:
    """One frame in OpenAI's own shape."""
    choice = {"index": index, "delta": {} if delta is None else delta, "finish_reason": finish}
    return {
        "id": "theirs",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "theirs",
        "choices": [choice],
        **members,
    }


def text(piece: str, **members: Json) -> Json:
    """A frame of text."""
    return chunk({"content": piece}, **members)


def thought(piece: str) -> Json:
    """A frame of thinking."""
    return chunk({"reasoning_content": piece})


def calls(*deltas: Json) -> Json:
    """A frame of tool-call deltas."""
    return chunk({"tool_calls": list(deltas)})


def call(index: Json = 0, name: Json = None, arguments: Json = None, **members: Json) -> Json:
    """A tool-call delta; ``...`` leaves the index out."""
    function = {"name": name, "arguments": arguments}
    entry = {"function": {key: value for key, value in function.items() if value is not None}}
    return {**({} if index is ... else {"index": index}), **members, **entry}


def event(item: Json) -> bytes:
    """One event; bytes are the data as they are."""
    data = item if isinstance(item, bytes) else json.dumps(item).encode()
    return b"data: " + data + b"\n\n"


def sse(*items: Json, end: bytes = DONE) -> bytes:
    """A stream with its end mark."""
    return b"".join(event(item) for item in items) + end


def answer(message: Json, finish: Json = "stop", **members: Json) -> bytes:
    """A whole reply."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = {"id": "theirs", "object": "chat.completion", "choices": [choice], "usage": USAGE}
    return json.dumps({**body, **members}).encode()


class Told(msgspec.Struct):
    """What a reply said, folded, and how a client got it."""

    text: str = ""
    thought: str = ""
    declined: str = ""
    calls: list[tuple[str, str, str]] = []
    """(id, name, arguments), in the order of their indices."""
    order: str = ""
    """What came after what: T text, H thinking, C a call; runs are one letter."""
    finish: str | None = None
    usage: Usage | None = None
    fault: Fault | None = None
    opaque: list[tuple[str, Json]] = []
    written: bytes = b""


def told(
    stream: bytes | list[bytes],
    quirks: Quirks = PLAIN,
    tools: list[Json] | None = None,
    style: Style = STYLE,
    **asked: Json,
) -> Told:
    """Read a stream, in the pieces given, and write it for a client."""
    reader = Reader(quirks, "stem", asking(tools, **asked))
    writer = Writer(style)
    found = Told()
    stops: list[Stop] = []
    frames: list[list[Event]] = []
    for piece in [stream] if isinstance(stream, bytes) else stream:
        frames += reader.feed(piece)
    frames += reader.close()
    written = []
    for events in frames:
        _fold(found, events, stops)
        written.append(writer.frame(events))
    found.fault, found.usage = reader.fault, reader.usage
    if reader.fault is None:
        assert reader.done
        written.append(writer.end(stops, reader.usage or Usage(), None))
    else:
        written.append(writer.error(b'{"error":{"message":"it broke"}}'))
    found.written = b"".join(written)
    return found


def told_whole(
    body: bytes, quirks: Quirks = PLAIN, tools: list[Json] | None = None, **asked: Json
) -> Told:
    """Read a whole reply and write it for a client."""
    reader = Reader(quirks, "stem", asking(tools, **asked))
    found = Told()
    stops: list[Stop] = []
    try:
        events = reader.whole(body)
    except Fault as fault:
        found.fault = fault
        return found
    _fold(found, events, stops)
    found.usage = reader.usage
    found.written = Writer(STYLE).whole(events, reader.usage or Usage(), None)
    return found


def _fold(found: Told, events: list[Event], stops: list[Stop]) -> None:
    for one in events:
        letter = ""
        match one:
            case Text():
                found.text += one.text
                letter = "T"
            case Thought():
                found.thought += one.text
                letter = "H"
            case Declined():
                found.declined += one.text
            case ToolOpen():
                assert one.index == len(found.calls)
                found.calls.append((one.id, one.name, ""))
                letter = "C"
            case ToolArgs():
                name = found.calls[one.index]
                found.calls[one.index] = (name[0], name[1], name[2] + one.text)
            case Stop():
                stops.append(one)
                found.finish = one.reason
            case Opaque():
                found.opaque.append((one.place, one.value))
            case _:
                pass
        if letter and not found.order.endswith(letter):
            found.order += letter


def named(found: Told) -> list[tuple[str, Json]]:
    """The calls with their arguments decoded."""
    return [(name, json.loads(arguments)) for _, name, arguments in found.calls]
