"""Server-sent events: cut a byte stream into frames, and write frames.

Knows the WHATWG event-stream grammar (https://html.spec.whatwg.org/multipage/server-sent-events.html):
lines end in LF, CR or CRLF, a colon opens a comment, ``data`` lines of one event are joined by LF,
a byte order mark may stand at the start. Refuses to know what the data mean, and where bytes
come from: ``feed(bytes) -> frames``.

Memory is bounded by ``FRAME_BYTES_MAX``, and reading is linear however the bytes are cut.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.refusal import Fault

FRAME_BYTES_MAX = 8 * 1024 * 1024
"""One event may be this large: a whole image or a long tool argument sent in one piece."""

COMMENT = b": keep-alive\n\n"
"""Fills silence; every conforming reader ignores it."""

_BOM = b"\xef\xbb\xbf"

_LF, _CR = b"\n\r"
"""Numbers, because ``bytes in bytes`` tries its left side as a number first, and an exception that
nobody sees costs more than the search."""

_LINE_ENDS = (
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
    (b"\xc2\x85", b"\\u0085"),
)
"""Characters that JSON leaves as they are and that many line readers (Python's ``splitlines`` under
``requests``' ``iter_lines``) take for the end of a line: a frame that held one would fall apart."""

_json = msgspec.json.Encoder().encode

Frame = tuple[bytes, bytes]
"""(event name or b"", data)."""


def encoded(value: Any) -> bytes:
    """JSON in which no client's line reader sees an end of line."""
    return in_one_line(_json(value))


def in_one_line(text: bytes) -> bytes:
    """The same of JSON that is written already."""
    if not text.isascii() and (text.find(b"\xe2\x80") >= 0 or text.find(b"\xc2\x85") >= 0):
        for sign, escaped in _LINE_ENDS:
            text = text.replace(sign, escaped)
    return text


class Cutter:
    """Cuts a stream of bytes into frames, in whatever pieces the bytes come."""

    __slots__ = (
        "_data",
        "_event",
        "_frame_bytes",
        "_partial",
        "_partial_bytes",
        "_started",
        "_clean",
        "_cr",
    )

    def __init__(self) -> None:
        self._partial: list[bytes] = []  # pieces of the line that has not ended yet
        self._partial_bytes = 0
        self._data: list[bytes] = []  # data lines of the event that has not ended yet
        self._frame_bytes = 0
        self._event = b""
        self._started = False
        self._clean = False  # nothing is pending, and the byte order mark is behind us
        self._cr = False  # the last byte was CR: a LF that follows belongs to it

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take the next bytes and return the events that they complete.

        Raises:
            Fault: ``broken`` when one event outgrows ``FRAME_BYTES_MAX``.
        """
        if (
            chunk.startswith(b"data: ")
            and chunk.endswith(b"\n\n")
            and chunk.find(b"\n") == len(chunk) - 2
            and self._clean
            and _CR not in chunk
        ):
            # One whole event and nothing left over from before: how nearly all chunks come.
            return [(b"", chunk[6:-2])]
        if (
            chunk.startswith(b"event: ")
            and chunk.endswith(b"\n\n")
            and chunk.find(b"\n", chunk.find(b"\n") + 1) == len(chunk) - 2
            and self._clean
            and _CR not in chunk
        ):
            name, named, data = chunk[7:-2].partition(b"\ndata: ")
            if named:
                return [(name.strip(), data)]  # the same, of a dialect that names its events
        frames = self._cut(chunk)
        self._clean = not (self._partial or self._data or self._event or self._cr)
        return frames

    def _cut(self, chunk: bytes) -> list[Frame]:
        """The general way."""
        if self._cr or _CR in chunk:
            chunk = self._unify(chunk)
        if _LF not in chunk:
            self._keep(chunk)
            return []
        if self._partial:
            self._partial.append(chunk)
            chunk = b"".join(self._partial)
            self._partial.clear()
            self._partial_bytes = 0
        if not self._started:
            self._started = True
            if chunk.startswith(_BOM):
                chunk = chunk[3:]
        lines = chunk.split(b"\n")
        rest = lines.pop()
        if rest:
            self._keep(rest)
        return self._events(lines)

    def close(self) -> bool:
        """Say that no more bytes come; True when an event was cut off in its middle."""
        return bool(self._partial or self._data)

    def tail(self) -> bytes:
        """The data of the unfinished event: all that a cut stream left behind."""
        partial = b"".join(self._partial)
        if partial.startswith(b"data:"):
            return b"\n".join([*self._data, partial[5:].lstrip(b" ")])
        return b"\n".join(self._data)

    def _events(self, lines: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        for line in lines:
            if not line:
                if self._data:
                    data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                    frames.append((self._event, data))
                    self._data = []
                    self._frame_bytes = 0
                self._event = b""
            elif line.startswith(b"data:"):
                value = line[6:] if line.startswith(b"data: ") else line[5:]
                self._frame_bytes += len(value)
                if self._frame_bytes > FRAME_BYTES_MAX:
                    raise _too_large()
                self._data.append(value)
            elif line.startswith(b"event:"):
                self._event = line[6:].strip()
            elif line == b"data":
                self._data.append(b"")
            # Comments, ids, retry hints and unknown fields carry nothing for us.
        return frames

    def _keep(self, piece: bytes) -> None:
        self._partial_bytes += len(piece)
        if self._partial_bytes > FRAME_BYTES_MAX:
            raise _too_large()
        self._partial.append(piece)

    def _unify(self, chunk: bytes) -> bytes:
        if self._cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._cr = False
        if chunk:
            self._cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _too_large() -> Fault:
    return Fault("broken", f"one stream event is larger than {FRAME_BYTES_MAX} bytes")


def frame(data: bytes, event: bytes = b"") -> bytes:
    """Write one event. ``data`` must hold no line break (JSON never does)."""
    if event:
        return b"event: " + event + b"\ndata: " + data + b"\n\n"
    return b"data: " + data + b"\n\n"
