"""One raw request and the section of the standard that judges it.

Knows the lines that most requests are made of. Refuses to know any verdict.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

POST = b"POST /v1/chat/completions HTTP/1.1\r\n"
HOST = b"Host: a\r\n"
LENGTH = b"Content-Length: 2\r\n"
BODY = LENGTH + b"\r\n{}"
CODED = b"Transfer-Encoding: chunked\r\n"
CHUNKED = CODED + b"\r\n"
CHUNKS = CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"


class Vector(NamedTuple):
    """A raw request.

    Args:
        section: ``9112 6.3`` is section 6.3 of RFC 9112.
        name: what is odd about it.
        raw: the bytes.
    """

    section: str
    name: str
    raw: bytes

    def __str__(self) -> str:
        return f"{self.section} {self.name}"


def vectors(section: str, named: Iterable[tuple[str, bytes]]) -> tuple[Vector, ...]:
    """The vectors of one section."""
    return tuple(Vector(section, name, raw) for name, raw in named)


def heads(section: str, line: bytes, named: Iterable[tuple[str, bytes]]) -> tuple[Vector, ...]:
    """Vectors of one section that differ in one line of the head, or a few.

    Args:
        section: of the standard.
        line: the request line and what else stands before, with its CRLF.
        named: name, and lines without the last CRLF; a body of two bytes follows.
    """
    return tuple(Vector(section, name, line + lines + b"\r\n" + BODY) for name, lines in named)
