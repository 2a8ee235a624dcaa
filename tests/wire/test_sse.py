"""The event-stream cutter: any byte split gives the same frames."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.refusal import Fault
from glimway.wire.sse import COMMENT, FRAME_BYTES_MAX, Cutter, frame

STREAM = (
    b"\xef\xbb\xbf: hello\n\n"
    b'data: {"a": 1}\n\n'
    b"event: error\ndata:{}\n\n"
    b"data: one\ndata: two\n\n"
    b"id: 7\nretry: 10\ndata:  two spaces\n\n"
    b"data\n\n"
    b"data: \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x99\x82\n\n"
)
FRAMES = [
    (b"", b'{"a": 1}'),
    (b"error", b"{}"),
    (b"", b"one\ntwo"),
    (b"", b" two spaces"),
    (b"", b""),
    (b"", "你好 🙂".encode()),
]
ENDINGS = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}


def cut(pieces: list[bytes]) -> list[tuple[bytes, bytes]]:
    cutter = Cutter()
    return [found for piece in pieces for found in cutter.feed(piece)]


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_every_two_part_cut_gives_the_same_frames(ending: bytes) -> None:
    stream = STREAM.replace(b"\n", ending)
    for at in range(len(stream) + 1):
        assert cut([stream[:at], stream[at:]]) == FRAMES, at


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_byte_by_byte_gives_the_same_frames(ending: bytes) -> None:
    stream = STREAM.replace(b"\n", ending)
    assert cut([bytes([byte]) for byte in stream]) == FRAMES


NAMED = [
    (b"event: a\ndata: 1\n\n", [(b"a", b"1")]),
    (b"event:  a \ndata: 1\n\n", [(b"a", b"1")]),
    (b"event: a\ndata:  1\n\n", [(b"a", b" 1")]),
    (b"event: a\ndata: \n\n", [(b"a", b"")]),
    (b"event: a\ndata:1\n\n", [(b"a", b"1")]),
    (b"event: data: 1\n: 2\n\n", []),
    (b"event: a\nid: 1\n\n", []),
    (b"event: a\n\ndata: 1\n", []),
    (b"event: a\r\ndata: 1\n\n", [(b"a", b"1")]),
    (b"event: a\ndata: 1\ndata: 2\n\n", [(b"a", b"1\n2")]),
]


@pytest.mark.parametrize(("event", "frames"), NAMED)
def test_a_named_event_in_one_piece_is_cut_as_in_many(
    event: bytes, frames: list[tuple[bytes, bytes]]
) -> None:
    before = b"data: 0\n\n"
    assert cut([before, event]) == [(b"", b"0"), *frames]
    assert cut([before, *(bytes([byte]) for byte in event)]) == [(b"", b"0"), *frames]
    # What a piece leaves behind belongs to the next.
    assert cut([before, b"data: x\n", event]) == cut([before + b"data: x\n" + event])
    assert cut([before + event, event]) == cut([before + event + event])


@given(st.lists(st.integers(0, len(STREAM))))
def test_any_cuts_give_the_same_frames(points: list[int]) -> None:
    points = sorted({0, len(STREAM), *points})
    assert cut([STREAM[a:b] for a, b in itertools.pairwise(points)]) == FRAMES


def test_an_unfinished_event_is_not_a_frame_but_is_seen_at_the_end() -> None:
    cutter = Cutter()
    assert cutter.feed(b"data: half\n") == []
    assert cutter.close()
    assert cutter.tail() == b"half"


def test_a_finished_stream_leaves_nothing_behind() -> None:
    cutter = Cutter()
    cutter.feed(STREAM)
    assert not cutter.close()


@pytest.mark.parametrize("piece", [b"x" * 65536, b"data: " + b"x" * 65536 + b"\n"])
def test_an_event_that_outgrows_its_bound_is_a_fault(piece: bytes) -> None:
    cutter = Cutter()
    with pytest.raises(Fault, match="larger than"):
        for _ in range(FRAME_BYTES_MAX // 65536 + 2):
            cutter.feed(piece)


def test_one_long_line_in_single_bytes_is_linear() -> None:
    """A quadratic cutter would copy 128 GiB here and run into the test's time limit."""
    cutter = Cutter()
    for _ in range(512 * 1024):
        cutter.feed(b"x")
    assert cutter.close()


def test_what_is_written_is_read_back() -> None:
    assert cut([frame(b"{}"), COMMENT, frame(b"[]", b"ping")]) == [(b"", b"{}"), (b"ping", b"[]")]
