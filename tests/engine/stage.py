"""A gateway and the scripted provider behind it, with the few words in which tests ask them.

Knows one chat call and where its receipt is read. Refuses to know what is tested.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kit.gateway import Gateway, config
from kit.http import Client, Response, call
from kit.provider import ScriptedProvider
from kit.recorded import Recorded

CHAT = "/v1/chat/completions"
PRICE = {"input": "1000", "output": "2000"}
"""USD per million tokens."""
COST_NANOUSD = 17_000_000
"""What the answers of ``kit.answers`` cost, which report 7 and 5 tokens."""

ADMIN_KEY = "glimadmin_of_these_tests"

UNLIMITED = """
[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[routing]
attempts = 1
"""
"""What is tested is one try; ``test_failover_http`` has the rest."""

TRIES = 3
"""A deadline must be exact in one of so many tries: the machine may be busy with other tests."""
EXACT_S = 0.1
"""How exact deadlines are."""


class Stage:
    """Ask the gateway, and read its books."""

    def __init__(self, gateway: Gateway, provider: ScriptedProvider) -> None:
        self.gateway = gateway
        self.provider = provider
        self.key = gateway.key
        self.key_id = gateway.key_id

    def body(self, model: str = "lab/m", *, stream: bool = False, **more: Any) -> dict[str, Any]:
        """The smallest chat call."""
        asked = {"model": model, "messages": [{"role": "user", "content": "Hi."}], "stream": stream}
        return asked | more

    def headers(self) -> dict[str, str]:
        """What authorizes a request."""
        return {"authorization": f"Bearer {self.key}"}

    def ask(self, model: str = "lab/m", *, stream: bool = False, **more: Any) -> Client:
        """Send a call on a connection of its own; its answer is still to be read."""
        client = self.gateway.client()
        client.post_json(CHAT, self.body(model, stream=stream, **more), self.headers())
        return client

    def call(self, model: str = "lab/m", *, stream: bool = False, **more: Any) -> Response:
        """One call and its whole answer."""
        with self.ask(model, stream=stream, **more) as client:
            return client.read_response()

    def keyed(self, **limits: int) -> Stage:
        """The same gateway, asked with a key of its own that has these limits."""
        asked = {"name": "of a test", "limits": limits}
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        made = call(self.gateway.url + "/admin/v1/keys", asked, headers)
        assert made.status == 201, made.body
        other = Stage(self.gateway, self.provider)
        other.key, other.key_id = made.json()["key"], made.json()["id"]
        return other

    def receipt(self, response: Response) -> dict[str, Any]:
        """The receipt of an answer."""
        request_id = response.header("x-request-id")
        assert request_id is not None
        found = self.gateway.get("/v1/generations/" + request_id)
        assert found.status == 200, found.body
        document = found.json()
        assert isinstance(document, dict)
        return document

    def has_receipt(self, response: Response) -> bool:
        """Whether an answer has one."""
        request_id = response.header("x-request-id")
        return self.gateway.get(f"/v1/generations/{request_id}").status == 200

    @contextmanager
    def arrivals(self) -> Iterator[list[Recorded]]:
        """Fills with the requests that reach the provider meanwhile, when it is left."""
        before = len(self.provider.requests)
        arrived: list[Recorded] = []
        yield arrived
        arrived += self.provider.requests[before:]

    def rest(self) -> None:
        """Let every kept connection of the pool go, so that the next one is fresh."""
        self.provider.drop_idle()
        self.provider.wait_until(lambda: not self.provider.connections_open)


@contextmanager
def staged(more: str = "", **tables: Any) -> Iterator[Stage]:
    """A gateway without limits before a scripted provider.

    Args:
        more: further configuration; ``{url}`` in it becomes the provider's address.
        tables: further values for ``more``.
    """
    with ScriptedProvider() as provider:
        text = UNLIMITED + more.format(url=provider.url, **tables)
        environment = {"GLIMWAY_ADMIN_KEY": ADMIN_KEY}
        written = config(provider.url, price=PRICE, more=text)
        with Gateway(written, environment=environment) as gateway:
            yield Stage(gateway, provider)


def exactly(due_s: float, once: Callable[[], float]) -> None:
    """Measure until it took ``due_s``, and at most 100 ms more; never less.

    Args:
        due_s: when the deadline is due.
        once: does it once; says how long it took, in seconds.
    """
    took: list[float] = []
    for _ in range(TRIES):
        took.append(once())
        # The wheel's clock and this one are not read in the same moment.
        assert took[-1] >= due_s - 0.005, f"{took[-1]:.3f} s is too early for {due_s} s"
        if took[-1] <= due_s + EXACT_S:
            return
    raise AssertionError(f"due after {due_s} s, came after {took} s")


class Watch:
    """Says how long ago it was made."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()

    @property
    def s(self) -> float:
        """Seconds since."""
        return time.monotonic() - self._began_s
