from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.engine.provider.framing import PATIENCE_S_MAX, mode_of
from glimway.wire.refusal import Fault

LENGTH = (b"content-length", b"5")
CHUNKED = (b"transfer-encoding", b" Chunked ")
GZIP = (b"content-encoding", b"gzip")


@pytest.mark.parametrize(
    ("status", "headers", "mode"),
    [
        (200, [], "close"),
        (200, [LENGTH], "length"),
        (200, [CHUNKED], "chunked"),
        (200, [LENGTH, CHUNKED], "chunked"),
        (200, [CHUNKED, LENGTH], "chunked"),
        (204, [], "none"),
        (304, [LENGTH], "none"),
        (204, [CHUNKED], "none"),
        (429, [GZIP, LENGTH], "length"),
        (500, [(b"transfer-encoding", b"gzip, chunked")], "chunked"),
        (500, [(b"transfer-encoding", b"gzip")], "close"),
        (200, [(b"content-encoding", b""), LENGTH], "length"),
        (200, [(b"content-encoding", b"Identity"), LENGTH], "length"),
    ],
)
def test_the_head_says_how_the_body_ends(
    status: int, headers: list[tuple[bytes, bytes]], mode: str
) -> None:
    assert mode_of(status, headers) == (mode, PATIENCE_S_MAX)


@pytest.mark.parametrize(
    "header", [GZIP, (b"content-encoding", b"br, gzip"), (b"transfer-encoding", b"gzip, chunked")]
)
def test_a_success_in_a_coding_that_was_not_asked_for_is_broken(
    header: tuple[bytes, bytes],
) -> None:
    with pytest.raises(Fault) as told:
        mode_of(200, [header])
    assert told.value.kind == "broken"


@pytest.mark.parametrize(
    ("said", "patience_s"),
    [
        (b"timeout=5", 4.0),
        (b"timeout=5, max=100", 4.0),
        (b"max=100 , Timeout=60", 59.0),
        (b"timeout=1", 0.5),
        (b"timeout=0", 0.0),
        (b"timeout=99999999999999999999", PATIENCE_S_MAX - 1),
        *((other, PATIENCE_S_MAX) for other in (b"", b"timeout", b"timeout=", b"timeout=-5")),
        *((other, PATIENCE_S_MAX) for other in (b"timeout=5s", b"timeout='5'", b"max=5", b",,=")),
    ],
)
def test_a_server_s_patience(said: bytes, patience_s: float) -> None:
    assert mode_of(200, [(b"keep-alive", said)])[1] == patience_s


@given(st.lists(st.tuples(st.sampled_from([*(LENGTH[:1]), b"keep-alive", b"x"]), st.binary())))
def test_no_header_is_too_odd(headers: list[tuple[bytes, bytes]]) -> None:
    mode, patience_s = mode_of(200, headers)
    assert mode in ("close", "length")
    assert 0 <= patience_s <= PATIENCE_S_MAX
