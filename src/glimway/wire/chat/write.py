"""Events to a client's chat reply, whole or streamed.

Knows the grammar that strict clients expect: role once, ``finish_reason`` null until the end,
tool names whole and once, usage where the mount puts it, one ``[DONE]``. Refuses to know who
answered: the id and the model's name are ours on every frame.

Text and thinking of one choice are by far the most frequent frames; they are written from
prepared halves around the JSON string, everything else through dicts.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.chat.deltas import finished, grow, put
from glimway.wire.chat.style import FINISH_REASONS, Style
from glimway.wire.chat.usage import write_usage
from glimway.wire.chat.usual import write_usual
from glimway.wire.events import Event, Opaque, Start, Stop, StopReason, Text, Thought, Usage
from glimway.wire.sse import encoded, in_one_line
from glimway.wire.talk import Json

__all__ = ["DONE", "FINISH_REASONS", "Style", "Writer"]


DONE = b"data: [DONE]\n\n"


class Writer:
    """Writes one reply."""

    __slots__ = (
        "_head",
        "_later",
        "_later_choices",
        "_mid",
        "_roles",
        "_style",
        "_tail",
        "_thought_mid",
    )

    def __init__(self, style: Style) -> None:
        self._style = style
        self._head = b""  # prepared by the first frame of a stream, as all else

    def _prepare(self) -> None:
        style = self._style
        self._roles: set[int] = set()
        # Unknown members that came without anything to say: they ride on the next frame.
        self._later: dict[str, Json] = {}
        self._later_choices: dict[int, dict[str, Json]] = {}
        head = {
            "id": style.id,
            "object": "chat.completion.chunk",
            "created": style.created,
            "model": style.model,
        }
        self._head = b"data: " + encoded(head)[:-1]
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
                return self._mid + encoded(event.text) + self._tail  # type: ignore[union-attr]
            if kind is Thought and event.choice == 0 and event.text:  # type: ignore[union-attr]
                text = encoded(event.text)  # type: ignore[union-attr]
                if self._style.reasoning_too:
                    text += b',"reasoning":' + text
                return self._thought_mid + text + self._tail
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
        style, last = self._style, len(stops) - 1
        written = write_usage(usage, cost_usd) if style.usage != "off" else None
        out = []
        for at, stop in enumerate(stops):
            out.append(self._role(stop.choice))
            members: dict[str, Json] = {}
            if at == last and style.usage != "last":
                members = self._later
                if style.usage == "finish":
                    members = {**members, "usage": written}
            extra = self._later_choices.pop(stop.choice, {})
            reason = FINISH_REASONS[stop.reason]
            out.append(self._choice_frame(stop.choice, {}, reason, extra, members))
        if style.usage == "last":
            rest = {"choices": [], **self._later, "usage": written}
            out.append(self._head + b"," + encoded(rest)[1:] + b"\n\n")
        out.append(DONE)
        return b"".join(out)

    def error(self, body: bytes) -> bytes:
        """Write the dialect's error event; nothing follows it, least of all ``[DONE]``."""
        return b"data: " + body + b"\n\n"

    def _general(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        frame = _Frame()
        reasoning_too = self._style.reasoning_too
        for event in events:
            if isinstance(event, Start | Stop | Usage):
                continue
            if isinstance(event, Opaque):
                frame.keep(event)
                continue
            if isinstance(event, Thought) and not event.text:
                continue  # a signature or sealed thinking, which this dialect has no place for
            delta = frame.deltas.setdefault(event.choice, {})
            if not put(delta, event, reasoning_too=reasoning_too):
                self._flush(out, frame, {})
                delta = frame.deltas.setdefault(event.choice, {})
                put(delta, event, reasoning_too=reasoning_too)
        if frame.deltas:
            members, self._later = {**self._later, **frame.members}, {}
            self._flush(out, frame, members)
        elif frame.members:
            self._wait(out, self._later, frame.members)
        for index, extra in frame.choices.items():
            self._wait(out, self._later_choices.setdefault(index, {}), extra, index)
        return b"".join(out)

    def _flush(self, out: list[bytes], frame: _Frame, members: dict[str, Json]) -> None:
        for index, delta in frame.deltas.items():
            out.append(self._role(index))
            extra = {**self._later_choices.pop(index, {}), **frame.choices.pop(index, {})}
            out.append(self._choice_frame(index, delta, None, extra, members))
        frame.deltas.clear()

    def _wait(
        self, out: list[bytes], kept: dict[str, Json], more: dict[str, Json], choice: int = 0
    ) -> None:
        """Keep members for the next frame; those of the same name get one of their own first."""
        if any(name in kept and kept[name] != value for name, value in more.items()):
            out.append(self._role(choice))
            extra = self._later_choices.pop(choice, {})
            members, self._later = self._later, {}
            out.append(self._choice_frame(choice, {}, None, extra, members))
            kept = self._later if kept is members else self._later_choices.setdefault(choice, {})
        kept.update(more)

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
        return self._head + b"," + encoded(rest)[1:] + b"\n\n"

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write a whole reply from all its events."""
        style = self._style
        usual = write_usual(events, style, usage, cost_usd)
        if usual is not None:
            return in_one_line(usual)
        frame = _Frame()
        stops: dict[int, StopReason] = {}
        for event in events:
            if isinstance(event, Start | Usage):
                continue
            if isinstance(event, Opaque):
                frame.keep(event)
            elif isinstance(event, Thought) and not event.text:
                continue
            elif isinstance(event, Stop):
                stops[event.choice] = event.reason
                frame.deltas.setdefault(event.choice, {})
            else:
                message = frame.deltas.setdefault(event.choice, {})
                grow(message, event, reasoning_too=style.reasoning_too)
        entries = [
            {
                "index": index,
                "message": finished(message),
                **frame.choices.get(index, {}),
                "finish_reason": FINISH_REASONS[stops.get(index, "stop")],
            }
            for index, message in sorted(frame.deltas.items())
        ]
        return encoded(
            {
                "id": style.id,
                "object": "chat.completion",
                "created": style.created,
                "model": style.model,
                "choices": entries,
                **frame.members,
                "usage": write_usage(usage, cost_usd),
            }
        )


class _Frame:
    """What one provider frame said, by place."""

    __slots__ = ("choices", "deltas", "members")

    def __init__(self) -> None:
        self.deltas: dict[int, dict[str, Any]] = {}
        self.choices: dict[int, dict[str, Json]] = {}
        self.members: dict[str, Json] = {}

    def keep(self, event: Opaque) -> None:
        """Put unknown members at their place; another dialect's have none here."""
        if event.dialect != "chat":
            return
        if event.place == "frame":
            self.members.update(event.value)
        elif event.place == "choice":
            self.choices.setdefault(event.choice, {}).update(event.value)
        else:
            self.deltas.setdefault(event.choice, {}).update(event.value)
