from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from glimway.sandbox import Bounds
from kit.http import Client
from sandbox.stage import Stage, asking

MODEL = "glm-4.7-flash"


def stream(stage: Stage, script: str, **body: Any) -> Client:
    return stage.sent(f"{MODEL}:{script}", stream=True, **body)


def post(body: dict[str, Any], more: str = "", version: str = "1.1") -> bytes:
    data = json.dumps(body).encode()
    start = f"POST /v1/chat/completions HTTP/{version}\r\nhost: x\r\n{more}"
    return f"{start}content-length: {len(data)}\r\n\r\n".encode() + data


def test_a_connection_is_kept_and_pipelined(stage: Stage) -> None:
    first, second = post(asking(MODEL, "one")), post(asking(MODEL, "two", stream=True))
    with stage.client() as client:
        client.send(first + second + first)
        answers = [client.read_response() for _ in range(3)]
        assert b"one" in answers[0].body
        assert b"[DONE]" in answers[1].body
        assert answers[2].body == answers[0].body
        client.send(first)
        assert client.read_response().status == 200


def test_a_request_may_come_in_any_pieces(stage: Stage) -> None:
    data = post(asking(MODEL + ":fast", "x"))
    with stage.client() as client:
        client.send(data)
        whole = client.read_response()
        for size in (1, 7):
            for at in range(0, len(data), size):
                client.send(data[at : at + size])
            assert client.read_response().body == whole.body


def test_a_chunked_request(stage: Stage) -> None:
    data = json.dumps(asking(MODEL)).encode()
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(data[at : at + 9]), data[at : at + 9])
        for at in range(0, len(data), 9)
    )
    with stage.client() as client:
        client.send(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            + chunks
            + b"0\r\n\r\n"
        )
        assert client.read_response().status == 200


def test_expect_is_answered(stage: Stage) -> None:
    head, body = post(asking(MODEL), "expect: 100-continue\r\n").split(b"\r\n\r\n")
    with stage.client() as client:
        client.send(head + b"\r\n\r\n")
        assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(body)
        assert client.read_response().status == 200


def test_an_old_client_gets_an_answer_that_ends_with_the_connection(stage: Stage) -> None:
    with stage.client() as client:
        client.send(post(asking(MODEL, stream=True), version="1.0"))
        head = client.read_head()
        assert head.header("transfer-encoding") is None
        assert client.read_body().endswith(b"data: [DONE]\n\n")
    with stage.client() as client:
        client.send(post(asking(MODEL), "connection: close\r\n"))
        assert client.read_response().header("connection") == "close"
        assert client.at_end()


def test_what_is_no_http_is_refused(stage: Stage) -> None:
    with stage.client() as client:
        client.send(b"\x16\x03\x01\x02\x00 hello\r\n\r\n")
        assert client.read_response().status == 400
        assert client.at_end()


def test_an_upgrade_is_not_taken_but_answered(stage: Stage) -> None:
    with stage.client() as client:
        client.send(post(asking(MODEL), "connection: upgrade\r\nupgrade: h2c\r\n"))
        assert client.read_response().status == 200


def test_a_tunnel_is_refused(stage: Stage) -> None:
    with stage.client() as client:
        client.send(b"CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n")
        assert client.read_response().status == 400
        assert client.at_end()


def test_paths(stage: Stage) -> None:
    def got(path: str, method: str = "GET") -> Any:
        with stage.client() as client:
            client.request(method, path)
            return client.read_response()

    listed = got("/zai/api/paas/v4/models?limit=5").json()
    assert "glm-4.7-flash" in [model["id"] for model in listed["data"]]
    assert got("/v1/models/zai/glm-9").json()["id"] == "zai/glm-9"
    assert got("/sandbox/scripts").json()["data"][0]["name"] == "slow"
    assert got("/nowhere").status == 404
    assert got("/v1/chat/completions").status == 405
    assert got("/v1/models", "DELETE").status == 404
    head = got("/v1/models", "HEAD")
    assert (head.status, head.body) == (200, b"")


def test_what_was_seen_is_kept(stage: Stage) -> None:
    stage.ask(MODEL + ":eos", headers={"authorization": "Bearer canary"})
    stage.run(stage.sandbox.quiet())
    seen = stage.sandbox.seen[-1]
    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.headers["authorization"] == "Bearer canary"
    assert json.loads(seen.body)["model"] == MODEL + ":eos"
    assert (seen.script, seen.status, seen.outcome) == ("eos", 200, "done")
    assert len(stage.sandbox.seen) <= stage.sandbox.bounds.seen_max


# ---- clients that leave, and bounds -----------------------------------------------------------


@pytest.mark.parametrize("script", ["silent", "stall-3", "silent-after-headers"])
@pytest.mark.parametrize("politely", [True, False])
def test_a_client_that_leaves_is_noticed(stage: Stage, script: str, politely: bool) -> None:
    before = stage.sandbox.requests
    client = stream(stage, script)
    stage.run(stage.sandbox.asked(before + 1))
    if script != "silent":
        client.read_head()
    if politely:
        client.close()
    else:
        client.reset()
    stage.run(stage.sandbox.quiet())
    assert stage.sandbox.seen[-1].outcome == "left"
    assert stage.sandbox.active == 0


def test_a_slow_reader_holds_its_stream_back(stage: Stage) -> None:
    """Some 12 MB of frames, more than the kernel takes from a sandbox whose client never reads."""
    with stage.sent(f"gpt-x:tokens-65536+mark-{'x' * 32}", stream=True):
        stage.run(_until(lambda: any(c._room is not None for c in stage.sandbox._connections)))
        assert stage.sandbox.active == 1
        seen = stage.sandbox.seen[-1]
        assert seen.outcome == "open"
        for connection in stage.sandbox._connections:
            assert connection._transport is not None
            assert connection._transport.get_write_buffer_size() < 192 * 1024
    stage.run(stage.sandbox.quiet())
    assert [kept.outcome for kept in stage.sandbox.seen][-1] == "left"


def test_a_reader_that_goes_on_gets_all(stage: Stage) -> None:
    with stream(stage, "tokens-20000", enable_thinking=False) as client:
        client.read_head()
        assert client.read_body().endswith(b"data: [DONE]\n\n")


async def _until(held: Callable[[], bool]) -> None:
    while not held():  # noqa: ASYNC110  # what is waited for has no event, and comes at once
        await asyncio.sleep(0)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_stopping_ends_every_answer(loop: str) -> None:
    with Stage(loop) as stage:
        silent, stalled, idle = stream(stage, "silent"), stream(stage, "stall-2"), stage.client()
        stalled.read_head()
        idle.request("GET", "/v1/models")
        idle.read_response()
        # All are accepted: one that the loop takes in while it stops would be nobody's.
        stage.run(stage.sandbox.asked(3))
        stage.run(stage.sandbox.stop())
        assert stage.sandbox.active == 0
        for client in (silent, stalled, idle):
            with pytest.raises((ConnectionResetError, EOFError, AssertionError)):
                client.read_head()
                raise EOFError
            client.close()
        with pytest.raises(ConnectionRefusedError):
            stage.client()


def test_bounds() -> None:
    bounds = Bounds(
        body_bytes_max=2_000,
        head_bytes_max=1_000,
        connections_max=3,
        requests_max=1,
        pipelined_max=2,
    )
    with Stage(bounds=bounds) as stage:
        with stage.client() as client:
            client.send(post(asking(MODEL, "x" * 3_000)))
            assert client.read_response().status == 413
            assert client.at_end()
        with stage.client() as client:
            client.request("GET", "/v1/models", {"x-long": "y" * 2_000})
            assert client.read_response().status == 431
        with stream(stage, "stall-1") as client:
            client.read_head()
            second = stage.ask(MODEL)
            assert (second.status, second.header("retry-after")) == (503, "1")
            stage.run(_until(lambda: len(stage.sandbox._connections) == 1))
            others = [stage.client() for _ in range(2)]
            with stage.client() as fourth, pytest.raises((ConnectionResetError, EOFError)):
                fourth.send(post(asking(MODEL)))
                fourth.read_head()
            for other in others:
                other.close()
        with stream(stage, "stall-1") as client:
            client.send(post(asking(MODEL)) * 4)
            assert client.read_head().status == 200
        stage.run(stage.sandbox.quiet())


def test_an_idle_connection_is_closed() -> None:
    with Stage(bounds=Bounds(keep_alive_s=0.05)) as stage, stage.client() as client:
        client.send(b"POST /v1/chat")
        assert client.socket.recv(1) == b""
    with Stage(bounds=Bounds(hold_s_max=0.05)) as stage, stream(stage, "silent") as client:
        assert client.socket.recv(1) == b""


def test_no_delay_is_added_to_small_writes(stage: Stage) -> None:
    with stage.client() as client:
        assert client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        client.post_json("/v1/chat/completions", asking(MODEL))
        assert client.read_response().status == 200
