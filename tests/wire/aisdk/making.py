"""Requests and replies of the AI SDK to make.

Knows the headers and the smallest body. Refuses to judge.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.aisdk import AISDK_CLIENT
from glimway.wire.aisdk.style import Style, style_of
from glimway.wire.aisdk.write import Writer
from glimway.wire.events import Event, Stop, Usage
from glimway.wire.talk import Call

Json = Any

USED = Usage(10, 7, cached=3, cache_write=2, reasoning=4)
COST = b"0.00000125"
PROMPT: list[Json] = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def headers(
    model: str | None = "zai/glm-4.7", streaming: str | None = None, version: str | None = "4"
) -> list[tuple[bytes, bytes]]:
    """The headers of a request; None leaves one out."""
    named = {
        "ai-language-model-id": model,
        "ai-language-model-streaming": streaming,
        "ai-language-model-specification-version": version,
    }
    told = [(name.encode(), value.encode()) for name, value in named.items() if value is not None]
    return [(b"authorization", b"Bearer k"), *told]


def asking(version: str = "4", model: str = "zai/glm-4.7", **members: Json) -> Call:
    """A call, as a client asked it."""
    body = {"prompt": PROMPT, **members}
    return AISDK_CLIENT.decode(body, headers(model=model, version=version))


def saying(*parts: Json, role: str = "user") -> Json:
    """A prompt of one message."""
    return [{"role": role, "content": list(parts)}]


def style(version: str = "4", **members: Json) -> Style:
    """How the reply to a request is written."""
    return style_of(asking(version, **members), "gen_01ours", 1_700_000_000)


def streamed(frames: list[list[Event]], stop: Stop | None = None, version: str = "4") -> bytes:
    """A stream of frames, to its end."""
    writer = Writer(style(version))
    written = b"".join([writer.frame(events) for events in frames])
    return written + writer.end([stop or Stop("stop", raw="stop")], USED, COST)
