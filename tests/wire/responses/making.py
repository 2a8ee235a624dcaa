"""Provider streams to make, and what becomes of them between reader and writer.

Knows how to spell events as hosts do, to send them through Reader and Writer, and to fold events.
Refuses to judge: ``grammar`` does that.
"""

from __future__ import annotations

import json
from typing import Any

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
from glimway.wire.responses import RESPONSES_CLIENT, RESPONSES_PROVIDER
from glimway.wire.responses.read import Reader
from glimway.wire.responses.style import Style, style_of
from glimway.wire.responses.write import Writer
from glimway.wire.talk import Call

Json = Any

PLAIN = Quirks()
USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 12,
}
USED = Usage(7, 5, cached=2, reasoning=3)


def seal(text: str) -> str:
    """A seal that is no cryptography."""
    return "<" + text[::-1] + ">"


def unseal(token: str) -> str | None:
    """What ``seal`` sealed; None: not that."""
    return token[1:-1][::-1] if token[:1] == "<" and token[-1:] == ">" else None


def asking(**members: Json) -> Call:
    """A call, as a client asked it."""
    return RESPONSES_CLIENT.decode({"model": "glm-4.7", "input": "Hi", **members}, [])


def style(**members: Json) -> Style:
    """How the reply to a request of these members is written."""
    return style_of(asking(**members), "resp_01ours", 1_700_000_000, seal=seal)


def sse(*events: Json, done: bool = False) -> bytes:
    """A stream of events, each with its name, as OpenAI writes them."""
    out = []
    for number, event in enumerate(events):
        data = json.dumps({"sequence_number": number, **event})
        out.append(f"event: {event['type']}\ndata: {data}\n\n")
    return ("".join(out) + ("data: [DONE]\n\n" if done else "")).encode()


def response(status: str = "completed", output: Json = (), **members: Json) -> Json:
    """A response object."""
    usage = USAGE if status in ("completed", "incomplete") else None
    head = {"id": "resp_theirs", "object": "response", "model": "glm-up", "status": status}
    return {**head, "output": list(output), "usage": usage, **members}


def created() -> Json:
    """The first event."""
    return {"type": "response.created", "response": response("in_progress")}


def completed(*output: Json, status: str = "completed", **members: Json) -> Json:
    """The last event."""
    return {"type": f"response.{status}", "response": response(status, output, **members)}


def added(index: int, item: Json) -> Json:
    """An item begins."""
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, item: Json) -> Json:
    """An item ends."""
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def about(kind: str, item_id: str, index: int, **members: Json) -> Json:
    """An event about an item."""
    return {"type": f"response.{kind}", "item_id": item_id, "output_index": index, **members}


def message(text: str = "", item_id: str = "msg_1", **members: Json) -> Json:
    """A message item."""
    content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    head = {"id": item_id, "type": "message", "role": "assistant", "content": content}
    return {**head, "status": "completed", **members}


def function(arguments: str = "", item_id: str = "fc_1", **members: Json) -> Json:
    """A function call item."""
    head = {"id": item_id, "type": "function_call", "call_id": "call_1", "name": "get_weather"}
    return {**head, "arguments": arguments, "status": "completed", **members}


def text_stream(*pieces: str) -> list[Json]:
    """All events of an answer of one message."""
    whole = "".join(pieces)
    at = {"content_index": 0}
    return [
        created(),
        added(0, message()),
        about("content_part.added", "msg_1", 0, **at, part={"type": "output_text", "text": ""}),
        *(about("output_text.delta", "msg_1", 0, **at, delta=piece) for piece in pieces),
        about("output_text.done", "msg_1", 0, **at, text=whole),
        done(0, message(whole)),
        completed(message(whole)),
    ]


class Folded:
    """What events said, their pieces joined."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.text = "".join(e.text for e in events if isinstance(e, Text))
        thoughts = [e for e in events if isinstance(e, Thought)]
        self.summary = "".join(e.text for e in thoughts if e.summary)
        self.thought = "".join(e.text for e in thoughts if not e.summary)
        self.sealed = [e.sealed for e in thoughts if e.sealed]
        self.refusal = "".join(e.text for e in events if isinstance(e, Declined))
        self.stops = [e.reason for e in events if isinstance(e, Stop)]
        self.opaque = [e for e in events if isinstance(e, Opaque)]
        self.calls: list[list[str]] = []
        for event in events:
            if isinstance(event, ToolOpen):
                self.calls.append([event.id, event.name, ""])
            elif isinstance(event, ToolArgs):
                self.calls[event.index][2] += event.text


class Told(Folded):
    """What a stream said.

    Args:
        stream: the bytes of a provider.
        cut: how many bytes come at once; 0: all.
        quirks: the host's.
    """

    def __init__(self, stream: bytes, cut: int = 0, quirks: Quirks = PLAIN) -> None:
        reader = Reader(quirks, "stem")
        self.frames: list[list[Event]] = []
        size = cut or max(1, len(stream))
        for at in range(0, len(stream), size):
            self.frames += reader.feed(stream[at : at + size])
        self.frames += reader.close()
        self.reader = reader
        self.fault: Fault | None = reader.fault
        super().__init__([event for frame in self.frames for event in frame])


class Whole(Folded):
    """What a whole reply said."""

    def __init__(self, body: Json, quirks: Quirks = PLAIN) -> None:
        self.reader = Reader(quirks, "stem")
        super().__init__(self.reader.whole(json.dumps(body).encode()))


def written(style: Style, *frames: list[Event], stop: Any = "stop") -> bytes:
    """What a client gets of these frames."""
    writer = Writer(style)
    out = b"".join(writer.frame(events) for events in frames)
    return out + writer.end([Stop(stop)], USED, b"0.00012")


def through(stream: bytes, style: Style) -> bytes:
    """What a client gets of a provider's stream."""
    told = Told(stream)
    assert told.fault is None, told.fault
    writer = Writer(style)
    out = b"".join(writer.frame(events) for events in told.frames)
    stops = [event for event in told.events if isinstance(event, Stop)]
    return out + writer.end(stops, told.reader.usage or USED, None)


def encoded(call: Call, quirks: Quirks = PLAIN, model: str = "up") -> Json:
    """The body that a provider gets."""
    return json.loads(RESPONSES_PROVIDER.encode(call, quirks, model).body)
