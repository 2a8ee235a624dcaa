"""The gateway is asked to end while requests are on their way to it."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from contextlib import ExitStack
from itertools import product
from urllib.parse import urlsplit

from kit import answers
from kit.gateway import Gateway, config
from kit.http import Client
from kit.provider import ScriptedProvider
from kit.steps import Pause

CHAT = "/v1/chat/completions"
BODY = json.dumps({"model": "lab/m", "messages": [{"role": "user", "content": "Hi."}]}).encode()
CLOSED_S_MAX = 2.0
END_S_MAX = 5.0
EXIT_CLEAN = 0


def head(gateway: Gateway) -> bytes:
    lines = [
        f"POST {CHAT} HTTP/1.1",
        "host: a",
        f"authorization: Bearer {gateway.key}",
        f"content-length: {len(BODY)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def end(gateway: Gateway) -> None:
    """Ask for the end; it has begun when nobody listens any more."""
    gateway.process.signal(signal.SIGTERM)
    parts = urlsplit(gateway.url)
    until_s = time.monotonic() + CLOSED_S_MAX
    while True:
        try:
            socket.create_connection((parts.hostname, parts.port)).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < until_s
        time.sleep(0.005)


def answered_last(client: Client) -> None:
    """A whole answer that says that it is the last, and the end."""
    response = client.read_response()
    assert response.status == 200
    assert response.header("connection") == "close"
    assert client.at_end()


def test_requests_that_are_on_their_way_are_answered() -> None:
    """On new and on kept connections; nothing has come yet, or half a head, or half a body."""
    with ScriptedProvider() as provider, Gateway(config(provider.url)) as gateway:
        provider.always(answers.whole(answers.chat()))
        raw = head(gateway) + BODY
        with ExitStack() as stack:
            halves = []
            for kept, cut in product((True, False), (0, 10, len(raw) - len(BODY), len(raw) - 1)):
                client = stack.enter_context(gateway.client())
                if kept:
                    client.send(raw)
                    assert client.read_response().status == 200
                client.send(raw[:cut])
                halves.append((client, raw[cut:]))
            time.sleep(0.05)  # they have been read
            end(gateway)
            for client, rest in halves:
                client.send(rest)
            for client, _ in halves:
                answered_last(client)
        assert gateway.process.wait(END_S_MAX) == EXIT_CLEAN


def test_requests_that_wait_in_line_are_answered() -> None:
    go = threading.Event()
    with ScriptedProvider() as provider, Gateway(config(provider.url)) as gateway:
        provider.script(Pause(go), answers.whole(answers.chat("One.")))
        provider.script(answers.whole(answers.chat("Two.")))
        with gateway.client() as client:
            client.send(2 * (head(gateway) + BODY))
            provider.wait_for_requests(1)
            end(gateway)
            go.set()
            first = client.read_response()
            assert (first.status, first.header("connection")) == (200, None)
            answered_last(client)
        assert gateway.process.wait(END_S_MAX) == EXIT_CLEAN
        assert len(provider.requests) == 2


def test_idle_clients_and_those_that_never_finish_do_not_hold_the_end_up() -> None:
    settings = "[server]\ndrain_s = 3\nheader_timeout_s = 1\nbody_idle_timeout_s = 1\n"
    with ScriptedProvider() as provider, Gateway(config(provider.url, more=settings)) as gateway:
        provider.always(answers.whole(answers.chat()))
        raw = head(gateway) + BODY
        with ExitStack() as stack:
            for sent in (b"", raw, raw[:20], raw[:-5]):
                client = stack.enter_context(gateway.client())
                client.send(sent)
                if sent == raw:
                    assert client.read_response().status == 200
            time.sleep(0.05)
            began_s = time.monotonic()
            end(gateway)
            assert gateway.process.wait(END_S_MAX) == EXIT_CLEAN
            assert time.monotonic() - began_s < 3.0
