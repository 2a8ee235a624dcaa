"""A sandbox on a loop of its own, and a client's view of it.

Knows how to start one and how to ask it. Refuses to look at answers. The loop runs in a thread,
so that tests speak to it as another program would.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

import uvloop

from glimway.sandbox import Bounds, Sandbox
from kit.http import Client, Response

T = TypeVar("T")

QUESTION = "What is the weather in Paris tomorrow?"
WAIT_S = 20.0

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


class Stage:
    """One running sandbox.

    Args:
        loop: which kind of loop.
        bounds: of the sandbox.
        options: more of its arguments.
    """

    def __init__(self, loop: str = "asyncio", bounds: Bounds | None = None, **options: Any) -> None:
        self._loop = LOOPS[loop]()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox")
        self.naps_s: list[float] = []
        """What the sandbox slept for; it does not really sleep."""
        given = {"sleep": self._nap, "bounds": bounds or Bounds(), **options}
        self._thread.start()
        self.sandbox: Sandbox = self.run(self._made(given))

    async def _made(self, options: dict[str, Any]) -> Sandbox:
        return Sandbox(**options)

    async def _nap(self, wait_s: float) -> None:
        self.naps_s.append(wait_s)

    def __enter__(self) -> Self:
        self.run(self.sandbox.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.sandbox.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the sandbox's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    def client(self) -> Client:
        """A new connection."""
        return Client(f"http://127.0.0.1:{self.sandbox.port}", timeout_s=WAIT_S)

    def sent(self, model: str, text: str = QUESTION, **body: Any) -> Client:
        """A new connection with a request on it; ``family`` and ``headers`` are no members."""
        client = self.client()
        family, headers = body.pop("family", ""), body.pop("headers", None)
        path = f"/{family}/v1/chat/completions" if family else "/v1/chat/completions"
        client.post_json(path, asking(model, text, **body), headers)
        return client

    def ask(self, model: str, text: str = QUESTION, **body: Any) -> Response:
        """One request and its whole answer, on a connection of its own."""
        with self.sent(model, text, **body) as client:
            return client.read_response()


def asking(model: str, text: str = QUESTION, **body: Any) -> dict[str, Any]:
    """A chat request with one user message."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **body}
