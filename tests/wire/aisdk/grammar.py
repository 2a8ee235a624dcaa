"""The grammar of a clean stream of the AI SDK, as its types and its own readers have it.

Knows which part may follow which, which members each may have, and that the last one is
``finish`` or ``error``. Refuses to know what was asked.
Source: ``LanguageModelV3StreamPart`` and ``LanguageModelV4StreamPart`` of ``@ai-sdk/provider``,
and ``streamText`` of ``ai``, which rejects a piece of a block that is not open.
"""

from __future__ import annotations

import json
from typing import Any

from glimway.wire.sse import Cutter

Json = Any

_META = "providerMetadata"
_PARTS: dict[str, tuple[set[str], set[str]]] = {
    "stream-start": ({"warnings"}, set()),
    "response-metadata": ({"id", "modelId", "timestamp"}, set()),
    "text-start": ({"id"}, {_META}),
    "text-delta": ({"id", "delta"}, {_META}),
    "text-end": ({"id"}, {_META, "citations"}),
    "reasoning-start": ({"id"}, {_META}),
    "reasoning-delta": ({"id", "delta"}, {_META}),
    "reasoning-end": ({"id"}, {_META}),
    "tool-input-start": ({"id", "toolName"}, {_META, "inputEncoding"}),
    "tool-input-delta": ({"id", "delta"}, {_META}),
    "tool-input-end": ({"id"}, {_META}),
    "tool-call": ({"toolCallId", "toolName", "input"}, {_META}),
    "source": ({"sourceType", "id", "url"}, {_META, "title"}),
    "finish": ({"finishReason", "usage", _META}, set()),
    "error": ({"error"}, set()),
}
"""Type of a part -> the members that it must and may have."""
_ONLY_4 = {"citations", "inputEncoding"}
_REASONS = {"stop", "length", "content-filter", "tool-calls", "error", "other"}


def parts_of(stream: bytes) -> list[Json]:
    """The parts of a stream; every frame is plain data."""
    parts = []
    cutter = Cutter()
    for event, data in cutter.feed(stream):
        assert event == b"", "this dialect has no event lines"
        parts.append(json.loads(data))
    assert not cutter.close()
    return parts


def check_stream(stream: bytes, version: str = "4") -> list[Json]:
    """A whole stream that ended well or with an error."""
    parts = parts_of(stream)
    assert parts
    assert parts[-1]["type"] in ("finish", "error")
    kinds = [part["type"] for part in parts]
    assert kinds.count("finish") + kinds.count("error") == 1
    if kinds != ["error"]:
        assert kinds[:2] == ["stream-start", "response-metadata"]
        assert kinds.count("stream-start") == kinds.count("response-metadata") == 1
    walk = _Walk()
    for part in parts:
        _members(part, version)
        walk.step(part)
    if kinds[-1] == "finish":
        assert not walk.block, "a block was left open"
        assert not walk.inputs, "a tool input was left open"
        check_ending(parts[-1])
    return parts


def _members(part: Json, version: str) -> None:
    must, may = _PARTS[part["type"]]
    names = set(part) - {"type"}
    assert must <= names <= must | may, part
    assert version == "4" or not names & _ONLY_4, part


class _Walk:
    """What is open at a place in the stream."""

    def __init__(self) -> None:
        self.block = ""
        self.inputs: dict[str, tuple[str, list[str]]] = {}
        self._seen: set[str] = set()
        self._ended: dict[str, str] = {}
        self._said: set[str] = set()

    def step(self, part: Json) -> None:
        kind, _, step = part["type"].partition("-")
        if kind in ("text", "reasoning"):
            self._block(f"{kind} {part['id']}", part, step)
        elif part["type"].startswith("tool-input"):
            self._input(part, part["type"].removeprefix("tool-input-"))
        elif part["type"] == "tool-call":
            call_id = part["toolCallId"]
            assert self._ended[call_id] == part["toolName"]
            assert call_id not in self._said, "a call was said twice"
            self._said.add(call_id)
            json.loads(part["input"])
        elif part["type"] == "source":
            self._new(f"source {part['id']}")
            self._new(f"url {part['url']}")

    def _new(self, name: str) -> None:
        assert name not in self._seen, f"{name} comes twice"
        self._seen.add(name)

    def _block(self, name: str, part: Json, step: str) -> None:
        if step == "start":
            assert not self.block, "two blocks are open"
            self._new(name)
            self.block = name
            return
        assert self.block == name, "a piece of a block that is not open"
        if step == "delta":
            assert part["delta"], "an empty piece"
        else:
            self.block = ""

    def _input(self, part: Json, step: str) -> None:
        call_id = part["id"]
        if step == "start":
            assert part["toolName"]
            self._new(f"call {call_id}")
            self.inputs[call_id] = (part["toolName"], [])
        elif step == "delta":
            assert part["delta"], "an empty piece"
            self.inputs[call_id][1].append(part["delta"])
        else:
            self._ended[call_id] = self.inputs.pop(call_id)[0]


def check_ending(ending: Json) -> None:
    """Finish reason, usage and metadata, of a stream or of a whole result."""
    reason = ending["finishReason"]
    assert reason["unified"] in _REASONS
    assert set(reason) <= {"unified", "raw"}
    usage = ending["usage"]
    inside, outside = usage["inputTokens"], usage["outputTokens"]
    assert set(inside) == {"total", "noCache", "cacheRead", "cacheWrite"}
    assert set(outside) == {"total", "text", "reasoning"}
    for count in (*inside.values(), *outside.values()):
        assert type(count) is int
        assert count >= 0
    gateway = ending["providerMetadata"]["gateway"]
    assert gateway["generationId"].startswith("gen_")
    assert ("cost" in usage) == ("cost" in gateway) == ("cost" in usage["raw"])
    if "cost" in usage:
        assert usage["cost"] == usage["estimated_cost"] == float(gateway["cost"])


def check_result(body: bytes, version: str = "4") -> Json:
    """A whole result."""
    result = json.loads(body)
    for entry in result["content"]:
        if entry["type"] in ("text", "reasoning"):
            may = {"citations"} if entry["type"] == "text" and version == "4" else set()
            assert {"type", "text"} <= set(entry) <= {"type", "text", _META} | may
        else:
            assert entry["type"] in ("tool-call", "source")
            _members(entry, version)
    assert set(result["response"]) == {"id", "modelId", "timestamp"}
    assert type(result["warnings"]) is list
    check_ending(result)
    return result


def told(parts: list[Json]) -> list[Json]:
    """The content that a stream tells, as a whole result has it."""
    content: list[Json] = []
    for part in parts:
        kind, _, step = part["type"].partition("-")
        if kind in ("text", "reasoning"):
            if step == "start":
                content.append({"type": kind, "text": "", "id": part["id"]})
                continue
            entry = next(one for one in content if one.get("id") == part["id"])
            if step == "delta":
                entry["text"] += part["delta"]
            else:
                entry |= {k: v for k, v in part.items() if k not in ("type", "id")}
        elif part["type"] in ("tool-call", "source"):
            content.append(part)
    return [{k: v for k, v in e.items() if k != "id" or e["type"] == "source"} for e in content]
