"""The events of one Responses stream, numbered and written.

Knows the frame around an event and that the numbers have no gap. Refuses to know which event comes
when (``write``).
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.talk import Json

_json = msgspec.json.Encoder().encode

_LINE_ENDS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)
"""Characters that JSON leaves as they are and that many line readers (Python's ``splitlines``)
take for the end of a line: a frame that held one would fall apart."""


def encoded(value: Any) -> bytes:
    """JSON in which no client's line reader sees an end of line."""
    text = _json(value)
    if not text.isascii() and (text.find(b"\xe2\x80") >= 0 or text.find(b"\xc2\x85") >= 0):
        for sign, escaped in _LINE_ENDS:
            text = text.replace(sign, escaped)
    return text


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
