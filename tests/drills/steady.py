"""Clients that ask at a fixed rate, whatever has been answered.

Knows when each request is due and enough HTTP/1.1 to see an answer's end. Refuses to know what a
good answer is: a drill judges what came back.

A request's time is counted from when it was due, not from when it could be sent: else a gateway
that is late would be asked less, and would look well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from drills.crowd import Ask
from kit.recorded import head_end

CONNECTIONS_MAX = 1000
"""Requests in progress; one more is an error of the drill: the gateway has stopped answering."""
END_S_MAX = 10.0
"""How long the last answers may take."""


@dataclass
class Asked:
    """One request; times are those of the loop's clock, in seconds."""

    number: int
    due_s: float
    end_s: float | None = None
    head: bytes = b""
    body: bytes = b""

    @property
    def status(self) -> int:
        """Of the answer; 0: there was none."""
        return int(self.head.split(b" ", 2)[1]) if self.head else 0

    @property
    def took_s(self) -> float:
        """From when it was due to the answer's end; endless where there was none."""
        return float("inf") if self.end_s is None else self.end_s - self.due_s

    def header(self, name: str) -> str | None:
        """The value of a header of the answer."""
        for line in self.head.split(b"\r\n")[1:]:
            known, _, value = line.partition(b":")
            if known.lower() == name.encode():
                return value.strip().decode()
        return None

    def json(self) -> Any:
        """The answer's body."""
        return json.loads(self.body)


class Steady:
    """So many requests a second on kept connections, of which there are as many as it takes.

    Args:
        url: the gateway's.
        rate: requests a second.
        ask: makes the request of a number.
    """

    def __init__(self, url: str, rate: float, ask: Callable[[int], Ask]) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.address = (parts.hostname, parts.port)
        self.authority = parts.netloc
        self.asked: list[Asked] = []
        """In their order."""
        self.late_s: list[float] = []
        """How long after its time each was sent: what these clients could not keep up with."""
        self.idle: list[_Line] = []
        self.lines: set[_Line] = set()
        self._rate = rate
        self._ask = ask
        self._loop = asyncio.get_running_loop()
        self._began_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._joins: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Begin to ask."""
        self._began_s = self._loop.time()
        self._send_due()

    async def stop(self) -> None:
        """Ask no more, and wait for what is in progress; what is not answered has no end."""
        if self._timer is not None:
            self._timer.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet(), END_S_MAX)
        for line in list(self.lines):
            line.leave()

    async def _quiet(self) -> None:
        while len(self.idle) < len(self.lines):  # noqa: ASYNC110 - a drill's end may come late
            await asyncio.sleep(0.01)

    def _send_due(self) -> None:
        now_s = self._loop.time()
        while (due_s := self._began_s + len(self.asked) / self._rate) <= now_s:
            one = Asked(len(self.asked), due_s)
            self.asked.append(one)
            self.late_s.append(now_s - due_s)
            raw = self._ask(one.number).raw(self.authority)
            if self.idle:
                self.idle.pop().send(one, raw)
            else:
                self._join(one, raw)
        self._timer = self._loop.call_at(due_s, self._send_due)

    def _join(self, one: Asked, raw: bytes) -> None:
        assert len(self.lines) < CONNECTIONS_MAX, "the gateway does not answer any more"
        line = _Line(self, one, raw)
        self.lines.add(line)
        task = self._loop.create_task(self._loop.create_connection(lambda: line, *self.address))
        self._joins.add(task)
        task.add_done_callback(self._joins.discard)


class _Line(asyncio.Protocol):
    """One connection; it carries one request at a time."""

    def __init__(self, steady: Steady, first: Asked, raw: bytes) -> None:
        self._steady = steady
        self._loop = asyncio.get_running_loop()
        self._one: Asked | None = first
        self._raw = raw
        self._inbox = bytearray()
        self._transport: asyncio.Transport | None = None

    def send(self, one: Asked, raw: bytes) -> None:
        """Ask on this connection, which is idle."""
        assert self._transport is not None, "it has been answered before"
        self._one = one
        self._transport.write(raw)

    def leave(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._raw)
        self._raw = b""

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        start = head_end(self._inbox)
        if start is None:
            return
        head = bytes(self._inbox[:start])
        end = start + _length(head)
        if len(self._inbox) < end:
            return
        one = self._one
        assert one is not None, "an answer to nothing"
        one.end_s = self._loop.time()
        one.head, one.body = head, bytes(self._inbox[start:end])
        del self._inbox[:end]
        self._one = None
        if b"\r\nconnection: close\r\n" in head.lower():
            self._gone()
            self.leave()
        else:
            self._steady.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone()

    def _gone(self) -> None:
        self._steady.lines.discard(self)
        if self in self._steady.idle:
            self._steady.idle.remove(self)


def _length(head: bytes) -> int:
    found = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(found[0].partition(b":")[2])
