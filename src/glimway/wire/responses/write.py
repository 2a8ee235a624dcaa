"""Events to a client's Responses reply, whole or streamed.

Knows the grammar that strict clients expect: each item announced, filled and done under one id,
numbers without a gap, one terminal event with the whole response, and no ``[DONE]``. Refuses to
know who answered: ids and the model's name are ours.
Source: https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from glimway.wire.events import Event, Stop, StopReason, Text, Usage
from glimway.wire.responses.errors import code_of, spoken
from glimway.wire.responses.flow import CUTS, Flow
from glimway.wire.responses.lines import Lines
from glimway.wire.responses.output import Message
from glimway.wire.responses.style import Style
from glimway.wire.responses.usage import write_usage
from glimway.wire.sse import encoded
from glimway.wire.talk import Json

__all__ = ["Style", "Writer"]

_decode = msgspec.json.Decoder().decode

_FAILED: dict[str, Json] = {"code": "server_error", "message": "The answer failed."}


class Writer:
    """Writes one reply.

    After the end, ``response`` is the response as the client has it, and ``kept`` is how it is to
    be stored.
    """

    __slots__ = ("_begun", "_flow", "_lines", "_style", "response")

    def __init__(self, style: Style) -> None:
        self._style = style
        self._lines = Lines()
        self._flow = Flow(style, self._lines)
        self._begun = False
        self.response: dict[str, Json] = {}

    def kept(self) -> dict[str, Json]:
        """The response as it is to be stored: with thinking sealed, whether or not the client
        wanted to see that, so that it can be sent back to its maker."""
        items = self._flow.items()
        for index, item in self._flow.kept.items():
            items[index] = item
        return {**self.response, "output": items}

    # ---- a stream ---------------------------------------------------------------------------

    def frame(self, events: list[Event]) -> bytes:
        """Write the events of one provider frame; Stop and Usage wait for ``end``."""
        if not self._begun:
            self._begin()
        growing = self._flow.open
        first = events[0] if len(events) == 1 else None
        if type(growing) is Message and type(first) is Text and not first.choice:
            if first.text:
                growing.text(self._lines, first.text)
        else:
            self._flow.take(events)
        return self._lines.take()

    def end(self, stops: list[Stop], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write the end: items that are open, and the terminal event.

        Args:
            stops: why it ended.
            usage: the tokens charged.
            cost_usd: what was charged, as JSON digits.
        """
        if not self._begun:
            self._begin()
        reason = _reason(stops)
        self._flow.finish(reason)
        self.response = self._response(reason, write_usage(usage, cost_usd))
        kind = f"response.{self.response['status']}"
        self._lines.say(kind, {"response": self.response})
        return self._lines.take()

    def error(self, body: bytes) -> bytes:
        """Write the error event and ``response.failed``; a terminal event of success never comes.

        The event has its members twice, flat as OpenAI's and nested as Open Responses', since
        clients read one or the other.
        """
        if not self._begun:
            self._begin()
        try:
            told = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            told = None
        error = spoken(told)
        flat = {name: error[name] for name in ("code", "message", "param")}
        self._lines.say("error", {**flat, "error": error})
        self._flow.abandon()
        self.response = self._response("error", None)
        failure: dict[str, Json] = {"code": code_of(error), "message": error["message"]}
        if type(told) is dict and told.get("trace_id") is not None:
            failure["trace_id"] = told["trace_id"]
        self.response["error"] = failure
        self._lines.say("response.failed", {"response": self.response})
        return self._lines.take()

    # ---- a whole reply ----------------------------------------------------------------------

    def whole(self, events: list[Event], usage: Usage, cost_usd: bytes | None) -> bytes:
        """Write a whole reply from all its events."""
        self._lines.silent = True
        self._begun = True
        self._flow.take(events)
        reason = _reason(events)
        self._flow.finish(reason)
        self.response = self._response(reason, write_usage(usage, cost_usd))
        return encoded(self.response)

    # ---- the response -----------------------------------------------------------------------

    def _begin(self) -> None:
        self._begun = True
        self.response = self._response(None, None)
        for kind in ("response.created", "response.in_progress"):
            self._lines.say(kind, {"response": self.response})

    def _response(self, reason: StopReason | None, usage: Json) -> dict[str, Json]:
        """The response so far; ``reason`` None: it is in progress."""
        style = self._style
        cut = CUTS.get(reason) if reason is not None else None
        status = "incomplete" if cut else "failed" if reason == "error" else "completed"
        over = reason is not None and status == "completed"
        return {
            "id": style.id,
            "object": "response",
            "created_at": style.created_s,
            "status": "in_progress" if reason is None else status,
            "completed_at": (style.now_s or self._created)() if over else None,
            "error": _FAILED if status == "failed" else None,
            "incomplete_details": {"reason": cut} if cut else None,
            "model": style.model,
            "output": self._flow.items() if reason is not None else [],
            **style.echo,
            **self._flow.members,
            "usage": usage,
        }

    def _created(self) -> int:
        return self._style.created_s


def _reason(events: Sequence[Event]) -> StopReason:
    """Why the one answer of this dialect ended, whatever other choices a host wrote."""
    for event in events:
        if isinstance(event, Stop) and not event.choice:
            return event.reason
    return "stop"
