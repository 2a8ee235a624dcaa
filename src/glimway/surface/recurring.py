"""Heads that come again.

Knows that the requests of one connection mostly differ in their bodies alone: byte for byte the
same head, but for the digits of its content length, means the same and was judged sound before.
Refuses every other head; those are read anew.

A client's library writes its head from a template, so a kept connection brings the same one each
time. Reading and judging it took a twentieth of a short request.
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
"""Heads in a row that are learned in vain (a trace id in each, say) before no more are."""

DIGITS_MAX: Final = 9

_LENGTH: Final = re.compile(
    rb"(?<=\r\n)content-length: ?([0-9]{1,%d})(?=\r\n)" % DIGITS_MAX, re.IGNORECASE
)
_NAME: Final = b"content-length"
_HEAD_END: Final = b"\r\n\r\n"
_ONE_OFF: Final = frozenset({b"expect", b"transfer-encoding", b"upgrade"})
"""What changes how the bytes after the head are read, or asks for an answer in between."""


class Recurring:
    """The last head of one connection.

    Args:
        body_bytes_max: of a request; a larger one is for those who refuse it.
        header_bytes_max: of a head; one that more digits could make too large is read each time.
    """

    __slots__ = (
        "_after", "_before", "_body_bytes_max", "_head", "_head_bytes_max", "_headers", "_request",
        "_size", "_tries",
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
        self._size = 0
        """Of the request that came last, head and body."""
        self._tries = TRIES + 1  # the first is not learned: many connections bring one request only

    def again(self, data: bytes) -> Request | None:
        """The request that these bytes are, if they are the known head and its whole body, no less
        and no more; else None.

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
        return self._longer(data, known)

    def _longer(self, data: bytes, known: Request) -> Request | None:
        """The same, where the body may be longer or shorter than the last one."""
        if not data.startswith(self._before):
            return None
        at = len(self._before)
        after = self._after
        end = data.find(after, at, at + DIGITS_MAX + len(after))
        digits = data[at:end]
        # A leading zero is left to those who read it each time.
        if end < 0 or not digits.isdigit() or digits.startswith(b"0"):
            return None
        body = data[end + len(after) :]
        size = len(body)
        if size != int(digits) or size > self._body_bytes_max:
            return None
        headers = [(_NAME, digits) if one[0] == _NAME else one for one in known.headers]
        self._tries = TRIES
        self._head, self._headers, self._size = data[: end + len(after)], headers, len(data)
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
        start, end = found[0].span(1)
        self._before, self._after = head[:start], head[end:]
        self._head, self._headers, self._size = head, request.headers, len(data)
        self._request = msgspec.structs.replace(request, body=b"")

    def forget(self) -> None:
        """What comes now is no request any more."""
        self._request = None
        self._tries = 0
