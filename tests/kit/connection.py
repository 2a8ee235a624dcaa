"""One connection of a scripted provider: read a request, carry out its script, and again.

Knows one socket and the steps of ``kit.steps``. Refuses to choose a script or to keep the record:
its host, ``kit.provider``, does both.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from kit.recorded import REQUEST_BYTES_MAX, Recorded, head_end, request_end
from kit.steps import Close, Pause, Read, Reset, Script, Step

POLL_S = 0.002
"""How often an event is looked at: a thread's event cannot wake an asyncio task by itself."""

WRITE_BYTES = 64 * 1024
"""Written at a time, so that ``sent_bytes`` says closely how much the kernel has taken."""


@dataclass(frozen=True)
class Manners:
    """How connections are treated beside what scripts say."""

    requests_per_connection: int | None = None
    """Close, without having said so, after this many answers."""
    idle_s: float | None = None
    """Close a kept connection that has been idle for this long."""
    greeting: tuple[Step, ...] = ()
    """Done when a connection opens, before anything is read."""


class Host(Protocol):
    """What a connection asks of its provider."""

    manners: Manners
    requests: list[Recorded]
    faults: list[BaseException]

    def opened(self, connection: Connection) -> int:
        """Count a connection in; its number."""

    def closed(self, connection: Connection) -> None:
        """Count a connection out."""

    def changed(self) -> None:
        """Wake whoever waits for something to hold."""

    def take_script(self) -> Script:
        """The script for a request that has just begun."""


class Connection(asyncio.Protocol):
    """Both ends are told apart by who leaves first: ``left_s`` is set only when the peer did.

    A peer that closes its sending half counts as gone, and ends the script that runs: no client of
    a model's provider closes half a connection and goes on reading.
    """

    def __init__(self, host: Host) -> None:
        self.idle = False
        """It waits for a request of which nothing has arrived."""
        self.gone = asyncio.Event()
        """Its socket is closed."""
        self._host = host
        self._number = 0
        self._inbox = bytearray()
        self._last_s = 0.0
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._leaving = False
        self._request: Recorded | None = None

    def leave(self, *, reset: bool) -> None:
        """Close, or break, the connection."""
        self._leaving = True
        if reset:
            # Lingering for no time makes close send RST instead of FIN.
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self._transport.abort()
        else:
            self._transport.close()

    # --- told by the loop -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to live."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(0)  # a written byte is in the kernel's hands
        self._number = self._host.opened(self)
        self._task = asyncio.get_running_loop().create_task(self._live())
        self._task.add_done_callback(self._ended)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and when."""
        self._last_s = time.monotonic()
        self._inbox += data
        if len(self._inbox) > REQUEST_BYTES_MAX:
            self._host.faults.append(MemoryError(f"a request over {REQUEST_BYTES_MAX} bytes"))
            self.leave(reset=True)
        self._arrived.set()

    def eof_received(self) -> None:
        """The peer will send no more; the transport closes itself."""
        self._note_leave()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        self._note_leave()
        self._task.cancel()
        self._host.closed(self)
        self.gone.set()

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The kernel has taken everything."""
        self._writable.set()

    def _note_leave(self) -> None:
        if not self._leaving and self._request is not None and self._request.left_s is None:
            self._request.left_s = time.monotonic()
            self._host.changed()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._host.faults.append(error)
            self._host.changed()
            self.leave(reset=True)

    # --- its life ---------------------------------------------------------------------------------

    async def _live(self) -> None:
        manners = self._host.manners
        await self._follow(manners.greeting)
        answers = 0
        while not self._leaving:
            request = await self._next_request(manners.idle_s)
            if request is None or self._leaving:
                return
            answers += 1
            last = request.header("connection") == "close"
            if (last or answers == manners.requests_per_connection) and not self._leaving:
                self.leave(reset=False)

    async def _next_request(self, idle_s: float | None) -> Recorded | None:
        """Read a request and carry out its script; None when none came in time."""
        try:
            async with asyncio.timeout(idle_s):
                self.idle = True
                while not self._inbox:
                    await self._more()
        except TimeoutError:
            self.leave(reset=False)
            return None
        finally:
            self.idle = False
        while (head_bytes := head_end(self._inbox)) is None:
            await self._more()
        script = self._host.take_script()
        early = isinstance(script, Sequence) and any(isinstance(step, Read) for step in script)
        self._request = request = Recorded(
            self._number, bytes(self._inbox[:head_bytes]), head_bytes, self._last_s
        )
        if not early:
            await self._read_body(request)
        self._host.requests.append(request)
        self._host.changed()
        await self._follow(script(request) if callable(script) else script)
        request.answered = True
        self._host.changed()
        return request

    async def _read_body(self, request: Recorded) -> None:
        while (end := request_end(self._inbox)) is None:
            await self._more()
        request.raw = bytes(self._inbox[:end])
        request.at_s = self._last_s
        del self._inbox[:end]

    async def _more(self) -> None:
        self._arrived.clear()
        await self._arrived.wait()

    async def _follow(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, bytes):
                await self._send(step)
            elif isinstance(step, Pause):
                await _pause(step)
            elif isinstance(step, Read):
                assert self._request is not None, "a greeting cannot read"
                await self._read_body(self._request)
            elif isinstance(step, Close | Reset):
                self.leave(reset=isinstance(step, Reset))
                return
            else:  # WaitForClose: the peer's leaving cancels this task
                await asyncio.sleep(step.at_most_s)
                raise TimeoutError(f"the peer did not close within {step.at_most_s} s")

    async def _send(self, data: bytes) -> None:
        for at in range(0, len(data), WRITE_BYTES):
            piece = data[at : at + WRITE_BYTES]
            self._transport.write(piece)
            await self._writable.wait()
            # A script without an end must not keep the loop from hearing that the peer has left,
            # and nothing is sent to a peer of whom that is known: this task is about to be ended.
            await asyncio.sleep(0)
            if self._transport.is_closing():
                await self.gone.wait()
            if self._request is not None:
                self._request.sent_bytes += len(piece)
                self._host.changed()


async def _pause(step: Pause) -> None:
    if isinstance(step.until, float | int):
        await asyncio.sleep(step.until)
        return
    deadline_s = time.monotonic() + step.at_most_s
    while not step.until.is_set():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"a pause's event was not set within {step.at_most_s} s")
        await asyncio.sleep(POLL_S)
