"""Requests read from bytes: any split gives the same requests, bounds hold while reading."""

from __future__ import annotations

import pytest

from glimway.surface.incoming import Bounds, Incoming, Request
from glimway.wire.refusal import Refusal
from kit import splits

POST = (
    b"POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 13\r\n\r\n"
    b'{"model":"m"}'
)
CHUNKED = (
    b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"


def read(pieces: list[bytes], bounds: Bounds | None = None) -> list[Request]:
    incoming = Incoming(bounds or Bounds())
    return [request for piece in pieces for request in incoming.feed(piece)]


WHOLE = read([POST + CHUNKED + GET])


def test_three_pipelined_requests_are_read() -> None:
    first, second, third = WHOLE
    assert (first.method, first.target, first.body) == (
        "POST",
        b"/v1/chat/completions?x=1",
        b'{"model":"m"}',
    )
    assert first.headers[1] == (b"content-type", b"application/json")
    assert (second.body, second.keep_alive) == (b"hello world", True)
    assert (third.method, third.keep_alive) == ("GET", False)


@pytest.mark.parametrize("pieces", list(splits.every_cut(POST + CHUNKED + GET)))
def test_every_two_part_cut_gives_the_same_requests(pieces: list[bytes]) -> None:
    assert read(pieces) == WHOLE


def test_byte_by_byte_gives_the_same_requests() -> None:
    assert read(list(splits.byte_by_byte(POST + CHUNKED + GET))) == WHOLE


def refusal(pieces: list[bytes], bounds: Bounds | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(pieces, bounds)
    return caught.value


def test_a_head_that_never_ends_is_refused_while_it_grows() -> None:
    bounds = Bounds(header_bytes_max=1000)
    endless = [b"GET / HTTP/1.1\r\nx: "] + [b"y" * 100] * 20
    assert refusal(endless, bounds).code == "header_too_large"


def test_too_many_header_lines_are_refused() -> None:
    head = b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n"
    assert refusal([head]).code == "header_too_large"


def test_a_length_above_the_bound_is_refused_before_any_body() -> None:
    head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1001\r\n\r\n"
    error = refusal([head], Bounds(body_bytes_max=1000))
    assert error.kind == "too_large"
    assert "1001 bytes" in error.message


def test_chunks_that_add_up_above_the_bound_are_refused_while_they_come() -> None:
    head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = [b"64\r\n" + b"x" * 100 + b"\r\n"] * 11
    assert refusal([head, *chunks], Bounds(body_bytes_max=1000)).kind == "too_large"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x00",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(raw: bytes) -> None:
    assert refusal([raw]).kind == "invalid"


def test_phases_are_told_for_the_timers() -> None:
    incoming = Incoming(Bounds())
    incoming.feed(b"POST / HTTP/1.1\r\n")
    assert (incoming.in_head, incoming.in_body) == (True, False)
    incoming.feed(b"host: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    assert (incoming.in_head, incoming.in_body, incoming.continue_wanted) == (False, True, True)
    assert incoming.feed(b"{}")[0].body == b"{}"
    assert (incoming.in_head, incoming.in_body) == (False, False)
