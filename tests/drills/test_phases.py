from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from drills.books import ENVIRONMENT, PRICE, wait_for_receipts
from glimway.domain.receipt import Receipt
from kit import answers, ports
from kit.gateway import Gateway, config
from kit.http import Client
from kit.provider import ScriptedProvider
from kit.recorded import Recorded
from kit.steps import Step, WaitForClose

STOP_S_MAX = 0.25
POLL_S = 0.002
CHAT = "/v1/chat/completions"
COMMIT_MS = 50

HEAD, ROLE, *REST = answers.stream(answers.chat_frames())
*TEXTS, FINISH, USAGE, DONE, LAST_CHUNK = REST

MORE = """
[routing]
attempts = 1

[limits.default]
requests_per_minute = 0
tokens_per_minute = 0
concurrency = 0

[[providers]]
id = "rack2" # as rack1, but streams are soon committed to
profile = "openai"
base_url = "{url}/v1"
private = true
deadlines = {{ commit_after_ms = {commit_ms} }}

[[providers]]
id = "nobody"
profile = "openai"
base_url = "http://127.0.0.1:{silent}/v1"
private = true

[[models]]
id = "lab/committed"
endpoints = [{{ provider = "rack2", model = "m", price = {{ input = "1", output = "1" }} }}]

[[models]]
id = "lab/nobody"
endpoints = [{{ provider = "nobody", model = "m", price = {{ input = "1", output = "1" }} }}]
"""


@dataclass
class Scene:
    """A gateway, its provider, and clients that know their requests' names."""

    gateway: Gateway
    provider: ScriptedProvider
    key: str = ""
    _names: Iterator[str] = field(default_factory=lambda: map("phase-{}".format, itertools.count()))

    def ask(self, model: str = "lab/m", *, stream: bool = True) -> tuple[Client, str]:
        """Send a request; its client, and the id it gave."""
        client, name = self.gateway.client(), next(self._names)
        asked = {"model": model, "messages": [{"role": "user", "content": "Hi."}], "stream": stream}
        key = self.key or self.gateway.key
        client.post_json(CHAT, asked, {"authorization": f"Bearer {key}", "x-request-id": name})
        return client, name

    def arrived(self, before: int) -> Recorded:
        """The one request that has reached the provider since there were ``before``."""
        (request,) = self.provider.wait_for_requests(before + 1)[before:]
        return request

    def receipt(self, name: str) -> Receipt:
        """The one receipt of a request."""
        found = wait_for_receipts(
            self.gateway, lambda all_: any(one.client_request_id == name for one in all_)
        )
        (receipt,) = [one for one in found if one.client_request_id == name]
        return receipt


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with ExitStack() as stack:
        provider = stack.enter_context(ScriptedProvider())
        silent = stack.enter_context(ports.silent())
        more = MORE.format(url=provider.url, commit_ms=COMMIT_MS, silent=silent)
        text = config(provider.url, price=PRICE, more=more)
        scene = Scene(stack.enter_context(Gateway(text, environment=ENVIRONMENT)), provider)
        provider.script(answers.whole(answers.chat()))
        client, name = scene.ask(stream=False)
        with client:
            assert client.read_response().status == 200
        scene.receipt(name)  # whatever is opened once is open: files are counted later
        yield scene


def leave(client: Client, way: str) -> float:
    """Go, one way or the other; when that was."""
    at_s = time.monotonic()
    if way == "fin":
        client.close()
    elif way == "rst":
        client.reset()
    else:
        client.socket.shutdown(socket.SHUT_WR)
    return at_s


def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until something outside holds."""
    deadline_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline_s, "it does not come to hold"
        time.sleep(POLL_S)


WAYS = pytest.mark.parametrize("way", ["fin", "rst", "half"])


@WAYS
@pytest.mark.parametrize(
    ("model", "stream", "steps", "reads", "status"),
    [
        pytest.param("lab/m", True, (), 0, "failed", id="stream, no head"),
        pytest.param("lab/m", False, (), 0, "failed", id="whole, no head"),
        pytest.param(
            "lab/m",
            False,
            (answers.whole(answers.chat())[:-9],),
            0,
            "failed",
            id="whole, in the body",
        ),
        pytest.param("lab/m", True, (HEAD,), 0, "failed", id="no frame"),
        pytest.param("lab/m", True, (HEAD, ROLE), 0, "failed", id="no token"),
        pytest.param("lab/m", True, (HEAD, ROLE, TEXTS[0]), 2, "incomplete", id="between tokens"),
        pytest.param(
            "lab/m",
            True,
            (HEAD, ROLE, *TEXTS, FINISH, USAGE),
            4,
            "incomplete",
            id="before the terminal mark",
        ),
    ],
)
def test_a_client_leaves_in_any_phase(
    scene: Scene, way: str, model: str, stream: bool, steps: tuple[Step, ...], reads: int,
    status: str,
) -> None:  # fmt: skip
    scene.provider.script(*steps, WaitForClose())
    before = len(scene.provider.requests)
    client, name = scene.ask(model, stream=stream)
    with client:
        request = scene.arrived(before)
        scene.provider.wait_until(
            lambda: request.sent_bytes == sum(len(one) for one in steps if isinstance(one, bytes))
        )
        if reads:
            client.read_head()
            frames = client.frames()
            for _ in range(reads):
                next(frames)
        left_s = leave(client, way)
        assert scene.provider.wait_for_leave(request) - left_s <= STOP_S_MAX
    receipt = scene.receipt(name)
    assert (receipt.status, receipt.end, receipt.http_status) == (status, "client_left", 499)
    assert len(receipt.attempts) == 1
    if status == "failed":
        assert receipt.cost_nanousd == 0
    else:
        assert receipt.cost_nanousd > 0
    if USAGE in steps:
        # What the provider has reported need not be guessed.
        assert not receipt.estimated
        assert (receipt.tokens.input, receipt.tokens.output) == (7, 5)


@WAYS
def test_a_client_leaves_after_our_head_and_before_the_first_token(scene: Scene, way: str) -> None:
    scene.provider.script(HEAD, ROLE, WaitForClose())
    before = len(scene.provider.requests)
    client, name = scene.ask("lab/committed")
    with client:
        request = scene.arrived(before)
        assert client.read_head().status == 200
        left_s = leave(client, way)
        assert scene.provider.wait_for_leave(request) - left_s <= STOP_S_MAX
    receipt = scene.receipt(name)
    assert (receipt.status, receipt.end, receipt.cost_nanousd) == ("failed", "client_left", 0)


@WAYS
def test_a_client_leaves_while_the_provider_is_being_connected(scene: Scene, way: str) -> None:
    gateway = scene.gateway
    # Kept connections of earlier tests are let go first, so that files can be counted.
    scene.provider.wait_until(lambda: not scene.provider.connections_open)
    base = gateway.fd_count()
    client, name = scene.ask("lab/nobody")
    with client:
        until(lambda: gateway.fd_count() == base + 2)
        left_s = leave(client, way)
        until(lambda: gateway.fd_count() <= base)
        assert time.monotonic() - left_s <= STOP_S_MAX
    receipt = scene.receipt(name)
    assert (receipt.status, receipt.end, receipt.cost_nanousd) == ("failed", "client_left", 0)


@WAYS
def test_a_client_leaves_while_it_waits_in_line(scene: Scene, way: str) -> None:
    limits = ("--concurrency", "1", "--queue-ms", "10000")
    key = scene.gateway.command_json("keys", "create", "--name", "line", *limits)["key"]
    authorized = {"authorization": f"Bearer {key}"}
    until(lambda: scene.gateway.get("/v1/key", authorized).status == 200)
    line = Scene(scene.gateway, scene.provider, key, map((way + "-{}").format, itertools.count()))
    scene.provider.script(HEAD, ROLE, TEXTS[0], WaitForClose())
    before = len(scene.provider.requests)
    first, first_name = line.ask()
    with first:
        line.arrived(before)
        base = scene.gateway.fd_count()
        second, second_name = line.ask()
        third, third_name = line.ask(stream=False)
        until(lambda: scene.gateway.fd_count() == base + 2)
        with second, third:
            held = scene.gateway.fd_count()
            leave(second, way)
            until(lambda: scene.gateway.fd_count() < held)
            scene.provider.script(answers.whole(answers.chat()))
            left_s = leave(first, "fin")
            assert third.read_response().status == 200
            assert time.monotonic() - left_s <= STOP_S_MAX
    line.receipt(first_name)
    line.receipt(third_name)
    assert len(scene.provider.requests) == before + 2
    found = wait_for_receipts(scene.gateway, lambda _: True)
    assert second_name not in {one.client_request_id for one in found}


@WAYS
@pytest.mark.parametrize("silent", [True, False])
def test_a_client_that_has_sent_more_requests_leaves(scene: Scene, way: str, silent: bool) -> None:
    steps = (HEAD, ROLE) if silent else (HEAD, ROLE, TEXTS[0])
    scene.provider.script(*steps, WaitForClose())
    before = len(scene.provider.requests)
    client, name = scene.ask()
    with client:
        request = scene.arrived(before)
        client.request("GET", "/health/live")
        client.request("GET", "/health/live")
        left_s = leave(client, way)
        assert scene.provider.wait_for_leave(request, 2.0) - left_s <= STOP_S_MAX
    assert scene.receipt(name).end == "client_left"


@WAYS
def test_a_client_that_does_not_read_leaves(scene: Scene, way: str) -> None:
    text = answers.chunk(answers.frame(answers.chat_chunk({"content": "x" * 10_000})))

    def endless(request: Recorded) -> Iterator[Step]:
        yield HEAD
        yield ROLE
        while True:
            yield text

    scene.provider.script_by(endless)
    before = len(scene.provider.requests)
    client, name = scene.ask()
    with client:
        request = scene.arrived(before)
        held = -1
        while held != request.sent_bytes:  # until every buffer on the way is full
            held = request.sent_bytes
            time.sleep(0.1)
        left_s = leave(client, way)
        assert scene.provider.wait_for_leave(request, 2.0) - left_s <= STOP_S_MAX
    assert scene.receipt(name).end == "client_left"
