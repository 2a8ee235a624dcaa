"""A provider for crowds: it answers by number, quickly, and notes who leaves when.

Knows HTTP/1.1 as far as one known client speaks it, and the shapes of a chat answer. Refuses to
know what is drilled: how an answer is paced is told by whoever makes it.

``kit.provider`` follows any script and runs in a thread of its own; this one shares the drill's
event loop, because thousands of requests a second must leave time for the gateway.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from drills.books import used
from kit import answers
from kit.certificates import Certificates
from kit.recorded import request_end

BACKLOG = 2048
"""Connections that may wait while the loop is busy."""

UNSENT_BYTES_MAX = 64 * 1024
"""A stream waits when so much of it is not taken."""

_NUMBER = re.compile(rb"request (\d+)\.")


@dataclass(frozen=True)
class Pace:
    """How one answer comes."""

    first_s: float = 0.0
    """Until the head, or the whole answer."""
    gap_s: float = 0.0
    """Between two frames of a stream."""
    texts: int | None = 3
    """Frames of text in a stream; None never ends."""
    text_chars: int = 0
    """How long each text is; short ones only count themselves."""


@dataclass
class Served:
    """One request as the provider saw it; times are monotonic seconds."""

    number: int
    stream: bool
    sent_texts: int = 0
    answered: bool = False
    left_s: float | None = None
    """When the gateway closed before the answer was whole."""


def asking(number: int) -> str:
    """The words by which a request's number reaches the provider."""
    return f"request {number}."


class Rack:
    """The provider. ``start`` and ``stop`` it in the drill's loop.

    Args:
        pace: how request ``number`` is answered.
        tls: serve https with these certificates.
    """

    def __init__(self, pace: Callable[[int], Pace], tls: Certificates | None = None) -> None:
        self.pace = pace
        self._tls = tls
        self.served: list[Served] = []
        self.open: set[_Connection] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """Scheme, address and port."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen on a free port."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        context = None
        if self._tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._tls.certificate, self._tls.key)
        self._server = await loop.create_server(
            lambda: _Connection(self), sock=listener, ssl=context
        )

    async def stop(self) -> None:
        """Close everything."""
        self._server.close()
        for connection in list(self.open):
            connection.drop()
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self._loop = asyncio.get_running_loop()
        self._inbox = bytearray()
        self._current: Served | None = None
        self._timer: asyncio.TimerHandle | None = None

    def drop(self) -> None:
        """Break the connection."""
        self._transport.abort()

    # --- told by the loop -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._rack.open.add(self)

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        end = request_end(self._inbox)
        if end is None:
            return
        request = bytes(self._inbox[:end])
        del self._inbox[:end]
        assert self._current is None, "a request came before the last one was answered"
        found = _NUMBER.search(request)
        assert found is not None, request
        served = self._current = Served(int(found[1]), b'"stream":true' in request)
        self._rack.served.append(served)
        pace = self._rack.pace(served.number)
        begin = self._stream if served.stream else self._whole
        self._later(pace.first_s, lambda: begin(served, pace))

    def eof_received(self) -> bool:
        self._left()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._left()
        self._rack.open.discard(self)

    # --- answers ----------------------------------------------------------------------------------

    def _whole(self, served: Served, pace: Pace) -> None:
        body = answers.chat(f"Answer {served.number}.") | {"usage": _usage(served.number)}
        self._end(served, answers.whole(body))

    def _stream(self, served: Served, pace: Pace) -> None:
        head = answers.head(200, answers.EVENT_STREAM | {"transfer-encoding": "chunked"})
        role = answers.frame(answers.chat_chunk({"role": "assistant", "content": ""}))
        self._transport.write(head + answers.chunk(role))
        self._later(pace.gap_s, lambda: self._text(served, pace))

    def _text(self, served: Served, pace: Pace) -> None:
        if served.sent_texts == pace.texts:
            finish = answers.frame(answers.chat_chunk({}, "stop"))
            last = answers.chat_chunk({}) | {"choices": [], "usage": _usage(served.number)}
            tail = answers.chunk(finish + answers.frame(last)) + answers.chunk(answers.DONE)
            self._end(served, tail + answers.LAST_CHUNK)
            return
        if self._transport.get_write_buffer_size() < UNSENT_BYTES_MAX:
            served.sent_texts += 1
            words = f"text {served.sent_texts} "
            self._transport.write(_long_text(pace.text_chars) if pace.text_chars else _text(words))
        self._later(pace.gap_s, lambda: self._text(served, pace))

    def _end(self, served: Served, data: bytes) -> None:
        served.answered = True
        self._current = None
        self._transport.write(data)

    # --- inside -----------------------------------------------------------------------------------

    def _later(self, delay_s: float, do: Callable[[], None]) -> None:
        if delay_s:
            self._timer = self._loop.call_later(delay_s, do)
        else:
            do()

    def _left(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._current is not None:
            self._current.left_s = time.monotonic()
            self._current = None


def _text(words: str) -> bytes:
    return answers.chunk(answers.frame(answers.chat_chunk({"content": words})))


@functools.cache
def _long_text(chars: int) -> bytes:
    return _text("." * chars)


def _usage(number: int) -> answers.Json:
    tokens = used(number)
    return answers.usage(tokens.prompt, tokens.completion, cached=tokens.cached)


def body(number: int, *, stream: bool, model: str = "lab/m") -> bytes:
    """The body of request ``number``, as a client sends it."""
    asked = {"model": model, "messages": [{"role": "user", "content": asking(number)}]}
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return json.dumps(asked | streamed).encode()
