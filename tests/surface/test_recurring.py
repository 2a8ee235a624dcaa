"""Heads that come again: what is remembered must never read otherwise than what is read anew.

The judge is the same connection fed byte by byte: there no read holds a whole request, so nothing
is remembered.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.surface.bounds import Bounds
from glimway.surface.incoming import Incoming
from glimway.surface.recurring import HEAD_BYTES_MAX, TRIES
from glimway.surface.request import Request
from kit import splits

HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n"


def post(body: bytes, lines: bytes = b"", length: bytes = b"Content-Length: %d\r\n") -> bytes:
    size = length % len(body) if b"%" in length else length
    return HEAD + size + lines + b"\r\n" + body


Seen = tuple[list[Request], str | None]


def read(pieces: list[bytes], bounds: Bounds | None = None) -> Seen:
    incoming = Incoming(bounds or Bounds())
    requests = [request for piece in pieces for request in incoming.feed(piece)]
    return requests, None if incoming.wrong is None else str(incoming.wrong)


def anew(pieces: list[bytes], bounds: Bounds | None = None) -> Seen:
    return read(list(splits.byte_by_byte(b"".join(pieces))), bounds)


class Watched(Incoming):
    """Counts the heads that the parser saw."""

    parsed = 0

    def on_message_begin(self) -> None:
        self.parsed += 1
        super().on_message_begin()


def parses(pieces: list[bytes]) -> int:
    """How many of these requests went through the parser."""
    incoming = Watched(Bounds())
    for piece in pieces:
        incoming.feed(piece)
    return incoming.parsed


def test_a_head_is_read_twice_and_then_known() -> None:
    same = [post(b'{"n":%d}' % number) for number in range(20)]
    assert read(same) == anew(same)
    assert parses(same) == 2


def test_the_length_of_the_body_may_differ() -> None:
    grows = [post(b"x" * size) for size in (1, 9, 10, 99, 1, 100_000, 7)]
    assert read(grows) == anew(grows)
    requests, _ = read(grows)
    assert [dict(one.headers)[b"content-length"] for one in requests][-2:] == [b"100000", b"7"]
    assert parses(grows) == 2


def test_whoever_sends_new_heads_each_time_is_not_watched_for_ever() -> None:
    traced = [post(b"{}", b"traceparent: %d\r\n" % number) for number in range(10)]
    again = [traced[-1]] * 3
    assert read(traced + again) == anew(traced + again)
    assert parses(traced + again) == len(traced + again)


def test_long_heads_are_read_each_time() -> None:
    long = [post(b"{}", b"x: %b\r\n" % (b"y" * HEAD_BYTES_MAX))] * (TRIES + 3)
    assert parses(long) == len(long)


ODD = [
    post(b"hello", b"Expect: 100-continue\r\n"),
    post(b"hello", b"Transfer-Encoding: identity\r\n"),
    post(b"hello", b"Connection: close\r\n"),
    post(b"hello", b"Content-Length: 5\r\n"),
    post(b"hello", b"X-Note: content-length: 5\r\n"),
    post(b"hello", b"X-Content-Length: 5\r\n"),
    post(b"hello", b"Content-Encoding: gzip\r\n"),
    post(b"hello", length=b"Content-Length: 05\r\n"),
    post(b"hello", length=b"Content-Length:5\r\n"),
    post(b"hello", length=b"Content-Length:  5\r\n"),
    post(b"hello", length=b"Content-Length: 5 \r\n"),
    post(b"hello", length=b"Content-Length: +5\r\n"),
    post(b"hello", length=b"Content-Length: 4\r\n"),
    post(b"hello", length=b"Content-Length: 6\r\n"),
    post(b"hello", length=b"Content-Length: 5, 5\r\n"),
    post(b"hello", length=b"Content-Length: 99999999999999999999\r\n"),
    post(b"hello", length=b"content-LENGTH: 5\r\n"),
    post(b"hello", length=b""),
    post(b"hello", length=b"Transfer-Encoding: chunked\r\n"),
    post(b"5\r\nhello\r\n0\r\n\r\n", length=b"Transfer-Encoding: chunked\r\n"),
    post(b"\r\nhello") + b"\r\n",
    post(b"\r\n\r\n\r\n"),
    post(b""),
    post(b"hello") + b"\r\n",
    b"\r\n" + post(b"hello"),
    post(b"hello") * 2,
    post(b"hello")[:-1],
    b"!",
    b"GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\n",
    b"PUT / HTTP/1.0\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
    post(b"hello").replace(b"\r\n", b"\n"),
]


@pytest.mark.parametrize("odd", ODD)
def test_a_head_that_is_not_quite_the_same_is_read_anew(odd: bytes) -> None:
    usual = post(b"hello")
    for pieces in ([usual] * 3 + [odd] * 4 + [usual] * 2, [odd] * 4 + [usual] * 3 + [odd]):
        assert read(pieces) == anew(pieces)


@given(st.lists(st.one_of(st.sampled_from(ODD), st.binary(max_size=40).map(post)), max_size=12))
def test_any_order_reads_the_same(pieces: list[bytes]) -> None:
    assert read(pieces) == anew(pieces)


def test_any_cut_of_a_known_head_reads_the_same() -> None:
    known, next_one = [post(b"hello")] * 3, post(b"good morning")
    for cut in range(1, len(next_one)):
        pieces = [*known, next_one[:cut], next_one[cut:], *known]
        assert read(pieces) == anew(pieces)


def test_bounds_hold_for_known_heads_too() -> None:
    bounds = Bounds(body_bytes_max=10)
    pieces = [post(b"x")] * 3 + [post(b"x" * 10), post(b"x" * 11)]
    assert read(pieces, bounds) == anew(pieces, bounds)
    requests, wrong = read(pieces, bounds)
    assert len(requests) == 4
    assert wrong is not None


def test_a_length_with_more_digits_makes_no_head_too_large() -> None:
    head = len(post(b"x")) - 1
    for spare in range(10):
        bounds = Bounds(header_bytes_max=head + spare)
        pieces = [post(b"x")] * 3 + [post(b"x" * 100_000)]
        alone = [read([piece], bounds) for piece in pieces]
        requests = [request for one in alone for request in one[0]]
        assert read(pieces, bounds) == (requests, alone[-1][1])
