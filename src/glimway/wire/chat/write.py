"""Events to a client's chat reply, whole or streamed.

Knows the grammar that strict clients expect: role once, ``finish_reason`` null until the end,
tool names whole and once, usage where the mount puts it, one ``[DONE]``. Refuses to know who
answered: the id and the model's name are ours on every frame.

Text and thinking of one choice are by far the most frequent frames; they are written from
prepared halves around the JSON string, everything else through dicts.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glimway.wire.chat.usage import write_usage
from glimway.wire.talk import (
    Declined,
    Event,
    Json,
    Opaque,
    Start,
    Stop,
    StopReason,
    Text,
    Thought,
    ToolArgs,
    ToolOpen,
    Usage,
)

_encode = msgspec.json.Encoder().encode

FINISH_REASONS: dict[StopReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "stop",
    "pause": "stop",
    "error": "stop",
    "context": "length",
}
"""Neutral reason -> OpenAI's word (``model_context_window_exceeded`` is a kind of ``length``)."""

DONE = b"data: [DONE]\n\n"


class Style(msgspec.Struct, frozen=True):
    """How a mount wants its chat replies.

    ``usage``: ``off`` = not in streams; ``last`` = in a last frame with empty ``choices``;
    ``finish`` = in the frame of ``finish_reason``. ``usage_null``: frames before the usage frame
    carry ``usage: null``. ``reasoning_too``: thinking also under the name ``reasoning``.
    """

    id: str
    model: str
    created: int
    usage: Literal["off", "last", "finish"] = "last"
    usage_null: bool = False
    reasoning_too: bool = False


class Writer:
    """Writes one reply."""

    __slots__ = ("_head", "_mid", "_roles", "_style", "_tail", "_thought_mid")

    def __init__(self, style: Style) -> None:
        self._style = style
        self._roles: set[int] = set()
        self._head = b""  # prepared by the first frame of a stream

    def _prepare(self) -> None:
        style = self._style
        head = {
            "id": style.id,
            "object": "chat.completion.chunk",
            "created": style.created,
            "model": style.model,
        }
        self._head = b"data: " + _encode(head)[:-1]
        self._mid = self._head + b',"choices":[{"index":0,"delta":{"content":'
        self._thought_mid = self._head + b',"choices":[{"index":0,"delta":{"reasoning_content":'
        self._tail = b'},"finish_reason":null}]' + (
            b',"usage":null}\n\n' if style.usage_null else b"}\n\n"
        )

    # ---- a stream ---------------------------------------------------------------------------

    def frame(self, events: list[Event]) -> bytes:
        """Write the events of one provider frame; Stop and Usage wait for ``end``."""
        if not self._head:
            self._prepare()
        if len(events) == 1 and 0 in self._roles:
            event = events[0]
            kind = type(event)
            if kind is Text and event.choice == 0:  # type: ignore[union-attr]
                return self._mid + _encode(event.text) + self._tail  # type: ignore[union-attr]
            if kind is Thought and event.choice == 0 and not self._style.reasoning_too:  # type: ignore[union-attr]
                return self._thought_mid + _encode(event.text) + self._tail  # type: ignore[union-attr]
        return self._general(events)

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write the end: finish reasons, usage where the mount has it, ``[DONE]``.

        Args:
            stops: one for each choice.
            usage: the tokens charged.
            cost_usd: what was charged, as JSON digits.
        """
        if not self._head:
            self._prepare()
        out = []
        written = write_usage(usage, cost_usd) if self._style.usage != "off" else None
        for at, stop in enumerate(stops):
            out.append(self._role(stop.choice))
            members: dict[str, Json] = {}
            if self._style.usage == "finish" and at == len(stops) - 1:
                members["usage"] = written
            out.append(
                self._choice_frame(stop.choice, {}, FINISH_REASONS[stop.reason], {}, members)
            )
        if self._style.usage == "last":
            out.append(self._head + b',"choices":[],"usage":' + _encode(written) + b"}\n\n")
        out.append(DONE)
        return b"".join(out)

    def error(self, body: bytes) -> bytes:
        """Write the dialect's error event; nothing follows it, least of all ``[DONE]``."""
        return b"data: " + body + b"\n\n"

    def _general(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        deltas: dict[int, dict[str, Any]] = {}
        choices: dict[int, dict[str, Json]] = {}
        members: dict[str, Json] = {}
        for event in events:
            kind = type(event)
            if kind is Start or kind is Stop or kind is Usage:
                continue
            if kind is Opaque:
                self._opaque(event, deltas, choices, members)  # type: ignore[arg-type]
                continue
            index: int = event.choice  # type: ignore[union-attr]
            delta = deltas.setdefault(index, {})
            if not _put(delta, event, reasoning_too=self._style.reasoning_too):
                self._flush(out, deltas, choices, {})
                _put(deltas.setdefault(index, {}), event, reasoning_too=self._style.reasoning_too)
        self._flush(out, deltas, choices, members)
        return b"".join(out)

    def _opaque(
        self,
        event: Opaque,
        deltas: dict[int, dict[str, Any]],
        choices: dict[int, dict[str, Json]],
        members: dict[str, Json],
    ) -> None:
        if event.place == "frame":
            members.update(event.value)
        elif event.place == "choice":
            choices.setdefault(event.choice, {}).update(event.value)
            deltas.setdefault(event.choice, {})
        else:
            deltas.setdefault(event.choice, {}).update(event.value)

    def _flush(
        self,
        out: list[bytes],
        deltas: dict[int, dict[str, Any]],
        choices: dict[int, dict[str, Json]],
        members: dict[str, Json],
    ) -> None:
        for index, delta in deltas.items():
            out.append(self._role(index))
            out.append(self._choice_frame(index, delta, None, choices.get(index, {}), members))
        deltas.clear()
        choices.clear()

    def _role(self, choice: int) -> bytes:
        if choice in self._roles:
            return b""
        self._roles.add(choice)
        return self._choice_frame(choice, {"role": "assistant", "content": ""}, None, {}, {})

    def _choice_frame(
        self,
        index: int,
        delta: dict[str, Any],
        finish: str | None,
        choice: dict[str, Json],
        members: dict[str, Json],
    ) -> bytes:
        entry = {"index": index, "delta": delta, **choice, "finish_reason": finish}
        rest: dict[str, Json] = {"choices": [entry], **members}
        if self._style.usage_null and "usage" not in rest:
            rest["usage"] = None
        return self._head + b"," + _encode(rest)[1:] + b"\n\n"

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write a whole reply from all its events."""
        style = self._style
        messages: dict[int, dict[str, Any]] = {}
        choices: dict[int, dict[str, Json]] = {}
        members: dict[str, Json] = {}
        stops: dict[int, StopReason] = {}
        for event in events:
            kind = type(event)
            if kind is Opaque:
                self._opaque(event, messages, choices, members)  # type: ignore[arg-type]
            elif kind is Stop:
                stops[event.choice] = event.reason  # type: ignore[union-attr]
                messages.setdefault(event.choice, {})  # type: ignore[union-attr]
            elif kind is not Start and kind is not Usage:
                _grow(
                    messages.setdefault(event.choice, {}), event, reasoning_too=style.reasoning_too
                )  # type: ignore[union-attr]
        entries = [
            {
                "index": index,
                "message": _message(message),
                **choices.get(index, {}),
                "finish_reason": FINISH_REASONS[stops.get(index, "stop")],
            }
            for index, message in sorted(messages.items())
        ]
        return _encode(
            {
                "id": style.id,
                "object": "chat.completion",
                "created": style.created,
                "model": style.model,
                "choices": entries,
                **members,
                "usage": write_usage(usage, cost_usd),
            }
        )


def _put(delta: dict[str, Any], event: Event, *, reasoning_too: bool) -> bool:
    """Add one event to a delta; False when it needs a frame of its own."""
    kind = type(event)
    if kind is ToolOpen or kind is ToolArgs:
        calls = delta.setdefault("tool_calls", [])
        _put_call(calls, event)
        return True
    name = _MEMBERS[kind]
    if name in delta:
        return False
    delta[name] = event.text  # type: ignore[union-attr]
    if kind is Thought and reasoning_too:
        delta["reasoning"] = event.text  # type: ignore[union-attr]
    return True


_MEMBERS: dict[type, str] = {Text: "content", Thought: "reasoning_content", Declined: "refusal"}


def _put_call(calls: list[dict[str, Any]], event: Any) -> None:
    if type(event) is ToolOpen:
        inner = {"name": event.name, "arguments" if event.kind == "function" else "input": ""}
        calls.append(
            {
                "index": event.index,
                "id": event.id,
                "type": event.kind,
                "function" if event.kind == "function" else "custom": inner,
            }
        )
        return
    for call in calls:
        if call["index"] == event.index:
            inner = call.get("function") or call["custom"]
            name = "arguments" if "arguments" in inner else "input"
            inner[name] += event.text
            return
    calls.append({"index": event.index, "function": {"arguments": event.text}})


def _grow(message: dict[str, Any], event: Event, *, reasoning_too: bool) -> None:
    """Add one event to a whole message; pieces are lists until ``_message`` joins them."""
    kind = type(event)
    if kind is ToolOpen or kind is ToolArgs:
        _put_call(message.setdefault("tool_calls", []), event)
        return
    name = _MEMBERS[kind]
    message.setdefault(name, []).append(event.text)  # type: ignore[union-attr]
    if kind is Thought and reasoning_too:
        message.setdefault("reasoning", []).append(event.text)  # type: ignore[union-attr]


_JOINED = ("content", "reasoning_content", "reasoning", "refusal")


def _message(grown: dict[str, Any]) -> dict[str, Json]:
    message: dict[str, Json] = {"role": "assistant", "content": None}
    for name, value in grown.items():
        message[name] = "".join(value) if name in _JOINED and type(value) is list else value
    for call in message.get("tool_calls", ()):
        del call["index"]
    if message["content"] is None and "tool_calls" not in message:
        message["content"] = ""
    return message
