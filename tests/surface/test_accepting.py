from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
import uvloop

from glimway.surface.accepting import Accepting

CLIENTS = 40
TURNS_MAX = 5


class Door:
    """A server whose protocol only counts."""

    def __init__(self) -> None:
        self.transports: list[asyncio.BaseTransport] = []
        self.accepting = Accepting(lambda: Guest(self))

    async def open(self) -> None:
        def let_in() -> Guest:
            self.accepting.more()
            return Guest(self)

        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(let_in, "127.0.0.1", 0, backlog=CLIENTS)
        self.accepting.begin([self.server])

    def connect(self, stack: contextlib.ExitStack) -> list[socket.socket]:
        """Clients that stand in the kernel's queue."""
        address = self.server.sockets[0].getsockname()
        return [
            stack.enter_context(socket.create_connection(address, timeout=5))
            for _ in range(CLIENTS)
        ]

    async def close(self) -> None:
        self.accepting.end()
        self.server.close()
        for transport in self.transports:
            transport.close()
        await asyncio.sleep(0.01)


class Guest(asyncio.Protocol):
    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._door.transports.append(transport)


async def turns(n: int) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
def test_all_who_wait_are_let_in_together(run: object) -> None:
    async def scene() -> None:
        door = Door()
        await door.open()
        with contextlib.ExitStack() as stack:
            door.connect(stack)
            await turns(TURNS_MAX)
            assert len(door.transports) == CLIENTS
            await door.close()

    assert callable(run)
    run(scene())


def test_at_the_end_who_waits_is_let_in_and_nobody_after() -> None:
    async def scene() -> None:
        door = Door()
        await door.open()
        address = door.server.sockets[0].getsockname()
        with contextlib.ExitStack() as stack:
            clients = door.connect(stack)
            door.accepting.end()
            door.server.close()
            await door.accepting.settled()
            assert len(door.transports) == len(clients)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            await door.close()

    uvloop.run(scene())


def test_who_leaves_while_being_let_in_is_nobodys_loss() -> None:
    async def scene() -> None:
        door = Door()
        await door.open()
        with contextlib.ExitStack() as stack:
            for client in door.connect(stack):
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                client.close()
            await turns(TURNS_MAX)
            await door.close()

    uvloop.run(scene())
