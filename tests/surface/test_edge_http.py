"""The edge over real sockets: refusals reach the client, and nobody else is disturbed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from glimway.surface.mounts import MOUNTS
from kit.gateway import Gateway
from kit.http import call
from surface.test_head import MALFORMED

BODY_BYTES_MAX = 100_000


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    limits = {"GLIMWAY_LIMITS__REQUEST__BODY_BYTES": str(BODY_BYTES_MAX)}
    with Gateway(environment=limits) as running:
        yield running


def exchange(gateway: Gateway, raw: bytes) -> bytes:
    """Everything the server says to ``raw`` until it closes."""
    parts = urlsplit(gateway.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as sock:
        sock.sendall(raw)
        said = b""
        while piece := sock.recv(65536):
            said += piece
    return said


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_requests_get_400_and_the_connection_closes(gateway: Gateway, raw: bytes) -> None:
    said = exchange(gateway, raw)
    status = int(said.split(b" ", 2)[1])
    assert 400 <= status < 500
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in said


def test_a_body_above_the_bound_gets_its_413_although_it_was_sent_whole(gateway: Gateway) -> None:
    body = b"x" * (BODY_BYTES_MAX * 20)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    said = exchange(gateway, head + body)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_too_large"


def test_each_mount_refuses_in_its_own_words(gateway: Gateway) -> None:
    for mount in MOUNTS:
        target = (mount.name + mount.side.path).encode()
        raw = b"POST " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n"
        body = json.loads(exchange(gateway, raw).partition(b"\r\n\r\n")[2])
        assert "trace_id" in body
        assert ("type" in body["error"]) == mount.name.startswith("/v1")


def test_a_preflight_is_answered_only_for_allowed_origins(gateway: Gateway) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
    answer = call(gateway.url + "/v1/chat/completions", headers=asked, method="OPTIONS")
    assert answer.status == 405


def test_the_front_page_and_unknown_paths(gateway: Gateway) -> None:
    page = call(gateway.url + "/")
    assert page.status == 200
    assert b"/v1/chat/completions" in page.body
    lost = call(gateway.url + "/chat/completions", {})
    assert lost.status == 404
    assert "Did you mean /v1/chat/completions?" in lost.json()["error"]["message"]


def test_health_answers_without_a_key(gateway: Gateway) -> None:
    assert call(gateway.url + "/health/live").status == 200
    assert call(gateway.url + "/health/ready").json() == {"status": "ok"}
