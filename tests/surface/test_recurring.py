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


def test_values_may_differ_that_do_not_say_how_a_head_is_read() -> None:
    """As on the connections of a proxy, which bring one caller after the other."""
    traced = [
        post(
            b"x" * (1 + number % 3),
            b"X-Api-Key: glim_%d\r\ntraceparent: 00-%d\r\n" % (number, number),
        )
        for number in range(1, 10)
    ]
    assert read(traced) == anew(traced)
    requests, _ = read(traced)
    assert [dict(one.headers)[b"x-api-key"] for one in requests][-2:] == [b"glim_8", b"glim_9"]
    assert parses(traced) == 2


def test_whoever_sends_other_lines_each_time_is_not_watched_for_ever() -> None:
    varied = [post(b"{}", b"x-%d: 1\r\n" % number) for number in range(10)]
    again = [varied[-1]] * 3
    assert read(varied + again) == anew(varied + again)
    assert parses(varied + again) == len(varied + again)


# fmt: off
VALUES = [
    b"x", b"x y", b"", b" ", b" x", b"x ", b"\tx", b"x\ty", b"x\t", b"x\x00y", b"x\x7f", b"\xe4",
    b"x\ry", b"x\ny", b"x\r\n y", b"x\r\nX-More: y", b"x\r\n", b"x: y", b"close", b"gzip", b"a, b",
    b"7", b"chunked", b"identity", b"keep-alive", b"upgrade", b"a.example:80", b"h2c", b"x" * 5000,
]
# fmt: on
NAMES = [
    *(b"Authorization", b"Connection", b"Content-Encoding", b"Content-Type", b"Cookie", b"Host"),
    *(b"Keep-Alive", b"Proxy-Connection", b"TE", b"Transfer-Encoding", b"X-Any", b"Upgrade"),
    *(b"Content-Length", b"Expect", b"X-Forwarded-For"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("separator", [b": ", b":", b":  ", b":\t", b" : "])
def test_any_other_value_reads_as_it_does_anew(name: bytes, separator: bytes) -> None:
    def asked(value: bytes, between: bytes) -> bytes:
        lines = [b"Content-Length: 7\r\n"] if name != b"Content-Length" else []
        lines += [b"Host: a\r\n"] if name != b"Host" else []
        line = b"%b%b%b\r\n" % (name, between, value)
        return b"POST /v1/x HTTP/1.1\r\n%b\r\nhello, " % b"".join([*lines, line])

    first = b"keep-alive" if name.endswith(b"Connection") else b"7"
    for known in (first, b"identity", b"chunked"):
        for value in VALUES:
            pieces = [asked(known, b": ")] * 3 + [asked(value, separator), asked(known, b": ")]
            assert read(pieces) == anew(pieces), value


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
