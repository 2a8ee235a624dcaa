"""What could mean two things is refused, however it is cut; what is odd but sound is read."""

from __future__ import annotations

import pytest

from edges.malformed import MALFORMED
from edges.sound import SOUND
from edges.vector import Vector
from glimway.surface.bounds import Bounds
from glimway.surface.incoming import Incoming
from glimway.surface.request import Request
from glimway.wire.refusal import Refusal
from kit import splits


def read(pieces: list[bytes]) -> tuple[list[Request], Refusal | None]:
    incoming = Incoming(Bounds())
    requests = [request for piece in pieces for request in incoming.feed(piece)]
    return requests, incoming.wrong


def cuts(raw: bytes) -> list[list[bytes]]:
    """At each of the first places, where heads are, and at some later ones; and byte by byte."""
    ways = [[raw], list(splits.byte_by_byte(raw))]
    places = [*range(1, min(len(raw), 100)), *range(100, len(raw), 101)]
    return ways + [[raw[:place], raw[place:]] for place in places]


def test_there_are_enough_of_them() -> None:
    assert len({vector.raw for vector in MALFORMED}) >= 300
    assert len({str(vector) for vector in (*MALFORMED, *SOUND)}) == len(MALFORMED) + len(SOUND)


@pytest.mark.parametrize("vector", MALFORMED, ids=str)
def test_what_could_mean_two_things_is_refused(vector: Vector) -> None:
    for pieces in cuts(vector.raw):
        requests, wrong = read(pieces)
        assert not requests
        assert wrong is not None
        assert wrong.kind in ("invalid", "too_large", "unsupported")


@pytest.mark.parametrize("vector", SOUND, ids=str)
def test_what_is_odd_but_sound_is_read_the_same_however_it_is_cut(vector: Vector) -> None:
    (whole,), wrong = read([vector.raw])
    assert wrong is None
    assert whole.body.strip() in (b"{}", b"") or whole.body.split() == [b"{", b"}"]
    for pieces in cuts(vector.raw):
        assert read(pieces) == ([whole], None)


@pytest.mark.parametrize("vector", SOUND, ids=str)
def test_the_next_request_on_the_connection_is_found(vector: Vector) -> None:
    behind = b"GET /behind HTTP/1.1\r\nHost: a\r\n\r\n"
    (first, *rest), wrong = read([vector.raw + behind])
    if first.keep_alive:
        assert wrong is None
        assert [request.target for request in rest] == [b"/behind"]
    else:
        assert not rest


@pytest.mark.parametrize("vector", MALFORMED, ids=str)
def test_sound_requests_in_front_are_kept(vector: Vector) -> None:
    before = b"GET /before HTTP/1.1\r\nHost: a\r\n\r\n"
    requests, wrong = read([before + vector.raw])
    assert [request.target for request in requests] == [b"/before"]
    assert wrong is not None
