"""Events to a client's Messages reply, whole or streamed.

Knows the grammar that strict clients expect: the message announced once, blocks one after the other
under numbers without a gap, one end with the reason and the true usage, and no ``[DONE]``. Refuses
to know who answered: the id and the model's name are ours.
Source: https://docs.anthropic.com/en/api/messages-streaming.
"""

from __future__ import annotations

from glimway.wire.events import Event, Opaque, Stop, Text, Thought, Usage
from glimway.wire.messages.blocks import DIALECT
from glimway.wire.messages.flow import TEXT, Flow
from glimway.wire.messages.pages import Array, Stream, event
from glimway.wire.messages.signatures import THINKING
from glimway.wire.messages.stops import word_of
from glimway.wire.messages.style import Style
from glimway.wire.messages.usage import write_usage
from glimway.wire.sse import encoded
from glimway.wire.talk import Json

__all__ = ["PING", "Style", "Writer"]

PING = b'event: ping\ndata: {"type":"ping"}\n\n'
"""Fills silence; the dialect's clients pass over it anywhere."""

_STOPPED = event({"type": "message_stop"})

_OURS = frozenset(
    "id type role model content stop_reason stop_sequence usage delta index message".split()
)
"""Members that are never a provider's."""

_NO_TEXT: dict[str, Json] = {"type": "text", "text": ""}
"""An answer without anything has a block all the same: clients look at the first one."""


class Writer:
    """Writes one reply."""

    __slots__ = ("_begun", "_flow", "_frame", "_message", "_page", "_style")

    def __init__(self, style: Style) -> None:
        self._style = style
        self._page = Stream()
        self._flow = Flow(style, self._page)
        self._begun = False
        self._message: dict[str, Json] = {}  # members of the message from the provider
        self._frame: dict[str, Json] = {}  # members of the event at its end

    # ---- a stream ---------------------------------------------------------------------------

    def frame(self, events: list[Event]) -> bytes:
        """Write the events of one provider frame; Stop and Usage wait for ``end``, but for the
        usage that a host tells before its answer."""
        flow = self._flow
        if len(events) == 1 and (member := flow.growing) is not None:
            only = events[0]
            if type(only) is Text and member == TEXT and only.text and not only.choice:
                flow.heard(only.text)
                return self._page.written(member, only.text)
            if type(only) is Thought and member == THINKING and _is_plain(only):
                return self._page.written(member, only.text)
        self._keep(events)
        begin = b"" if self._begun else self._begin(events)
        flow.take(events)
        return begin + self._page.take()

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write the end: blocks that are open, the reason with the usage, the terminal event.

        Args:
            stops: why it ended.
            usage: the tokens charged.
            cost_usd: what was charged, as JSON digits.
        """
        begin = b"" if self._begun else self._begin([])
        self._finish(self._flow, self._page)
        delta = self._reason(self._flow, stops)
        last = {
            "type": "message_delta",
            "delta": {**delta, **self._message},
            "usage": write_usage(usage, cost_usd),
            **self._frame,
        }
        return begin + self._page.take() + event(last) + _STOPPED

    def error(self, body: bytes) -> bytes:
        """Write the error event around the mount's error body; nothing follows it. A block that is
        open stays open, since clients run a call as soon as it has ended."""
        return b"event: error\ndata: " + body + b"\n\n"

    def ping(self) -> bytes:
        """What fills silence."""
        return PING

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write a whole reply from all its events."""
        page = Array()
        flow = Flow(self._style, page)
        self._keep(events)
        flow.take(events)
        self._finish(flow, page)
        stops = [one for one in events if isinstance(one, Stop) and not one.choice]
        return encoded(
            {
                **self._head(),
                "content": page.content,
                **self._reason(flow, stops),
                **self._message,
                **self._frame,
                "usage": write_usage(usage, cost_usd),
            }
        )

    # ---- the message ------------------------------------------------------------------------

    def _head(self) -> dict[str, Json]:
        style = self._style
        return {"id": style.id, "type": "message", "role": "assistant", "model": style.model}

    def _begin(self, events: list[Event]) -> bytes:
        self._begun = True
        usage = Usage(input=self._style.prompt_tokens)
        for one in events:
            if isinstance(one, Usage) and one.input:
                usage = one
        members, self._message = self._message, {}
        message = {
            **self._head(),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            **members,
            "usage": write_usage(usage, None),
        }
        return event({"type": "message_start", "message": message})

    def _keep(self, events: list[Event]) -> None:
        """Members of the message, and of its end, that only this dialect has."""
        for one in events:
            if isinstance(one, Opaque) and one.dialect == DIALECT:
                place = {"message": self._message, "frame": self._frame}.get(one.place)
                if place is not None:
                    place.update({k: v for k, v in one.value.items() if k not in _OURS})

    def _finish(self, flow: Flow, page: Stream | Array) -> None:
        flow.finish()
        if not page.blocks:
            page.begin(_NO_TEXT)
            page.end()

    def _reason(self, flow: Flow, stops: list[Stop]) -> dict[str, Json]:
        stop = stops[0] if stops else Stop("stop")
        word = word_of(stop, called=flow.called, declined=flow.declined)
        sequence = stop.sequence if word == "stop_sequence" else None
        return {"stop_reason": word, "stop_sequence": sequence}


def _is_plain(thought: Thought) -> bool:
    """Whether it is nothing but a piece of thinking."""
    bare = thought.signature is None and thought.sealed is None
    return bare and thought.text != "" and not thought.choice
