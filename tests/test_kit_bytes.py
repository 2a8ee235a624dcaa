from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import answers, splits
from kit.clock import START_S, ManualClock
from kit.recorded import Recorded, request_end, unchunked


@given(st.binary(max_size=200), st.integers(0, 99))
def test_every_way_to_cut_keeps_every_byte(data: bytes, seed: int) -> None:
    for pieces in splits.all_ways(data, seed):
        assert b"".join(pieces) == data
        assert all(pieces) or not data


def test_cuts_are_what_their_names_say() -> None:
    assert splits.whole(b"abc") == [b"abc"]
    assert splits.byte_by_byte(b"abc") == [b"a", b"b", b"c"]
    assert list(splits.every_cut(b"abc")) == [[b"a", b"bc"], [b"ab", b"c"]]
    assert len(splits.seeded_cuts(b"x" * 50, seed=1, n=7)) == 8
    assert splits.seeded_cuts(b"x", seed=1, n=7) == [b"x"]


def test_seeded_cuts_depend_on_the_seed_alone() -> None:
    data = bytes(range(200))
    assert splits.seeded_cuts(data, 5, 9) == splits.seeded_cuts(data, 5, 9)
    assert splits.seeded_cuts(data, 5, 9) != splits.seeded_cuts(data, 6, 9)


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock()
    assert clock.now_s() == START_S
    for _ in range(10):
        clock.advance(0.1)
    assert clock.now_s() == START_S + 1
    assert clock.now_ms() == round(START_S * 1000) + 1000
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_chunks_are_read_as_they_are_written(pieces: list[bytes]) -> None:
    sent = b"".join(map(answers.chunk, pieces)) + answers.LAST_CHUNK
    assert unchunked(sent + b"next") == (b"".join(pieces), len(sent))
    with pytest.raises(EOFError):
        unchunked(sent[:-1])


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx: y\r\n\r\n",
    ],
)
def test_the_end_of_a_request_is_found_only_when_it_is_there(request_bytes: bytes) -> None:
    for at in range(len(request_bytes)):
        assert request_end(request_bytes[:at]) is None
    assert request_end(request_bytes + b"GET") == len(request_bytes)


def test_a_recorded_request_can_be_looked_at() -> None:
    head = b"POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a:  2\r\ncontent-length: 9\r\n\r\n"
    request = Recorded(0, head + b'{"a": 12}', len(head), at_s=0)
    assert (request.method, request.target) == ("POST", "/v1/x?a=1")
    assert request.headers[1:3] == [("x-a", "1"), ("x-a", "2")]
    assert request.header("X-A") == "1, 2"
    assert request.header("missing") is None
    assert request.json() == {"a": 12}


def test_a_whole_answer_says_where_it_ends() -> None:
    assert answers.whole(b"{}").endswith(b"content-length: 2\r\n\r\n{}")
    assert answers.whole(b"{}", framing="chunked").endswith(b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert answers.whole(b"{}", framing="close").endswith(b"connection: close\r\n\r\n{}")
    assert answers.error(429, "slow down", {"retry-after": "3"}).startswith(
        b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 3\r\n"
    )


def test_a_stream_is_the_same_bytes_in_every_framing() -> None:
    frames = answers.chat_frames()
    text = b"".join(frames)
    head, *pieces = answers.stream(frames, framing="length")
    assert f"content-length: {len(text)}".encode() in head
    assert pieces == frames
    head, *pieces = answers.stream(frames, framing="chunked")
    assert unchunked(b"".join(pieces)) == (text, len(b"".join(pieces)))
    head, *pieces = answers.stream(frames, framing="close")
    assert b"connection: close" in head
    assert pieces == frames


def _decoded(frames: list[bytes]) -> list[answers.Json]:
    assert frames[-1] == answers.DONE
    return [json.loads(frame.removeprefix(b"data: ")) for frame in frames[:-1]]


def test_a_chat_stream_has_the_shape_that_openai_gives_it() -> None:
    first, *middle, finish, used = _decoded(answers.chat_frames(["a", "b"]))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [frame["choices"][0]["delta"]["content"] for frame in middle] == ["a", "b"]
    assert finish["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "stop"}
    assert used["choices"] == []
    assert used["usage"]["total_tokens"] == 12


def test_a_glm_stream_has_the_shape_that_was_recorded() -> None:
    *before, last = _decoded(answers.glm_frames(["x"], ["y"]))
    deltas = [frame["choices"][0]["delta"] for frame in before]
    assert deltas == [
        {"role": "assistant", "reasoning_content": "x"},
        {"role": "assistant", "content": "y"},
        {"role": "assistant", "content": ""},
    ]
    assert all("finish_reason" not in frame["choices"][0] for frame in before)
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens_details"] == {"reasoning_tokens": 4}


def test_a_glm_answer_has_the_shape_that_was_recorded() -> None:
    answer = answers.glm("y", "x")
    assert answer["id"] == answer["request_id"]
    assert answer["choices"][0]["message"] == {
        "role": "assistant",
        "content": "y",
        "reasoning_content": "x",
    }


def test_a_tool_call_fits_a_message_and_a_delta() -> None:
    call = answers.tool_call("f", "{}")
    assert call == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }
    assert answers.tool_call("f", "{}", index=0) == {"index": 0, **call}
