"""Requests read from bytes: any split gives the same requests, bounds hold while reading."""

from __future__ import annotations

import pytest

from glimway.surface.bounds import Bounds
from glimway.surface.incoming import PIPELINED_MAX, Incoming
from glimway.surface.request import Request
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
    incoming = Incoming(bounds or Bounds())
    for piece in pieces:
        assert incoming.feed(piece) == []
    assert incoming.wrong is not None
    assert incoming.feed(GET) == [], "nothing is read behind what cannot be trusted"
    return incoming.wrong


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


HEAD = b"POST / HTTP/1.1\r\nhost: a\r\n"
CODED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


def test_a_large_head_is_refused_although_it_came_with_one_read() -> None:
    head = HEAD + b"x: " + b"y" * 2000 + b"\r\ncontent-length: 0\r\n\r\n"
    assert refusal([head], Bounds(header_bytes_max=1000)).code == "header_too_large"


def test_a_small_head_behind_a_large_body_is_read() -> None:
    bounds = Bounds(header_bytes_max=1000)
    first = HEAD + b"content-length: 5000\r\n\r\n" + b"x" * 5000
    incoming = Incoming(bounds)
    requests = incoming.feed(first + GET[:9]) + incoming.feed(GET[9:])
    assert [len(request.body) for request in requests] == [5000, 0]
    assert incoming.wrong is None


@pytest.mark.parametrize("coding", [b"gzip", b"deflate", b"br", b"zstd", b"x-gzip", b"GZIP, gzip"])
def test_an_encoded_body_is_refused_by_its_head(coding: bytes) -> None:
    error = refusal([HEAD + b"content-encoding: " + coding + b"\r\ncontent-length: 9\r\n\r\n"])
    assert (error.kind, error.code) == ("unsupported", "unsupported_content_encoding")
    assert "content-encoding" in error.message
    assert coding.decode() in error.message


@pytest.mark.parametrize("coding", [b"identity", b"Identity", b""])
def test_a_body_that_is_sent_as_it_is_may_say_so(coding: bytes) -> None:
    (request,) = read([HEAD + b"content-encoding: " + coding + b"\r\ncontent-length: 1\r\n\r\n{"])
    assert request.body == b"{"


def test_trailers_are_read_and_never_become_headers() -> None:
    (request,) = read([CODED + b"2\r\n{}\r\n0\r\nx-note: y\r\n\r\n"])
    assert request.body == b"{}"
    assert b"x-note" not in dict(request.headers)


@pytest.mark.parametrize(
    "piece", [b"x" * 1000, b"2;" + b"x" * 998, b"1\r\ny\r\n" * 200], ids=["trailer", "size", "tiny"]
)
def test_chunks_that_are_mostly_frame_are_refused(piece: bytes) -> None:
    start = b"0\r\nx: " if piece.startswith(b"x") else b""
    if piece.startswith(b"2;"):
        pieces = [CODED + b"2;", *[b"x" * 1000] * 200]
    else:
        pieces = [CODED + start, *[piece] * 200]
    assert refusal(pieces).kind == "too_large"


def test_chunks_of_a_few_bytes_are_read() -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (size, b"x" * size) for size in (3, 5, 8)) * 5000
    pieces = [CODED, *(chunks[at : at + 4096] for at in range(0, len(chunks), 4096)), b"0\r\n\r\n"]
    (request,) = read(pieces)
    assert request.body == b"x" * 16 * 5000


def test_one_read_brings_only_so_many_requests() -> None:
    incoming = Incoming(Bounds())
    assert len(incoming.feed(GET.replace(b"close", b"keep-alive") * 1000)) == PIPELINED_MAX + 1
    assert incoming.wrong is not None
    assert incoming.wrong.kind == "rate_limited"


OFFER = b"GET /%d HTTP/1.1\r\nhost: a\r\nconnection: upgrade%b\r\nupgrade: h2c\r\n\r\n"


def test_offers_behind_offers_are_read_without_them() -> None:
    raw = b"".join(OFFER % (number, b"") for number in range(5))
    requests = read([raw])
    assert [request.target for request in requests] == [b"/%d" % number for number in range(5)]
    assert all(b"upgrade" not in dict(request.headers) for request in requests)
    assert all(request.keep_alive for request in requests)


def test_an_offer_that_closes_closes() -> None:
    assert not read([OFFER % (1, b", close")])[0].keep_alive
