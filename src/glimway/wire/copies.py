"""Several answers from a host that writes one at a time.

Knows how to make one numbered choice of each parallel reply. Refuses to know how the calls are
made and when they are done.
"""

from __future__ import annotations

from glimway.wire.dialect import Reader
from glimway.wire.events import Event, Opaque, Start, Usage
from glimway.wire.refusal import Fault


class CopyReader:
    """A reader whose only choice is number ``choice`` of a larger answer.

    Its usage is left out of the events: what the copies used is summed at the end.

    Args:
        inner: reads one provider reply.
        choice: its place in the answer; what belongs to the whole answer comes from copy 0.
    """

    __slots__ = ("_choice", "_inner")

    def __init__(self, inner: Reader, choice: int) -> None:
        self._inner = inner
        self._choice = choice

    @property
    def done(self) -> bool:
        """The reply has ended."""
        return self._inner.done

    @property
    def cut_short(self) -> bool:
        """It was ended here, before the provider's own end."""
        return self._inner.cut_short

    @property
    def usage(self) -> Usage | None:
        """What the provider reported for this copy."""
        return self._inner.usage

    @property
    def answer_id(self) -> str | None:
        """The provider's own id of its answer."""
        return self._inner.answer_id

    @property
    def fault(self) -> Fault | None:
        """Set when the stream failed."""
        return self._inner.fault

    def feed(self, chunk: bytes) -> list[list[Event]]:
        """The next bytes of a stream."""
        return self._frames(self._inner.feed(chunk))

    def close(self) -> list[list[Event]]:
        """The stream's bytes have ended."""
        return self._frames(self._inner.close())

    def whole(self, body: bytes) -> list[Event]:
        """A whole reply; raises Fault."""
        return self._numbered(self._inner.whole(body))

    def _frames(self, frames: list[list[Event]]) -> list[list[Event]]:
        return [numbered for events in frames if (numbered := self._numbered(events))]

    def _numbered(self, events: list[Event]) -> list[Event]:
        kept: list[Event] = []
        for event in events:
            if isinstance(event, Usage):
                continue
            if isinstance(event, Start) or (isinstance(event, Opaque) and event.place == "frame"):
                if self._choice == 0:
                    kept.append(event)
                continue
            event.choice = self._choice
            kept.append(event)
        return kept


def summed(reports: list[Usage | None]) -> Usage | None:
    """What all copies used together; None when one of them did not say."""
    total = Usage()
    for one in reports:
        if one is None:
            return None
        total.input += one.input
        total.output += one.output
        total.cached += one.cached
        total.cache_write += one.cache_write
        if one.reasoning is not None:
            total.reasoning = (total.reasoning or 0) + one.reasoning
    return total
