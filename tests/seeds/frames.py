"""What a client may rely on in a streamed chat answer, checked frame by frame.

Knows the grammar that public programs expect: one id on every frame, the role once and first,
``finish_reason`` only at the end, usage where the mount puts it, one ``[DONE]``. Refuses to know
who sent the frames: text of curl, lines of a program and chunks of a library are all the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]

UsagePlace = Literal["never", "last", "finish"]
"""Not at all; in a last frame of its own with ``usage: null`` before; in the finish frame."""


@dataclass
class Streamed:
    """One choice of a streamed answer, put together again."""

    id: str
    created: int
    text: str = ""
    thought: str = ""
    finish: str = ""
    calls: list[Json] = field(default_factory=list)
    usage: Json | None = None
    pieces: int = 0
    """Frames that carried text."""


def frames_of(text: str) -> list[Json]:
    """The frames of an event stream as text, which must end properly and hold nothing else."""
    assert text.endswith("data: [DONE]\n\n"), text[-200:]
    blocks = text.removesuffix("data: [DONE]\n\n").split("\n\n")
    assert blocks.pop() == ""
    return [_frame(block) for block in blocks if not block.startswith(":")]


def frames_of_lines(text: str) -> list[Json]:
    """The frames as a program prints them that leaves empty lines out."""
    lines = text.splitlines()
    assert lines.pop() == "data: [DONE]"
    return [_frame(line) for line in lines if not line.startswith(":")]


def read(frames: Sequence[Json], model: str, usage: UsagePlace = "never") -> Streamed:
    """Put the only choice together; every frame is checked on the way.

    Args:
        frames: all but ``[DONE]``.
        model: the name that was asked.
        usage: where usage must be.
    """
    first = frames[0]
    streamed = Streamed(first["id"], first["created"])
    assert streamed.id.startswith("chatcmpl-")
    rest = list(frames)
    if usage == "last":
        last = rest.pop()
        assert last["choices"] == []
        streamed.usage = last["usage"]
    for frame in frames:
        assert frame["object"] == "chat.completion.chunk"
        assert frame["id"] == streamed.id
        assert frame["created"] == streamed.created
        assert frame["model"] == model
    for at, frame in enumerate(rest):
        ends = at == len(rest) - 1
        if usage == "last":
            assert frame["usage"] is None
        elif usage == "finish" and ends:
            streamed.usage = frame["usage"]
        else:
            assert "usage" not in frame
        (choice,) = frame["choices"]
        _choice(choice, streamed, begins=at == 0, ends=ends)
    assert (streamed.usage is None) == (usage == "never")
    return streamed


def _choice(choice: Json, streamed: Streamed, *, begins: bool, ends: bool) -> None:
    assert choice["index"] == 0
    assert (choice["finish_reason"] is not None) == ends
    streamed.finish = choice["finish_reason"] or ""
    delta = choice["delta"]
    assert ("role" in delta) == begins
    assert delta.get("role", "assistant") == "assistant"
    assert None not in delta.values()
    text = delta.get("content", "")
    streamed.text += text
    streamed.pieces += bool(text)
    streamed.thought += delta.get("reasoning_content", "")
    for call in delta.get("tool_calls", ()):
        _call(call, streamed.calls)


def _call(piece: Json, calls: list[Json]) -> None:
    if piece["index"] == len(calls):
        assert piece["id"]
        assert piece["type"] == "function"
        assert piece["function"]["name"]
        calls.append({"id": piece["id"], "name": piece["function"]["name"], "arguments": ""})
    else:
        assert piece["index"] == len(calls) - 1, "calls come one after the other"
        assert not {"id", "type"} & piece.keys()
        assert "name" not in piece["function"]
    calls[-1]["arguments"] += piece["function"]["arguments"]


def _frame(block: str) -> Json:
    assert block.startswith("data: "), block
    assert "\n" not in block, block
    frame: Json = json.loads(block.removeprefix("data: "))
    return frame
