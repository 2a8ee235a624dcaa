"""Events to a client's reply, whole or streamed.

Knows the frames of the stream and the members of a whole result. Refuses to know which part comes
when (``flow``), and who answered: the id and the model's name are ours.
Source: the packages ``@ai-sdk/gateway`` and ``@ai-sdk/provider`` (github.com/vercel/ai). The only
readers of this dialect are those packages, whose line ends are CR and LF alone, so nothing else
is escaped in JSON. ``finish`` is the last part; there is no ``[DONE]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from glimway.wire.aisdk.errors import error_part
from glimway.wire.aisdk.flow import REASONING, TEXT, Flow
from glimway.wire.aisdk.style import Style
from glimway.wire.aisdk.usage import write_metadata, write_usage
from glimway.wire.events import Event, Stop, StopReason, Text, Thought, Usage
from glimway.wire.talk import Json

__all__ = ["FINISH_REASONS", "Style", "Writer"]

_encode = msgspec.json.Encoder().encode

FINISH_REASONS: dict[StopReason, str] = {
    "stop": "stop",
    "length": "length",
    "context": "length",
    "tool_calls": "tool-calls",
    "content_filter": "content-filter",
    "refusal": "content-filter",
    "error": "error",
    "pause": "other",
}
"""Neutral reason -> the SDK's word."""


class Writer:
    """Writes one reply."""

    __slots__ = ("_begun", "_flow", "_head", "_head_of", "_out", "_style")

    def __init__(self, style: Style) -> None:
        self._style = style
        self._out: list[bytes] = []
        self._flow = Flow(style, self._say)
        self._begun = False
        self._head = b""  # what stands before the text of a delta
        self._head_of = ""  # of the block of this id

    # ---- a stream ---------------------------------------------------------------------------

    def frame(self, events: list[Event]) -> bytes:
        """Write the events of one provider frame; Stop and Usage wait for ``end``."""
        if len(events) == 1:
            event = events[0]
            kind = type(event)
            if kind is Text:
                block = self._flow.open_text
            elif kind is Thought and event.signature is None and event.sealed is None:  # type: ignore[union-attr]
                block = self._flow.open_thinking
            else:
                block = ""
            if block and event.text and event.choice == 0:  # type: ignore[union-attr]
                if block != self._head_of:
                    self._prepare(block, TEXT if kind is Text else REASONING)
                return self._head + _encode(event.text) + b"}\n\n"  # type: ignore[union-attr]
        if not self._begun:
            self._begin()
        self._flow.take(events)
        return self._take()

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write the end: blocks and calls that are open, and the part ``finish``.

        Args:
            stops: why it ended.
            usage: the tokens charged.
            cost_usd: what was charged, as JSON digits.
        """
        if not self._begun:
            self._begin()
        stop = _stop(stops, self._flow)
        self._flow.finish(stop.reason)
        self._say({"type": "finish", **_ending(self._style, stop, usage, cost_usd)})
        return self._take()

    def error(self, body: bytes) -> bytes:
        """Write the part ``error``; nothing follows it, least of all ``finish``."""
        return b"data: " + error_part(body) + b"\n\n"

    def _begin(self) -> None:
        self._begun = True
        style = self._style
        self._say({"type": "stream-start", "warnings": style.warnings})
        self._say(
            {
                "type": "response-metadata",
                "id": style.id,
                "modelId": style.model,
                "timestamp": style.timestamp,
            }
        )

    def _prepare(self, block: str, kind: str) -> None:
        self._head_of = block
        head = {"type": f"{kind}-delta", "id": block}
        self._head = b"data: " + _encode(head)[:-1] + b',"delta":'

    def _say(self, part: dict[str, Json]) -> None:
        self._out.append(b"data: " + _encode(part) + b"\n\n")

    def _take(self) -> bytes:
        written = b"".join(self._out)
        self._out.clear()
        return written

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write a whole reply from all its events."""
        style = self._style
        fold = _Fold()
        flow = Flow(style, fold.add)
        flow.take(events)
        stop = _stop(events, flow)
        flow.finish(stop.reason)
        return _encode(
            {
                "content": fold.content(),
                **_ending(style, stop, usage, cost_usd),
                "response": {
                    "id": style.id,
                    "modelId": style.model,
                    "timestamp": style.timestamp,
                },
                "warnings": style.warnings,
            }
        )


def _stop(events: Sequence[Event], flow: Flow) -> Stop:
    """Why the one answer of this dialect ended. Some dialects call a refusal in words a usual end,
    since its words have a place of their own; they have none here."""
    stop = next((e for e in events if isinstance(e, Stop) and e.choice == 0), Stop("stop"))
    if flow.declined and stop.reason == "stop":
        return Stop("refusal", raw=stop.raw)
    return stop


def _ending(style: Style, stop: Stop, usage: Usage, cost_usd: bytes | None) -> dict[str, Json]:
    """The members that the last part of a stream and a whole result share."""
    reason: dict[str, Json] = {"unified": FINISH_REASONS[stop.reason]}
    if stop.raw is not None:
        reason["raw"] = stop.raw
    return {
        "finishReason": reason,
        "usage": write_usage(usage, cost_usd),
        "providerMetadata": write_metadata(style.id, cost_usd),
    }


class _Fold:
    """The content of a whole result, from the parts of a stream."""

    __slots__ = ("_content", "_open", "_texts")

    def __init__(self) -> None:
        self._content: list[dict[str, Any]] = []
        self._open: dict[str, Any] = {}
        self._texts: list[str] = []

    def add(self, part: dict[str, Json]) -> None:
        """Take the next part."""
        kind, _, step = part["type"].partition("-")
        if kind in (TEXT, REASONING):
            if step == "start":
                # Its place is here, whatever comes before it ends (sources do).
                self._open = {"type": kind, "text": ""}
                self._content.append(self._open)
                self._texts = []
            elif step == "delta":
                self._texts.append(part["delta"])
            else:
                more = {name: part[name] for name in part if name not in ("type", "id")}
                self._open |= {"text": "".join(self._texts), **more}
        elif part["type"] in ("tool-call", "source"):
            self._content.append(part)

    def content(self) -> list[dict[str, Any]]:
        """All of it."""
        return self._content
