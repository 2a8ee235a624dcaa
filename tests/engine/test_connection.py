"""A connection to a provider, fed byte by byte without a socket: framing, bounds, lies."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sinks import Noted
from glimway.engine.outbox import Outbox, Sender
from glimway.engine.provider.connection import HEADER_BYTES_MAX, Connection
from kit import answers, splits
from kit.answers import Framing

BODY = b'{"choices": [1, 2, 3]}'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\ncontent-length: 7\r\n\r\n"

LENGTH = answers.whole(BODY)
CHUNKED = (
    answers.head(200, {"transfer-encoding": "chunked", "x-a": "1"})
    + answers.chunk(BODY[:1])
    + answers.chunk(BODY[1:])
    + answers.LAST_CHUNK
)


class Wire:
    """What a connection believes to be its socket."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False
        self.reading = True

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        assert high <= 1, "a request that is not out would not be seen"
        assert low == 0

    def writelines(self, pieces: tuple[bytes, ...]) -> None:
        self.sent += b"".join(pieces)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True


class AtOnce:
    """An outbox that does not wait."""

    def put(self, sender: Sender) -> None:
        sender.flush()


class Line:
    """A connection, the wire under it, and what its pool is told."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.freed: list[bool] = []
        self.connection = Connection(cast("Outbox", AtOnce()))
        self.connection.on_free = lambda _, alive: self.freed.append(alive)
        self.connection.connection_made(cast("asyncio.Transport", self.wire))

    def ask(self) -> Noted:
        """Send a request."""
        noted = Noted()
        self.connection.send((b"POST / HTTP/1.1\r\n\r\n",), noted)
        return noted

    def feed(self, pieces: list[bytes]) -> None:
        """Let bytes come in, as long as the connection wants any."""
        for piece in pieces:
            if self.wire.closed:
                return
            self.connection.data_received(piece)

    def reads(self) -> bool:
        """Whether it wants more bytes."""
        return self.wire.reading

    def finish(self) -> None:
        """The provider closes."""
        if not self.wire.closed:
            self.connection.eof_received()
        self.connection.connection_lost(None)


def answer(framing: Framing) -> bytes:
    return CHUNKED if framing == "chunked" else answers.whole(BODY, framing=framing)


@pytest.mark.parametrize("before", [b"", CONTINUE, HINTS, CONTINUE + HINTS + CONTINUE])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_an_answer_may_come_in_any_pieces(framing: Framing, before: bytes) -> None:
    for pieces in splits.all_ways(before + answer(framing)):
        line = Line()
        noted = line.ask()
        line.feed(pieces)
        if framing == "close":
            assert not noted.over
            line.finish()
        assert noted.ended, pieces
        assert (noted.status, noted.data) == (200, BODY)
        if before:
            assert (b"link", b"</a>; rel=preload") not in noted.headers
        if framing == "close":
            assert line.freed == [False]
            assert line.connection.closed
        else:
            assert line.freed == [True]
            assert not line.wire.closed


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_an_answer_cut_off_at_any_byte_is_a_fault(framing: Framing) -> None:
    whole = CONTINUE + answer(framing)
    body_at = whole.index(b"\r\n\r\n", len(CONTINUE)) + 4
    for cut in range(len(whole)):
        line = Line()
        noted = line.ask()
        line.feed([whole[:cut]] if cut else [])
        line.finish()
        assert line.connection.closed
        assert line.freed == [False]
        if framing == "close" and cut >= body_at:
            assert noted.ended  # a body that the close ends has no other end
            continue
        assert noted.fault is not None, whole[:cut]
        assert noted.fault.kind == ("broken" if cut else "unreachable")
        assert noted.answered == (cut > 0)


def test_a_connection_is_used_again_and_again() -> None:
    line = Line()
    for number, whole in enumerate([LENGTH, CHUNKED, CONTINUE + LENGTH, CHUNKED] * 2, 1):
        noted = line.ask()
        line.feed(splits.seeded_cuts(whole, number, 3))
        assert noted.ended
        assert noted.data == BODY
        assert line.freed == [True] * number
        assert line.connection.exchanges == number


@pytest.mark.parametrize(
    "head",
    [
        answers.head(200, {"content-length": "0"}),
        answers.head(204),
        answers.head(304, {"content-length": "9"}),
        answers.head(200, {"transfer-encoding": "chunked"}) + answers.LAST_CHUNK,
    ],
)
def test_an_answer_may_have_no_body(head: bytes) -> None:
    for pieces in (splits.whole(head), splits.byte_by_byte(head)):
        line = Line()
        noted = line.ask()
        line.feed(pieces)
        assert noted.ended
        assert noted.data == b""
        assert line.freed == [True]


@pytest.mark.parametrize(
    "whole",
    [
        answers.whole(BODY, headers={"connection": "close"}),
        answers.whole(BODY, headers={"Connection": "Close"}, framing="chunked"),
        LENGTH.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
def test_a_connection_that_will_close_is_not_kept(whole: bytes) -> None:
    line = Line()
    noted = line.ask()
    line.feed([whole])
    assert noted.ended
    assert True not in line.freed
    assert line.wire.closed


@pytest.mark.parametrize(
    "more",
    [
        b"X",
        b"HTTP/1.1 408 Request Timeout\r\n",
        answers.whole(b"another", 200),
        answers.whole(b"another", 408, {"connection": "close"}),
        answers.head(200, {"transfer-encoding": "chunked"}) + answers.chunk(b"another"),
    ],
)
@pytest.mark.parametrize("glued", [True, False])
def test_bytes_that_nobody_asked_for_end_the_connection(more: bytes, glued: bool) -> None:
    """What comes after an answer might be taken for the next request's answer."""
    for whole in (LENGTH, CHUNKED):
        line = Line()
        noted = line.ask()
        line.feed([whole + more] if glued else [whole, more])
        assert noted.ended
        assert noted.data == BODY
        assert line.connection.closed or line.wire.closed, "it is kept"
        assert line.freed.count(True) <= 1, "one connection is twice in the pool"


@pytest.mark.parametrize(
    "bad",
    [
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        answers.head(200, {"transfer-encoding": "chunked"}) + b"zz\r\n",
        answers.head(200, {"transfer-encoding": "chunked"}) + b"3\r\nabcd\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"\x16\x03\x01\x00\x00",
    ],
)
def test_what_is_not_http_is_a_fault(bad: bytes) -> None:
    for pieces in (splits.whole(bad), splits.byte_by_byte(bad)):
        line = Line()
        noted = line.ask()
        line.feed(pieces)
        line.finish()
        assert noted.fault is not None, pieces
        assert noted.fault.kind == "broken"
        assert noted.answered
        assert True not in line.freed


@pytest.mark.parametrize(
    "flood",
    [
        b"x-a: " + b"a" * 1000 + b"\r\n",
        b"a" * 1000 + b": x\r\n",
        b"x-%d: y\r\n",
        b"a",  # one line without an end
    ],
    ids=["values", "names", "many", "one line"],
)
def test_a_head_has_a_bound(flood: bytes) -> None:
    line = Line()
    noted = line.ask()
    line.feed([b"HTTP/1.1 200 OK\r\nx-long: "])
    fed = 0
    while not line.wire.closed and fed < 4 * HEADER_BYTES_MAX:
        piece = (flood * 100).replace(b"%d", b"%d" % fed)
        fed += len(piece)
        line.feed([piece])
    assert line.wire.closed, f"{fed} bytes of a head were taken"
    assert noted.fault is not None
    assert noted.fault.kind == "broken"
    assert fed <= 2 * HEADER_BYTES_MAX + 1000 * 100


def test_trailers_have_a_bound() -> None:
    line = Line()
    noted = line.ask()
    line.feed([answers.head(200, {"transfer-encoding": "chunked"}) + b"0\r\n"])
    fed = 0
    while not line.wire.closed and fed < 4 * HEADER_BYTES_MAX:
        piece = b"x-a: " + b"a" * 1000 + b"\r\n"
        fed += len(piece)
        line.feed([piece])
    assert line.wire.closed
    assert noted.over


@pytest.mark.parametrize("body_bytes", [10, 10 * HEADER_BYTES_MAX])
def test_trailers_are_no_headers(body_bytes: int) -> None:
    line = Line()
    noted = line.ask()
    head = answers.head(200, {"transfer-encoding": "chunked"})
    body = b"x" * body_bytes
    line.feed([head + answers.chunk(body) + b"0\r\nx-late: 1\r\n\r\n"])
    assert noted.ended
    assert noted.data == body
    assert line.freed == [True]
    assert [name for name, _ in noted.headers] == [b"transfer-encoding"]


def test_nothing_is_told_after_a_close() -> None:
    line = Line()
    noted = line.ask()
    line.feed([LENGTH[:-3]])
    line.connection.close()
    assert line.wire.closed
    line.connection.connection_lost(None)
    assert not noted.over
    assert line.freed == [False]


def test_reading_rests_while_the_reader_is_slow_and_goes_on_for_the_next() -> None:
    line = Line()
    noted = line.ask()
    line.feed([LENGTH[:-3]])
    for _ in range(2):
        line.connection.pause()
    assert not line.reads()
    line.connection.resume()
    line.connection.resume()
    assert line.reads()
    line.connection.pause()
    line.feed([LENGTH[-3:]])  # these were on their way
    assert noted.ended
    assert line.reads(), "the next answer would never be read"


@given(st.binary(max_size=200), st.integers(0, 40))
def test_any_bytes_end_in_one_way(noise: bytes, good: int) -> None:
    line = Line()
    noted = line.ask()
    line.feed([piece for piece in (CHUNKED[:good], noise) if piece])
    line.finish()
    assert noted.over
    assert line.connection.closed
    assert line.freed[-1] is False
