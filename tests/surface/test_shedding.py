"""An overloaded door: what it refuses, and that it reads no request for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edges.recorder import ANSWER, Recorder
from glimway.surface.pressure import REQUESTS_MAX

CALL = b"/v1/chat/completions"
WAIT_S = 10.0


def ask(
    body: bytes = b"{}", path: bytes = CALL, more: bytes = b"", method: bytes = b"POST"
) -> bytes:
    head = b"%b %b HTTP/1.1\r\nhost: here\r\n%bcontent-length: %d\r\n\r\n"
    return head % (method, path, more, len(body)) + body


class Caller:
    """One connection to an overloaded door."""

    def __init__(
        self, door: Recorder, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.door = door
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def status(self) -> int:
        """Of the next answer, which is read whole."""
        async with asyncio.timeout(WAIT_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await self.reader.readexactly(size)
        status = int(head.split(b" ", 2)[1])
        assert (body == ANSWER) == (status == 200)
        return status

    async def asked(self, data: bytes) -> int:
        self.send(data)
        return await self.status()

    async def ended(self) -> bool:
        async with asyncio.timeout(WAIT_S):
            return not await self.reader.read()


def overloaded(part: Callable[[Caller], Awaitable[None]]) -> None:
    """Play a part with a caller of a door that lets no call in."""

    async def play() -> None:
        door = Recorder(frozenset({CALL}))
        await door.start()
        door.pressure.requests_max = 0.0
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        try:
            await part(Caller(door, reader, writer))
        finally:
            writer.close()
            await door.stop()

    asyncio.run(play())


def test_calls_are_refused_again_and_again_on_one_connection() -> None:
    async def part(caller: Caller) -> None:
        for _ in range(20):
            assert await caller.asked(ask()) == 503
        assert caller.door.read == []

    overloaded(part)


def test_the_same_call_is_let_in_when_there_is_room_again() -> None:
    async def part(caller: Caller) -> None:
        for _ in range(3):
            assert await caller.asked(ask(b"one")) == 503
        caller.door.pressure.requests_max = float(REQUESTS_MAX)
        assert await caller.asked(ask(b"two")) == 200
        assert [request.body for request in caller.door.read] == [b"two"]

    overloaded(part)


def test_other_paths_are_answered_between_refusals() -> None:
    async def part(caller: Caller) -> None:
        for _ in range(3):
            assert await caller.asked(ask()) == 503
            assert await caller.asked(ask(path=b"/health/live")) == 200

    overloaded(part)


def test_a_call_in_pieces_is_one_call() -> None:
    async def part(caller: Caller) -> None:
        whole = ask(b"x" * 100)
        for cut in (0, 10, len(whole) - 50, len(whole) - 1):
            caller.send(whole[:cut])
            await asyncio.sleep(0.001)
            assert await caller.asked(whole[cut:]) == 503

    overloaded(part)


@pytest.mark.parametrize("bodies", [(b"", b""), (b"{}", b"{}"), (b"a", b"bb"), (ask(), ask())])
def test_pipelined_calls_are_each_refused(bodies: tuple[bytes, bytes]) -> None:
    async def part(caller: Caller) -> None:
        both = b"".join(ask(body) for body in bodies)
        for _ in range(3):
            caller.send(both)
            assert [await caller.status(), await caller.status()] == [503, 503]
        assert await caller.asked(ask(path=b"/health/live")) == 200

    overloaded(part)


def test_a_body_that_looks_like_a_call_is_none() -> None:
    async def part(caller: Caller) -> None:
        # The end of a body, and behind it the head and the body of which a call may consist.
        inner = ask(b"{}")
        outer = ask(b"x" * 10 + inner)
        for _ in range(3):
            caller.send(outer[: -len(inner)])
            await asyncio.sleep(0.001)
            assert await caller.asked(inner) == 503
        assert await caller.asked(inner) == 503
        caller.door.pressure.requests_max = float(REQUESTS_MAX)
        assert await caller.asked(inner) == 200
        assert [request.body for request in caller.door.read] == [b"{}"]

    overloaded(part)


def test_a_chunked_call_is_read_as_such() -> None:
    async def part(caller: Caller) -> None:
        head = ask().partition(b"content-length")[0] + b"transfer-encoding: chunked\r\n\r\n"
        for pieces in (b"2\r\n{}\r\n0\r\n\r\n", b"0\r\n\r\n", b"3\r\n{ }\r\n0\r\n\r\n"):
            assert await caller.asked(head + pieces) == 503
        assert await caller.asked(ask(path=b"/health/live")) == 200

    overloaded(part)


def test_what_breaks_the_rules_is_refused_for_that() -> None:
    async def part(caller: Caller) -> None:
        assert await caller.asked(ask()) == 503
        assert await caller.asked(ask().replace(b"host: here\r\n", b"")) == 400
        assert await caller.ended()

    overloaded(part)


def test_who_wants_to_close_is_told_and_closed() -> None:
    async def part(caller: Caller) -> None:
        assert await caller.asked(ask()) == 503
        assert await caller.asked(ask(more=b"connection: close\r\n")) == 503
        assert await caller.ended()

    overloaded(part)


def test_a_head_is_asked_for_without_a_body() -> None:
    async def part(caller: Caller) -> None:
        for _ in range(2):
            caller.send(ask(b"", method=b"HEAD"))
            async with asyncio.timeout(WAIT_S):
                head = await caller.reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
        assert await caller.asked(ask(path=b"/health/live")) == 200

    overloaded(part)


def test_who_leaves_before_the_refusal_is_forgotten() -> None:
    async def part(caller: Caller) -> None:
        assert await caller.asked(ask()) == 503
        caller.send(ask())
        caller.writer.transport.abort()
        pressure, curtness = caller.door.pressure, caller.door.pressure.curtness
        async with asyncio.timeout(WAIT_S):
            while pressure.connections or curtness.waiting:  # noqa: ASYNC110 - they tell nobody
                await asyncio.sleep(0.001)

    overloaded(part)
