"""A provider that does what a script says, over real sockets.

Knows sockets, when requests begin and end, and how to carry out ``kit.steps``. Refuses to know any
dialect: what is sent is bytes, which ``kit.answers`` can make.

    with ScriptedProvider() as provider:
        provider.script(answers.whole(answers.chat()), Close())
        ...call provider.url...
        assert provider.requests[0].json()["model"] == "m"

It runs in a thread of its own, so that a blocking test and a program under test are the same to it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self

from kit.certificates import Certificates
from kit.connection import Connection, Manners
from kit.recorded import Recorded
from kit.steps import Script, Scripts, Step

START_S = 10.0
"""How long the provider's own thread may take to start or stop."""


class ScriptedProvider:
    """A server on a free loopback port; use it as a context manager.

    Leaving the context raises what went wrong inside: a request that nobody scripted, a step that
    waited in vain.

    Args:
        manners: keep-alive and greeting.
        tls: serve https with these certificates.
    """

    def __init__(self, manners: Manners | None = None, *, tls: Certificates | None = None) -> None:
        self.manners = manners or Manners()
        self.requests: list[Recorded] = []
        """Every request, in the order in which they became complete."""
        self.connections_total = 0
        self.faults: list[BaseException] = []
        """What went wrong inside; raised when the context ends."""
        self.port = 0
        self._tls = tls
        self._scripts = Scripts()
        self._open: set[Connection] = set()
        self._changed = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="scripted-provider", daemon=True
        )
        self._stopping = asyncio.Event()

    # --- for the test -----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Scheme, address and port, without a path."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def connections_open(self) -> int:
        """Connections that are open now."""
        return len(self._open)

    def script(self, *steps: Step) -> None:
        """Steps for one more request; requests take their scripts in order of arrival."""
        self._scripts.waiting.append(steps)

    def script_by(self, script: Script) -> None:
        """As ``script``, for a function that makes the steps from the request."""
        self._scripts.waiting.append(script)

    def always(self, *steps: Step) -> None:
        """Steps for every request that has no script of its own."""
        self._scripts.always = steps

    def always_by(self, script: Script) -> None:
        """As ``always``, for a function that makes the steps from the request."""
        self._scripts.always = script

    def wait_until(self, holds: Callable[[], bool], within_s: float = 10.0) -> None:
        """Wait until something holds; it is looked at again at everything that happens here.

        Raises:
            TimeoutError: it did not hold in time.
        """
        with self._changed:
            if not self._changed.wait_for(holds, within_s):
                raise TimeoutError(
                    f"not within {within_s} s: {len(self.requests)} requests, "
                    f"{self.connections_open} of {self.connections_total} connections open, "
                    f"faults {self.faults}"
                )

    def wait_for_requests(self, n: int, within_s: float = 10.0) -> list[Recorded]:
        """Wait until ``n`` requests have arrived whole, and return them all."""
        self.wait_until(lambda: len(self.requests) >= n, within_s)
        return self.requests

    def wait_for_leave(self, request: Recorded, within_s: float = 10.0) -> float:
        """Wait until the peer has closed the request's connection; the moment, monotonic."""
        self.wait_until(lambda: request.left_s is not None, within_s)
        assert request.left_s is not None
        return request.left_s

    def drop_idle(self, *, reset: bool = False) -> int:
        """Close every kept connection that waits for a request; how many there were.

        Args:
            reset: break them instead, as a crash would.
        """

        async def drop() -> int:
            idle = [connection for connection in self._open if connection.idle]
            for connection in idle:
                connection.leave(reset=reset)
            return len(idle)

        assert self._loop is not None, "the provider has not been started"
        return asyncio.run_coroutine_threadsafe(drop(), self._loop).result(START_S)

    # --- for the connections ----------------------------------------------------------------------

    def take_script(self) -> Script:
        """The script for a request that has just begun."""
        script = self._scripts.take()
        if script is None:
            raise LookupError("a request came for which there is no script")
        return script

    def opened(self, connection: Connection) -> int:
        """Count a connection in; its number."""
        self._open.add(connection)
        self.connections_total += 1
        self.changed()
        return self.connections_total - 1

    def closed(self, connection: Connection) -> None:
        """Count a connection out."""
        self._open.discard(connection)
        self.changed()

    def changed(self) -> None:
        """Wake whoever waits for something to hold."""
        with self._changed:
            self._changed.notify_all()

    # --- its life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait_until(lambda: self.port != 0 or bool(self.faults), START_S)
        if self.faults:
            raise self.faults[0]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(START_S)
        assert not self._thread.is_alive(), "the provider's thread does not end"
        if self.faults and kind is None:
            raise self.faults[0]

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            context = self._tls_context()
            listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
            # Inherited by what it accepts: the kernel must not hold a step back for the next one.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = await self._loop.create_server(
                lambda: Connection(self), sock=listener, ssl=context
            )
        except OSError as error:  # a certificate's trouble is one too
            self.faults.append(error)
            self.changed()
            return
        self.port = listener.getsockname()[1]
        self.changed()
        await self._stopping.wait()
        server.close()
        async with asyncio.timeout(START_S):
            for connection in list(self._open):
                connection.leave(reset=True)
                await connection.gone.wait()

    def _tls_context(self) -> ssl.SSLContext | None:
        if self._tls is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._tls.certificate, self._tls.key)
        return context
