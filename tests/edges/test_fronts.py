"""Behind a proxy: both understand the same requests, whatever is sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import uvloop

from edges.fronts import front
from edges.mutator import mutated
from edges.recorder import Recorder

SEED = 9112
AT_ONCE = 64
ANSWER_S_MAX = 15.0
LET_IN_MIN, REFUSED_MIN = 0.3, 0.01
"""Shares of the mutations that reach the server, and that it refuses: fewer would prove little."""


async def send(port: int, raw: bytes) -> None:
    """Send, and wait for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        writer.write_eof()
        async with asyncio.timeout(ANSWER_S_MAX):
            while await reader.read(65536):
                pass
    except OSError:
        pass  # a proxy may break a connection that it does not understand
    finally:
        writer.close()


@pytest.mark.parametrize("kind", ["nginx", "nginx-unbuffered", "haproxy"])
@pytest.mark.parametrize("share", [10_000, pytest.param(200_000, marks=pytest.mark.drill)])
def test_a_proxy_and_the_server_agree(kind: str, share: int, tmp_path: Path) -> None:
    async def run() -> None:
        recorder = Recorder()
        await recorder.start()
        numbers = iter(range(share))

        async def client(port: int) -> None:
            for number in numbers:
                await send(port, mutated(SEED, number))

        try:
            with front(kind, recorder.port, tmp_path) as proxy:
                await asyncio.gather(*(client(proxy.port) for _ in range(AT_ONCE)))
                wrong = list(proxy.disagreements(recorder.read))
                lost = list(proxy.disagreements(recorder.read[1:]))
                other = msgspec.structs.replace(recorder.read[0], headers=[])
                forged = list(proxy.disagreements([other, *recorder.read[1:]]))
        finally:
            await recorder.stop()
        assert wrong == []
        assert lost, "it would not have been noticed"
        assert forged, "it would not have been noticed"
        words = Counter(one.message for one in recorder.refused)
        print(  # noqa: T201 - figures, shown by pytest -s
            f"{kind}: {len(recorder.read)} read, {len(recorder.refused)} refused: {words}"
        )
        assert len(recorder.read) > LET_IN_MIN * share
        assert len(recorder.refused) > REFUSED_MIN * share

    uvloop.run(run())
