from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from glimway.sandbox.habits import FOREIGN
from kit.http import Client
from sandbox.answers import folded
from sandbox.stage import Stage, asking

MODEL = "glm-4.7-flash"
SHORT_S = 0.05


def stream(stage: Stage, script: str, **body: Any) -> Client:
    return stage.sent(f"{MODEL}:{script}", stream=True, **body)


def text_of(body: bytes) -> dict[str, Any]:
    data = [event[6:] for event in body.split(b"\n\n") if event.startswith(b"data: {")]
    return folded([json.loads(item) for item in data])


def count(body: bytes) -> int:
    return body.count(b"\n\n")


def body_until_it_breaks(
    client: Client, enough: Callable[[bytes], bool] | None = None
) -> tuple[bytes, str]:
    """What came of a body, and how it ended: end, closed, reset, or silent after ``enough``."""
    assert client.read_head().status == 200
    body = b""
    try:
        while True:
            if enough is not None and enough(body):
                client.socket.settimeout(SHORT_S)
            piece = client.read_piece()
            if piece is None:
                return body, "end"
            body += piece
    except EOFError:
        return body, "closed"
    except ConnectionResetError:
        return body, "reset"
    except TimeoutError:
        return body, "silent"


def test_a_stream_and_a_whole_answer(stage: Stage) -> None:
    with stream(stage, "fast") as client:
        head = client.read_head()
        assert head.status == 200
        assert head.header("content-type") == "text/event-stream;charset=UTF-8"
        assert head.header("x-sandbox-script") == "fast"
        streamed = text_of(client.read_body())
    answer = stage.ask(MODEL)
    assert answer.header("content-type") == "application/json"
    assert answer.json()["choices"][0]["message"]["content"] == streamed["text"]


def test_a_header_is_a_script_too(stage: Stage) -> None:
    answer = stage.ask(MODEL, headers={"x-sandbox-script": "429-retry-after"})
    assert (answer.status, answer.header("retry-after")) == (429, "2")
    assert answer.reason == "Too Many Requests"


def test_silence(stage: Stage) -> None:
    bodies: list[dict[str, Any]] = [{"stream": True}, {}]
    for body in bodies:
        with stage.sent(MODEL + ":silent", **body) as client:
            client.socket.settimeout(SHORT_S)
            with pytest.raises(TimeoutError):
                client.read_head()
        with stage.sent(MODEL + ":silent-after-headers", **body) as client:
            assert client.read_head().status == 200
            client.socket.settimeout(SHORT_S)
            with pytest.raises(TimeoutError):
                client.read_piece()


@pytest.mark.parametrize(
    ("script", "end"), [("stall", "silent"), ("cut", "closed"), ("reset", "reset")]
)
@pytest.mark.parametrize("frames", [0, 1, 5])
def test_a_stream_ends_after_so_many_frames(
    stage: Stage, script: str, end: str, frames: int
) -> None:
    with stream(stage, f"{script}-{frames}") as client:
        body, how = body_until_it_breaks(client, lambda body: count(body) >= frames)
    assert (count(body), how) == (frames, end)
    assert b"[DONE]" not in body


def test_a_break_beyond_the_end_still_breaks_the_body(stage: Stage) -> None:
    with stream(stage, "cut-9999") as client:
        body, how = body_until_it_breaks(client)
    assert body.endswith(b"data: [DONE]\n\n")
    assert how == "closed"


def test_a_torn_frame(stage: Stage) -> None:
    with stream(stage, "tear-3") as client:
        body, how = body_until_it_breaks(client)
    assert how == "closed"
    assert count(body) == 3
    assert body.split(b"\n\n")[3].startswith(b'data: {"id"')


@pytest.mark.parametrize(("number", "part"), [(0, 0.0), (1, 0.5)])
@pytest.mark.parametrize(
    ("script", "end"), [("stall", "silent"), ("cut", "closed"), ("reset", "reset")]
)
def test_a_whole_answer_breaks_in_its_middle(
    stage: Stage, script: str, end: str, number: int, part: float
) -> None:
    size = int(len(stage.ask(MODEL).body) * part)
    with stage.sent(f"{MODEL}:{script}-{number}") as client:
        body, how = body_until_it_breaks(client, lambda body: len(body) >= size)
    assert (len(body), how) == (size, end)


def test_a_reset_instead_of_an_answer(stage: Stage) -> None:
    with stage.sent(MODEL + ":reset-before-headers") as client, pytest.raises(ConnectionResetError):
        client.read_head()


def test_a_length_that_is_too_large(stage: Stage) -> None:
    with stage.sent(MODEL + ":lying-length") as client:
        body, how = body_until_it_breaks(client)
    assert (body, how) == (stage.ask(MODEL).body, "closed")
    with stream(stage, "lying-length") as client:
        body, how = body_until_it_breaks(client)
    assert body.endswith(b"data: [DONE]\n\n")
    assert how == "closed"


def test_a_length_that_is_too_small(stage: Stage) -> None:
    full = stage.ask(MODEL).body
    with stage.sent(MODEL + ":short-length") as client:
        answer = client.read_response()
        assert answer.body == full[: len(full) // 2]
        client.post_json("/v1/chat/completions", asking(MODEL))
        with pytest.raises(ValueError, match=r"."):
            client.read_head()  # the rest of the first body stands where a status line should


@pytest.mark.parametrize("streamed", [True, False])
def test_a_body_that_nobody_asked_to_be_packed(stage: Stage, streamed: bool) -> None:
    answer = stage.ask(MODEL + ":gzip", stream=streamed)
    assert answer.header("content-encoding") == "gzip"
    assert zlib.decompress(answer.body, wbits=31) == stage.ask(MODEL, stream=streamed).body


def test_a_packed_stream_comes_frame_by_frame(stage: Stage) -> None:
    def unpacked(body: bytes) -> int:
        return count(zlib.decompressobj(wbits=31).decompress(body))

    with stream(stage, "gzip+stall-2") as client:
        body, how = body_until_it_breaks(client, lambda body: unpacked(body) >= 2)
    assert how == "silent"
    assert unpacked(body) == 2


def test_characters_are_cut(stage: Stage) -> None:
    for streamed in (True, False):
        with stage.sent(MODEL + ":split-utf8", stream=streamed) as client:
            client.read_head()
            pieces = []
            while (piece := client.read_piece()) is not None:
                pieces.append(piece)
        whole = b"".join(pieces)
        assert FOREIGN.strip() in (text_of(whole)["text"] if streamed else whole.decode())
        assert sum(piece[-1] >= 0xC0 for piece in pieces) > 20


@pytest.mark.parametrize("streamed", [True, False])
def test_byte_by_byte(stage: Stage, streamed: bool) -> None:
    with stage.sent(MODEL + ":byte-by-byte", stream=streamed, max_tokens=20) as client:
        client.read_head()
        pieces = []
        while (piece := client.read_piece()) is not None:
            pieces.append(piece)
    assert {len(piece) for piece in pieces} == {1}
    assert b"".join(pieces) == stage.ask(MODEL, stream=streamed, max_tokens=20).body


def test_a_wrong_type_and_empty_and_foreign_bodies(stage: Stage) -> None:
    assert stage.ask(MODEL + ":wrong-type", stream=True).header("content-type") == "text/plain"
    empty = stage.ask(MODEL + ":empty-200", stream=True)
    assert (empty.status, empty.body, empty.header("content-length")) == (200, b"", "0")
    page = stage.ask(MODEL + ":html-200", stream=True)
    assert (page.status, page.header("content-type")) == (200, "text/html")
    assert stage.ask(MODEL + ":html-502").body.startswith(b"<!DOCTYPE html>")
    error = stage.ask(MODEL + ":error-in-200", stream=True)
    assert (error.status, error.json()["error"]["code"]) == (200, "1305")


def test_a_token_fails_so_many_times(stage: Stage) -> None:
    def statuses(model: str, times: int, **headers: str) -> list[int]:
        return [stage.ask(model, headers=headers).status for _ in range(times)]

    loop = type(stage.sandbox).__name__ + str(stage.sandbox.port)
    model = f"{MODEL}:fail-first-2+token-a{loop}"
    assert statuses(model, 4) == [503, 503, 200, 200]
    model = f"{MODEL}:fail-first-1+429"
    assert statuses(model, 2, **{"x-sandbox-token": loop + "b"}) == [429, 200]
    assert statuses(model, 2, **{"x-sandbox-token": loop + "c"}) == [429, 200]
    assert statuses(f"{loop}:fail-first-1", 2) == [503, 200]


def test_speed_goes_through_the_sleep_that_was_given(stage: Stage) -> None:
    def naps(script: str, **body: Any) -> list[float]:
        stage.naps_s.clear()
        stage.ask(f"{MODEL}:{script}", **body)
        return list(stage.naps_s)

    tokens = stage.ask(MODEL).json()["usage"]["completion_tokens"]
    assert naps("fast", stream=True) == []
    assert naps("ttft-1500", stream=True) == [1.5]
    assert naps("ttft-1500") == [1.5]
    assert sum(naps("slow")) == pytest.approx(tokens / 10)
    assert sum(naps("tps-50+ttft-100")) == pytest.approx(tokens / 50 + 0.1)
    streamed = naps("slow", stream=True)
    assert len(streamed) > 30
    assert max(streamed) < 2
    assert tokens / 10 <= sum(streamed) < tokens / 10 * 2


def test_a_default_speed_gives_way_to_a_script() -> None:
    with Stage(tokens_per_second=20.0) as stage:
        tokens = stage.ask(MODEL).json()["usage"]["completion_tokens"]
        assert stage.naps_s == [pytest.approx(tokens / 20)]
        stage.naps_s.clear()
        stage.ask(MODEL + ":fast")
        assert stage.naps_s == []
