from __future__ import annotations

import pytest

from kit import answers, splits
from kit.http import Client, Frame, call
from kit.provider import ScriptedProvider
from kit.steps import Close

STREAM = (
    b": first\n: second\n\n"
    b'event: message\r\ndata: {"a":\r\ndata: 1}\r\n\r\n'
    b"data: \xc3\xa4\n\n"
    b"data: [DONE]\n\n"
)


def _told(frames: list[Frame]) -> list[tuple[str | None, str | None, str | None]]:
    return [(frame.event, frame.data, frame.comment) for frame in frames]


@pytest.mark.parametrize("pieces", [*splits.all_ways(STREAM)][::7])
def test_frames_are_the_same_however_they_are_cut(pieces: splits.Pieces) -> None:
    with ScriptedProvider() as provider:
        provider.script(*answers.stream(pieces))
        with Client(provider.url) as client:
            client.request("GET", "/")
            client.read_head()
            frames = list(client.frames())
    assert _told(frames) == [
        (None, None, "first\nsecond"),
        ("message", '{"a":\n1}', None),
        (None, "ä", None),
        (None, "[DONE]", None),
    ]
    assert frames[1].json() == {"a": 1}


def test_a_stream_that_ends_within_a_frame_is_told() -> None:
    with ScriptedProvider() as provider:
        provider.script(*answers.stream([b"data: 1\n\n", b"data: 2\n"]))
        provider.script(*answers.stream([b"data: 1\n\n"])[:-1], Close())
        for words in ("within a frame", "closed the connection"):
            with Client(provider.url) as client:
                client.request("GET", "/")
                client.read_head()
                frames = client.frames()
                assert next(frames).data == "1"
                with pytest.raises(EOFError, match=words):
                    next(frames)


def test_heads_are_told_apart_from_bodies() -> None:
    with ScriptedProvider() as provider:
        provider.script(b"HTTP/1.1 100 Continue\r\n\r\n" + answers.whole(b"x", 418, {"A": "1"}))
        provider.script(answers.head(204))
        provider.script(answers.head(200, {"content-length": "5"}))
        provider.script(answers.whole(b"last", headers={"a": "1", "A": "2"}))
        with Client(provider.url) as client:
            client.post_json("/", {})
            first = client.read_response()
            assert (first.status, first.reason, first.body) == (418, "Whatever", b"x")
            assert first.header("a") == "1"
            client.request("GET", "/")
            assert client.read_response().status == 204
            client.request("HEAD", "/")
            assert client.read_response().body == b""
            client.request("GET", "/")
            assert client.read_response().header("a") == "1, 2"


def test_trailers_are_read_and_left() -> None:
    sent = answers.head(200, {"transfer-encoding": "chunked"}) + b"2;x=y\r\nab\r\n0\r\na: b\r\n\r\n"
    with ScriptedProvider() as provider:
        provider.always(sent)
        with Client(provider.url) as client:
            for _ in range(2):
                client.request("GET", "/")
                assert client.read_response().body == b"ab"


def test_one_call_is_one_connection() -> None:
    with ScriptedProvider() as provider:
        provider.always_by(lambda request: [answers.whole(request.method.encode())])
        assert call(provider.url + "/a?b=1").body == b"GET"
        assert call(provider.url, {"a": 1}).body == b"POST"
        assert call(provider.url, b"raw", method="PUT").body == b"PUT"
        assert [request.target for request in provider.requests] == ["/a?b=1", "/", "/"]
        assert [request.body for request in provider.requests] == [b"", b'{"a": 1}', b"raw"]
        assert provider.connections_total == 3
