"""Heads that come again.

Knows that the requests of one connection mostly have the same head, but for values that say nothing
of how it is read: the digits of the content length, the key, a trace id. A head that stands line
by line as one that was judged sound, but for such values, is sound. Refuses every other head; those
are read anew.

A client's library writes its head from a template, and so does a proxy that shares its connections
among callers. Reading and judging a head took a twentieth of a short request.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from glimway.surface.head import Headers
from glimway.surface.request import Request

HEAD_BYTES_MAX: Final = 4096
"""Longer heads are read each time: one is held for each connection."""

TRIES: Final = 3
"""Heads in a row that are learned in vain (of other lines each time) before no more are."""

DIGITS_MAX: Final = 9

_LENGTH: Final = re.compile(
    rb"(?<=\r\n)content-length: ?([0-9]{1,%d})(?=\r\n)" % DIGITS_MAX, re.IGNORECASE
)
_NAME: Final = b"content-length"
_LINE_END: Final = b"\r\n"
_HEAD_END: Final = b"\r\n\r\n"
_BETWEEN: Final = b": "
_ONE_OFF: Final = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
"""What changes how the bytes after the head are read, or asks for an answer in between."""
_TELLING: Final = frozenset({b"connection", b"content-encoding", b"host", b"proxy-connection"})
"""Lines that must stand there as they did: their values are judged, or say what follows."""
_PLAIN: Final = bytes(range(0x20, 0x7F))
"""What a value may hold to be taken without the parser's word; it neither begins nor ends with a
space."""
_SPACE: Final = 0x20


class Recurring:
    """The last head of one connection.

    Args:
        body_bytes_max: of a request; a larger one is for those who refuse it.
        header_bytes_max: of a head; one that more digits could make too large is read each time.
    """

    __slots__ = (
        "_after", "_before", "_body_bytes_max", "_head", "_head_bytes_max", "_headers", "_length",
        "_lines", "_request", "_size", "_tries",
    )  # fmt: skip

    def __init__(self, body_bytes_max: int, header_bytes_max: int) -> None:
        self._body_bytes_max = body_bytes_max
        self._head_bytes_max = min(HEAD_BYTES_MAX, header_bytes_max - DIGITS_MAX)
        self._request: Request | None = None
        """What the head means, but for its length."""
        self._headers: Headers = []
        """Of the request that came last."""
        self._before = self._after = self._head = b""
        """The head before the digits and after them; and whole, as it came last."""
        self._lines: list[bytes] = []
        """The head as it was learned, and the length it told."""
        self._length = 0
        self._size = 0
        """Of the request that came last, head and body."""
        self._tries = TRIES + 1  # the first is not learned: many connections bring one request only

    def again(self, data: bytes) -> Request | None:
        """The request that these bytes are, if they are a head like the known one and its whole
        body, no less and no more; else None.

        Args:
            data: what has come, from the beginning of a request on.
        """
        known = self._request
        if known is None:
            return None
        head = self._head
        if len(data) == self._size and data.startswith(head):
            self._tries = TRIES
            body = data[len(head) :]
            headers = self._headers
            return Request(known.method, known.target, known.http_version, headers, body, True)
        if data.startswith(self._before):
            return self._longer(data, known)
        return self._alike(data, known)

    def _longer(self, data: bytes, known: Request) -> Request | None:
        """The same, where the body may be longer or shorter than the last one."""
        at = len(self._before)
        after = self._after
        end = data.find(after, at, at + DIGITS_MAX + len(after))
        digits = data[at:end]
        # A leading zero is left to those who read it each time.
        if end < 0 or not digits.isdigit() or digits.startswith(b"0"):
            return self._alike(data, known)
        body = data[end + len(after) :]
        size = len(body)
        if size != int(digits) or size > self._body_bytes_max:
            return None
        headers = [(_NAME, digits) if one[0] == _NAME else one for one in known.headers]
        self._tries = TRIES
        self._head, self._headers, self._size = data[: end + len(after)], headers, len(data)
        return Request(known.method, known.target, known.http_version, headers, body, True)

    def _alike(self, data: bytes, known: Request) -> Request | None:
        """The same, where values may differ that say nothing of how it is read."""
        before = self._lines
        end = data.find(_HEAD_END, 0, self._head_bytes_max)
        if end < 0 or not data.startswith(before[0]):
            return None
        lines = data[:end].split(_LINE_END)
        if len(lines) != len(before) or lines[0] != before[0]:
            return None
        headers, length = known.headers.copy(), self._length
        for at, line in enumerate(lines):
            if line == before[at]:
                continue
            name = headers[at - 1][0]
            value = _value(line, before[at], name)
            if value is None:
                return None
            headers[at - 1] = (name, value)
            if name == _NAME:
                if not value.isdigit() or value.startswith(b"0") or len(value) > DIGITS_MAX:
                    return None
                length = int(value)
        body = data[end + len(_HEAD_END) :]
        if len(body) != length or length > self._body_bytes_max:
            return None
        self._tries = TRIES
        return Request(known.method, known.target, known.http_version, headers, body, True)

    def learn(self, data: bytes, request: Request) -> None:
        """Remember the head of a request that was read and judged sound.

        Args:
            data: all that was read since the request before.
            request: what it is.
        """
        if self._tries <= 0:
            return
        self._tries -= 1
        self._request = None
        size = len(data) - len(request.body)
        if self._tries == TRIES or size > self._head_bytes_max:
            return
        head = data[:size]
        found = list(_LENGTH.finditer(head))
        if (
            len(found) != 1
            or head.find(_HEAD_END) != size - len(_HEAD_END)
            or int(found[0][1]) != len(request.body)
            or not _ONE_OFF.isdisjoint(name for name, _ in request.headers)
        ):
            return
        lines = head[: -len(_HEAD_END)].split(_LINE_END)
        names = [name for name, _ in request.headers]
        if [line.partition(b":")[0].lower() for line in lines[1:]] != names:
            return
        self._lines, self._length = lines, len(request.body)
        start, end = found[0].span(1)
        self._before, self._after = head[:start], head[end:]
        self._head, self._headers, self._size = head, request.headers, len(data)
        self._request = msgspec.structs.replace(request, body=b"")

    def forget(self) -> None:
        """What comes now is no request any more."""
        self._request = None
        self._tries = 0


def _value(line: bytes, before: bytes, name: bytes) -> bytes | None:
    """What a header line holds now; None: it must be read anew.

    Args:
        line: as it came.
        before: as it was when it was judged.
        name: its name, in small letters.
    """
    after = len(name) + len(_BETWEEN)
    beginning = before[:after]
    value = line[after:]
    if (
        name in _TELLING
        or not beginning.endswith(_BETWEEN)
        or not line.startswith(beginning)
        or not value
        or value[0] == _SPACE
        or value[-1] == _SPACE
        or value.translate(None, _PLAIN)
    ):
        return None
    return value
