"""The events of one Responses stream, numbered and written.

Knows the frame around an event and that the numbers have no gap. Refuses to know which event comes
when (``write``).
"""

from __future__ import annotations

from glimway.wire.sse import encoded
from glimway.wire.talk import Json


class Lines:
    """Events on their way out.

    Args:
        silent: nothing is written: only the items matter.
    """

    __slots__ = ("_number", "_out", "silent")

    def __init__(self, *, silent: bool = False) -> None:
        self._number = 0
        self._out: list[bytes] = []
        self.silent = silent

    def say(self, kind: str, members: dict[str, Json]) -> None:
        """Write one event."""
        if self.silent:
            return
        body = {"type": kind, "sequence_number": self._number, **members}
        self._number += 1
        self._out.append(b"event: %b\ndata: %b\n\n" % (kind.encode(), encoded(body)))

    def piece(self, head: bytes, text: str, tail: bytes) -> None:
        """Write a delta between prepared halves."""
        if self.silent:
            return
        self._out.append(b"%b%d%b%b%b" % (head, self._number, _DELTA, encoded(text), tail))
        self._number += 1

    def take(self) -> bytes:
        """All that was written since the last time."""
        out = self._out
        if len(out) == 1:
            return out.pop()  # a piece, as nearly always
        written = b"".join(out)
        out.clear()
        return written


_DELTA = b',"delta":'


def halves(kind: str, place: dict[str, Json], more: bytes = b"") -> tuple[bytes, bytes]:
    """What stands around number and text of a delta that is sent many times.

    Args:
        kind: the event's.
        place: the item's id and indices.
        more: JSON members behind the text, each with a comma before it.
    """
    members = encoded(place)[1:-1]
    head = b'event: %b\ndata: {"type":"%b",%b,"sequence_number":' % (
        kind.encode(),
        kind.encode(),
        members,
    )
    return head, more + b"}\n\n"
