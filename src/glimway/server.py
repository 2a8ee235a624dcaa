"""The listening server and its end.

Knows how the server starts, and how it drains: readiness falls first, idle connections close, live
answers finish inside the window, the rest are cut in the words of their dialect, and all of them
settle. Refuses to know what a request is.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn

from glimway.engine.house import House
from glimway.heap import keep_freed_memory
from glimway.hugepages import KEYS_MIN, HugePages
from glimway.surface.accepting import Accepting
from glimway.welcome import Welcome

GC_YOUNG_OBJECTS = 50_000
"""A request leaves no cycles behind, so the collector rarely finds anything; it runs seldom."""

CUT_WAIT_S = 2.0
"""How long requests that are cut may take to say so and to settle, and clients to take it."""

POLL_S = 0.02

EXIT_CLEAN = 0
EXIT_CUT = 3
"""The window was over, or a second signal came, before all answers had ended."""


class Server(uvicorn.Server):
    """Uvicorn's server with our own end.

    Args:
        config: uvicorn's.
        house: told that no more requests are wanted.
        told: says where the server listens.
        window_s: how long running answers may go on after the signal.
    """

    def __init__(
        self, config: uvicorn.Config, house: House, told: Welcome, window_s: float
    ) -> None:
        super().__init__(config)
        self._accepting: Accepting | None = None
        self._window_s = window_s
        self._house = house
        self._told = told
        self.exit_code = EXIT_CLEAN
        self._pages = HugePages(lambda: len(house.keys.now) >= KEYS_MIN)

    async def startup(self, sockets: Any = None) -> None:
        """Start, then say where."""
        config, connection = self.config, cast("Any", self.config.http_protocol_class)
        accepting = self._accepting = Accepting(
            lambda: connection(config=config, server_state=self.server_state, app_state={})
        )

        def let_in(**given: Any) -> Any:
            accepting.more()
            return connection(**given)

        config.http_protocol_class = let_in  # type: ignore[assignment]  # called, never more
        await super().startup(sockets)
        if self.started:
            accepting.begin(self.servers)
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._told.say(str(host), int(port))
            keep_freed_memory()
            self._pages.start()
            # What lives now lives for good: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(GC_YOUNG_OBJECTS, 20, 100)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals on the loop. Uvicorn would raise them again at the end, and the process
        would die by them before the books are closed."""
        loop = asyncio.get_running_loop()
        wanted = (signal.SIGTERM, signal.SIGINT)
        for number in wanted:
            loop.add_signal_handler(number, self._signalled)
        try:
            yield
        finally:
            for number in wanted:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: Any = None) -> None:
        """Drain; what does not end in time is cut, and settles."""
        self._house.draining = True
        self._pages.stop()
        # Whoever stands in the kernel's queue has been told that we listen, and is let in first.
        if self._accepting is not None:
            self._accepting.end()
        for server in self.servers:
            server.close()
        if self._accepting is not None:
            await self._accepting.settled()
        await asyncio.sleep(0)  # and whom the loop itself has let in
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        await self._until(lambda: self.force_exit or self._ended(), self._window_s)
        for task in list(state.tasks):
            self.exit_code = EXIT_CUT
            task.add_done_callback(state.tasks.discard)  # it may not have taken its first step
            task.cancel()
        await self._until(self._ended, CUT_WAIT_S)

    def _ended(self) -> bool:
        return not self.server_state.tasks and not self.server_state.connections

    @staticmethod
    async def _until(holds: Callable[[], bool], within_s: float) -> None:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + within_s
        while not holds() and loop.time() < deadline_s:  # noqa: ASYNC110 - sets tell nobody
            await asyncio.sleep(POLL_S)

    def _signalled(self) -> None:
        if self.should_exit:
            self.force_exit = True  # the second one: end at once
        self._house.draining = True
        self.should_exit = True
