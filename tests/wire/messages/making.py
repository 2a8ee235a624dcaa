"""What tests of the Messages dialect are made of: bodies, streams of a host, and both ends joined.

Knows how a host's stream looks. Refuses to check anything.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from glimway.wire.body import decode_object
from glimway.wire.events import Event, Stop, Usage
from glimway.wire.messages.outgoing import encode
from glimway.wire.messages.read import Reader
from glimway.wire.messages.request import decode
from glimway.wire.messages.style import Style
from glimway.wire.messages.write import Writer
from glimway.wire.quirks import Quirks
from glimway.wire.talk import Call

Json = Any

PLAIN = Quirks()
USED = Usage(input=30, output=8, cached=20, cache_write=2, reasoning=3)
HELLO = [{"role": "user", "content": "Hello"}]
OURS = Call("m", [], "messages")
OTHERS = Call("m", [], "chat")


def body(**members: Json) -> dict[str, Json]:
    """A request with these members."""
    return {"model": "m", "max_tokens": 64, "messages": HELLO, **members}


def read(**members: Json) -> Call:
    """The call that a request with these members is."""
    return decode(decode_object(json.dumps(body(**members)).encode()), [])


def sent(call: Call, quirks: Quirks = PLAIN, model: str = "theirs") -> Json:
    """What a host gets."""
    return json.loads(encode(call, quirks, model).body)


def adjusted(call: Call, quirks: Quirks = PLAIN) -> tuple[str, ...]:
    """What had to be changed for a host."""
    return encode(call, quirks, "theirs").adjusted


def style(**members: Any) -> Style:
    """A style for tests."""
    return Style(**{"id": "msg_1", "model": "zai/m", "prompt_tokens": 11, **members})


def seal(text: str) -> str:
    """No secret, but not readable either."""
    return base64.urlsafe_b64encode(text.encode()[::-1]).decode()


def unseal(token: str) -> str | None:
    """The opposite of ``seal``."""
    try:
        return base64.urlsafe_b64decode(token)[::-1].decode()
    except ValueError:
        return None


# ---- a host's stream ------------------------------------------------------------------------


def sse(*events: Json) -> bytes:
    """Events as a host sends them."""
    return b"".join(
        f"event: {one['type']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n".encode()
        for one in events
    )


def start(**members: Json) -> Json:
    """``message_start``."""
    message = {
        "id": "msg_theirs",
        "type": "message",
        "role": "assistant",
        "model": "theirs-1",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 8, "cache_read_input_tokens": 20, "output_tokens": 1},
        **members,
    }
    return {"type": "message_start", "message": message}


def begin(index: int, **block: Json) -> Json:
    """``content_block_start``."""
    return {"type": "content_block_start", "index": index, "content_block": block}


def grow(index: int, kind: str, **delta: Json) -> Json:
    """``content_block_delta``."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **delta}}


def stop(index: int) -> Json:
    """``content_block_stop``."""
    return {"type": "content_block_stop", "index": index}


def text(index: int, *pieces: str) -> list[Json]:
    """A whole block of text."""
    deltas = [grow(index, "text_delta", text=piece) for piece in pieces]
    return [begin(index, type="text", text=""), *deltas, stop(index)]


def thinking(index: int, *pieces: str, signature: str = "sig") -> list[Json]:
    """A whole block of thinking."""
    deltas = [grow(index, "thinking_delta", thinking=piece) for piece in pieces]
    signed = [grow(index, "signature_delta", signature=signature)] if signature else []
    first = begin(index, type="thinking", thinking="", signature="")
    return [first, *deltas, *signed, stop(index)]


def tool(index: int, *pieces: str, name: str = "f", call_id: str = "toolu_1") -> list[Json]:
    """A whole call of a tool."""
    deltas = [grow(index, "input_json_delta", partial_json=piece) for piece in pieces]
    first = begin(index, type="tool_use", id=call_id, name=name, input={})
    return [first, *deltas, stop(index)]


def end(reason: str | None = "end_turn", sequence: str | None = None, **usage: Json) -> list[Json]:
    """``message_delta`` and ``message_stop``."""
    delta = {"stop_reason": reason, "stop_sequence": sequence}
    counts = {"output_tokens": 8, **usage}
    return [{"type": "message_delta", "delta": delta, "usage": counts}, {"type": "message_stop"}]


def reply(*content: Json, reason: str | None = "end_turn", **members: Json) -> bytes:
    """A whole reply."""
    message = {**start()["message"], "content": list(content), "stop_reason": reason, **members}
    return json.dumps(message).encode()


# ---- what is read of it ---------------------------------------------------------------------


def told(stream: bytes, call: Call = OTHERS, quirks: Quirks = PLAIN) -> tuple[list[Event], Reader]:
    """All events of a stream, and the reader at its end."""
    reader = Reader(quirks, "stem", call)
    frames = reader.feed(stream) + reader.close()
    return [event for events in frames for event in events], reader


def passed(stream: bytes, how: Style | None = None) -> bytes:
    """What a client of this dialect gets for a host's stream."""
    reader = Reader(PLAIN, "stem", OURS)
    writer = Writer(how or style())
    frames = reader.feed(stream) + reader.close()
    assert reader.fault is None, reader.fault
    out = b"".join(writer.frame(events) for events in frames)
    stops = [one for events in frames for one in events if isinstance(one, Stop)]
    assert reader.usage is not None
    return out + writer.end(stops, reader.usage, None)


def written(
    frames: Iterable[list[Event]], *stops: Stop, how: Style | None = None, usage: Usage = USED
) -> bytes:
    """What a client gets for these frames."""
    writer = Writer(how or style())
    out = b"".join(writer.frame(events) for events in frames)
    return out + writer.end(list(stops) or [Stop("stop")], usage, None)
