"""Clients that are gone leave nothing behind, without the collector's help."""

from __future__ import annotations

import asyncio
import gc
import time

import uvloop

from edges.recorder import Recorder
from glimway.surface.exchange import Exchange
from glimway.surface.patience import Patience
from glimway.surface.protocol import ClientConnection

CLIENTS = 20
GONE_S_MAX = 5.0
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
WAYS = {
    "silent": b"",
    "in a head": REQUEST[:9],
    "in a body": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab",
    "answered": REQUEST,
    "answered twice": 2 * REQUEST,
    "refused": b"nonsense\r\n\r\n",
}


def left() -> list[object]:
    kinds = (ClientConnection, Exchange, Patience)
    return [one for one in gc.get_objects() if isinstance(one, kinds)]


async def visit(port: int, says: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(says)
    await asyncio.sleep(0.05)  # it has been read, and answered if it can be
    if says.endswith(b"\r\n\r\n"):
        await reader.read(1)
    writer.transport.abort()


def test_a_connection_that_is_closed_is_forgotten_at_once() -> None:
    async def run() -> None:
        recorder = Recorder()
        await recorder.start()
        gc.collect()
        gc.disable()
        try:
            before = len(left())
            await asyncio.gather(
                *(visit(recorder.port, says) for says in WAYS.values() for _ in range(CLIENTS))
            )
            assert recorder.read
            assert recorder.refused
            until_s = time.monotonic() + GONE_S_MAX
            while len(left()) > before:
                assert time.monotonic() < until_s, left()[:5]
                await asyncio.sleep(0.05)
        finally:
            gc.enable()
            await recorder.stop()

    uvloop.run(run())
