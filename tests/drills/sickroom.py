"""Providers that are down, each in its own way, until they are told to be well.

Knows the three ways in which a provider is usually away, and how to count who knocks. Refuses to
know who asks and what is expected of them.

A provider that refuses connections cannot count them: whoever wants to know asks the receipts.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import Literal, cast

from drills.rack import BACKLOG
from kit import answers
from kit.recorded import request_end

Illness = Literal["refuses", "fails", "resets"]
"""Nobody listens; every answer is a 500 or a 503; a connection breaks when a request has come."""

RETRY_AFTER_S = 1
"""What every second answer of one that fails asks for."""

_NAME = re.compile(rb"request (\d+)\.")
_ERRORS = (
    answers.error(500, "It broke."),
    answers.error(503, "Later.", {"retry-after": str(RETRY_AFTER_S)}),
)
_GOOD = answers.whole(answers.chat("Well again."))


class Patient:
    """One provider, which is ill from the start. ``start`` and ``stop`` it in the drill's loop.

    Args:
        illness: how.
    """

    def __init__(self, illness: Illness) -> None:
        self.illness = illness
        self.well = False
        self.connections = 0
        """Accepted."""
        self.numbers: list[int] = []
        """Of the requests that came, in their order."""
        self.open: set[_Bed] = set()
        self._socket = socket.socket()
        self._server: asyncio.Server | None = None
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    @property
    def attempts(self) -> int:
        """What has knocked here, as far as it can be seen from here."""
        return max(self.connections, len(self.numbers))

    async def start(self) -> None:
        """Be there, as ill as it is."""
        if self.illness != "refuses":
            await self._listen()

    async def heal(self) -> None:
        """Answer well from now on."""
        self.well = True
        if self._server is None:
            await self._listen()

    async def stop(self) -> None:
        """Close everything."""
        for bed in list(self.open):
            bed.break_off()
        if self._server is None:
            self._socket.close()
        else:
            self._server.close()
            await self._server.wait_closed()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Bed(self), sock=self._socket, backlog=BACKLOG
        )


class _Bed(asyncio.Protocol):
    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._inbox = bytearray()

    def break_off(self) -> None:
        """Reset the connection."""
        own: socket.socket = self._transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._patient.connections += 1
        self._patient.open.add(self)

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        end = request_end(self._inbox)
        if end is None:
            return
        request = bytes(self._inbox[:end])
        del self._inbox[:end]
        found = _NAME.search(request)
        assert found is not None, request
        patient = self._patient
        patient.numbers.append(int(found[1]))
        if patient.well:
            self._transport.write(_GOOD)
        elif patient.illness == "resets":
            self.break_off()
        else:
            self._transport.write(_ERRORS[len(patient.numbers) % len(_ERRORS)])

    def connection_lost(self, exc: Exception | None) -> None:
        self._patient.open.discard(self)
