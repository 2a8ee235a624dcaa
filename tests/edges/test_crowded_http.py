"""More connections, more bytes and more requests than there is room for, over real sockets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from kit import answers
from kit.gateway import Gateway, config
from kit.http import Client
from kit.provider import ScriptedProvider

CONNECTIONS_MAX = 20
QUICK_S_MAX = 0.25
BODY_BYTES = 64 * 1024
BODIES = 16
"""Bodies of the largest size that the server holds at once."""
ENVIRONMENT = {
    "GLIMWAY_SERVER__MAX_CONNECTIONS": str(CONNECTIONS_MAX),
    "GLIMWAY_SERVER__HEADER_TIMEOUT_S": "60",
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(environment=ENVIRONMENT) as running:
        yield running


def health(client: Client) -> int:
    client.request("GET", "/health/live")
    return client.read_response().status


def until_free(gateway: Gateway) -> None:
    """Wait until earlier tests' connections are forgotten."""
    deadline_s = time.monotonic() + 5
    while True:
        with gateway.client() as client:
            if health(client) == 200:
                return
        assert time.monotonic() < deadline_s


def test_a_connection_too_many_is_told_so_at_once_and_closed(gateway: Gateway) -> None:
    until_free(gateway)
    with ExitStack() as stack:
        inside = [stack.enter_context(gateway.client()) for _ in range(CONNECTIONS_MAX)]
        assert {health(client) for client in inside} == {200}
        for _ in range(50):
            began_s = time.monotonic()
            with gateway.client() as late:
                answer = late.read_response()
                assert time.monotonic() - began_s < QUICK_S_MAX
                assert answer.status == 503
                assert answer.header("retry-after") == "1"
                assert answer.header("connection") == "close"
                assert "connections" in answer.json()["error"]["message"]
                assert late.socket.recv(1) == b""
        assert {health(client) for client in inside} == {200}, "who is inside is not disturbed"
        inside[0].close()
        until_free(gateway)


def test_one_that_sends_its_request_first_sees_the_refusal(gateway: Gateway) -> None:
    until_free(gateway)
    with ExitStack() as stack:
        inside = [stack.enter_context(gateway.client()) for _ in range(CONNECTIONS_MAX)]
        assert {health(client) for client in inside} == {200}
        with gateway.client() as late:
            late.post_json("/v1/chat/completions", {"messages": ["x" * 100_000]})
            assert late.read_response().status == 503


def test_large_bodies_that_never_end_are_bounded_together() -> None:
    environment = {"GLIMWAY_LIMITS__REQUEST__BODY_BYTES": str(4 * BODY_BYTES)}
    with Gateway(environment=environment) as gateway, ExitStack() as stack:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: {4 * BODY_BYTES}"
        part = head.encode() + b"\r\n\r\n" + b"x" * (3 * BODY_BYTES)
        clients = [stack.enter_context(gateway.client()) for _ in range(2 * BODIES)]
        for client in clients:
            client.send(part)
            health(stack.enter_context(gateway.client()))
        refused = 0
        for client in clients:
            client.socket.settimeout(0.2)
            try:
                said = client.socket.recv(65536)
            except TimeoutError:
                continue
            assert said.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: 1" in said
            refused += 1
        held = (len(clients) - refused) * 3 * BODY_BYTES
        assert held <= BODIES * 4 * BODY_BYTES
        assert refused >= 8


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_encoded_bodies_are_refused_unread(gateway: Gateway, coding: str) -> None:
    """A bomb would be a million times its size; what is never unpacked never grows."""
    until_free(gateway)
    parts = urlsplit(gateway.url)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Encoding: {coding}\r\n"
    body = b"\x1f\x8b\x08" + b"\x00" * 1_000_000
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        said = b""
        while piece := sock.recv(65536):
            said += piece
    top, _, rest = said.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 400 ")
    assert b"accept-encoding: identity" in top
    error = json.loads(rest)["error"]
    assert error["code"] == "unsupported_content_encoding"
    assert coding in error["message"]
    assert "without content-encoding" in error["message"]


def test_what_comes_behind_a_sound_request_does_not_spoil_it() -> None:
    """The request in progress gets its whole answer; then comes the refusal, and the end."""
    with ScriptedProvider() as provider, Gateway(config(provider.url)) as gateway:
        provider.always(*answers.stream(answers.chat_frames()))
        asked = {"model": "lab/m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
        with gateway.client() as client:
            client.post_json("/v1/chat/completions", asked, gateway.headers())
            client.send(b"GARBAGE\r\n\r\n" * 10)
            assert client.read_head().status == 200
            assert [frame.data for frame in client.frames()][-1] == "[DONE]"
            assert client.read_response().status == 400
            assert client.socket.recv(1) == b""
