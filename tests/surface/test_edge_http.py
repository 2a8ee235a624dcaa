"""The edge over real sockets: refusals reach the client, and nobody else is disturbed."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from edges.malformed import MALFORMED
from edges.sound import SOUND
from edges.vector import Vector
from glimway.surface.mounts import MOUNTS
from kit.gateway import Gateway
from kit.http import call

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


@pytest.mark.parametrize("vector", MALFORMED, ids=str)
def test_malformed_requests_get_400_and_the_connection_closes(
    gateway: Gateway, vector: Vector
) -> None:
    said = exchange(gateway, vector.raw)
    status = int(said.split(b" ", 2)[1])
    assert 400 <= status < 500
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in said


@pytest.mark.parametrize("vector", SOUND, ids=str)
def test_odd_but_sound_requests_are_answered_by_who_they_are_for(
    gateway: Gateway, vector: Vector
) -> None:
    """Behind them comes one that closes: its answer shows that both saw the same end."""
    last = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    said = exchange(gateway, vector.raw + last)
    first = int(said.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").split(b" ", 2)[1])
    # No key, no such path, no such method: refusals of the request, not of its form.
    assert first in (200, 401, 404, 405), said
    closed = b"connection: close\r\n" in vector.raw.lower() or b"HTTP/1.0\r\n" in vector.raw
    assert (b'{"status":"ok"}' in said) != (closed and b"keep-alive" not in vector.raw)


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
        assert "trace_id" in body or "request_id" in body
        assert ("type" in body["error"]) == mount.name.startswith(
            ("/v1", "/v3", "/v4", "/anthropic")
        )


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
