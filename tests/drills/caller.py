"""A client that keeps its connection, asks one thing after another, and reads each answer whole.

Knows enough HTTP/1.1 to find the end of an answer. Refuses to know what is asked, and to try again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from kit.recorded import is_chunked

LINE_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    head: str
    """In lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header, in lower case; None when it is absent."""
        for line in self.head.split("\r\n"):
            known, _, value = line.partition(":")
            if known == name:
                return value.strip()
        return None


class Caller:
    """One client of one gateway; use it as an asynchronous context manager."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._authority = parts.hostname, parts.port, parts.netloc
        self._key = key
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def post(
        self, target: str, body: Any, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a JSON body and read the whole answer.

        Raises:
            OSError: nobody listens.
            EOFError: the answer has no end (``asyncio.IncompleteReadError`` is one).
        """
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, limit=LINE_BYTES_MAX
            )
        assert self._reader is not None
        data = json.dumps(body).encode()
        given = {
            "host": self._authority,
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "content-length": str(len(data)),
            **(headers or {}),
        }
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {given[name]}" for name in given)]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        answer = await _read(self._reader)
        if answer.header("connection") == "close":
            await self._close()
        return answer

    async def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._reader = self._writer = None


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    answer = Answer(status, head.decode("latin-1"), b"")
    if is_chunked(head):
        pieces: list[bytes] = []
        while size := int(await reader.readuntil(b"\r\n"), 16):
            pieces.append((await reader.readexactly(size + 2))[:-2])
        await reader.readexactly(2)
        return Answer(status, answer.head, b"".join(pieces))
    length = int(answer.header("content-length") or 0)
    return Answer(status, answer.head, await reader.readexactly(length))
