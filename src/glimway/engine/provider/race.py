"""Connecting to the first of several addresses that answers.

Knows the order of Happy Eyeballs and how it treats a silent address
(https://www.rfc-editor.org/rfc/rfc8305). Refuses to choose the addresses and to speak over what it
has connected.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import Final

from glimway.engine.provider.resolver import Address
from glimway.wire.refusal import Fault

NEXT_AFTER_S: Final = 0.25
"""An address that has not answered by then gets company (RFC 8305, section 5)."""

KEEPALIVE_IDLE_S: Final = 60
KEEPALIVE_EVERY_S: Final = 30
KEEPALIVE_PROBES: Final = 4
"""A long thought sends nothing for minutes. Address translators forget a silent connection after
as little as 350 s, and a peer that lost its power says no goodbye: the kernel asks."""

_OPTIONS: Final = tuple(
    (getattr(socket, name), value)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPALIVE", KEEPALIVE_IDLE_S),  # macOS's name for the same
        ("TCP_KEEPINTVL", KEEPALIVE_EVERY_S),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    )
    if hasattr(socket, name)
)


def in_order(addresses: Iterable[Address], first: int = socket.AF_INET6) -> list[Address]:
    """Both families by turns, the ``first`` one first; each in its own order."""
    found = list(addresses)
    these = [one for one in found if one.family == first]
    others = [one for one in found if one.family != first]
    pairs = chain.from_iterable(zip_longest(these, others))
    return [one for one in pairs if one is not None]


async def connect_first(addresses: list[Address], port: int) -> socket.socket:
    """A socket that is connected to one of the addresses; the others' attempts are given up.

    Args:
        addresses: in the order in which they are tried.
        port: the same at all of them.

    Raises:
        Fault: ``unreachable``, with what each address said.
    """
    errors: dict[Address, OSError] = {}
    if len(addresses) == 1:
        try:
            return await _connect(addresses[0], port)
        except OSError as error:
            errors[addresses[0]] = error
    else:
        winner = await _race(iter(addresses), port, errors)
        if winner is not None:
            return winner
    said = "; ".join(f"{one.place(port)} {_said(error)}" for one, error in errors.items())
    raise Fault("unreachable", f"connect: {said}")


async def _race(
    waiting: Iterator[Address], port: int, errors: dict[Address, OSError]
) -> socket.socket | None:
    """The first connected socket, or None once every address has failed."""
    trying: dict[asyncio.Task[socket.socket], Address] = {}
    more = True
    try:
        while True:
            if more:
                address = next(waiting, None)
                if address is not None:
                    trying[asyncio.create_task(_connect(address, port))] = address
                elif not trying:
                    return None
                more = address is not None
            done, _ = await asyncio.wait(
                trying,
                timeout=NEXT_AFTER_S if more else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    del trying[task]
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                errors[trying.pop(task)] = error
            more = more or not trying
    finally:
        await _give_up(trying)


async def _give_up(trying: Iterable[asyncio.Task[socket.socket]]) -> None:
    """Cancel attempts, and close those that succeeded at the same moment as another."""
    for task in trying:
        task.cancel()
    for ended in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(ended, socket.socket):
            ended.close()


async def _connect(address: Address, port: int) -> socket.socket:
    # The protocol is named because asyncio only then sends small writes at once (TCP_NODELAY).
    made = socket.socket(address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _OPTIONS:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
        await asyncio.get_running_loop().sock_connect(made, address.at(port))
    except BaseException:
        made.close()
        raise
    return made


def _said(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
