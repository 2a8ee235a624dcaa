"""Frames of WebSockets: the RFC's examples, every cut, and everything that is not allowed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire import websocket
from glimway.wire.websocket import Message, MessageReader, accept_key, close_frame, text_frame

MASK = b"\x37\xfa\x21\x3d"


def frame(
    opcode: int, data: bytes = b"", *, fin: bool = True, bits: int = 0, masked: bool = True
) -> bytes:
    size = len(data)
    flag = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | bits | opcode])
    if size < 126:
        head += bytes([flag | size])
    elif size < 65536:
        head += bytes([flag | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + size.to_bytes(8, "big")
    if not masked:
        return head + data
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(data))


def read(data: bytes, bytes_max: int = 1000) -> tuple[list[Message], int | None]:
    reader = MessageReader(bytes_max)
    messages = reader.feed(data)
    return messages, reader.wrong.code if reader.wrong else None


def test_the_rfcs_own_examples() -> None:
    assert accept_key(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    hello = bytes.fromhex("818537fa213d7f9f4d5158")
    assert read(hello) == ([Message("text", b"Hello")], None)
    assert text_frame(b"Hello") == bytes.fromhex("810548656c6c6f")
    assert websocket.ping_frame(b"Hello") == bytes.fromhex("890548656c6c6f")
    assert text_frame(b"x" * 256)[:4] == bytes.fromhex("817e0100")
    assert text_frame(b"x" * 65536)[:10] == bytes.fromhex("817f0000000000010000")


@pytest.mark.parametrize("key", [b"", b"short", b"!" * 24, b"dGhlIHNhbXBsZSBub25jZQ", b"\xff"])
def test_what_is_no_key(key: bytes) -> None:
    assert accept_key(key) is None


SOUND = b"".join(
    [
        frame(1, b"one"),
        frame(9, b"are you there"),
        frame(1, "tw\u00f6".encode()[:3], fin=False),
        frame(10),
        frame(0, "tw\u00f6".encode()[3:] + b" and", fin=False),
        frame(0, b" more"),
        frame(2, b"x" * 300),
        frame(1, b""),
        frame(8, (1000).to_bytes(2, "big") + b"bye"),
        frame(1, b"never read"),
    ]
)
SAID = [
    Message("text", b"one"),
    Message("ping", b"are you there"),
    Message("pong", b""),
    Message("text", "tw\u00f6 and more".encode()),
    Message("binary", b"x" * 300),
    Message("text", b""),
    Message("close", b"bye", 1000),
]


def test_every_cut_reads_the_same() -> None:
    assert read(SOUND)[0] == SAID
    for at in range(len(SOUND)):
        reader = MessageReader()
        assert reader.feed(SOUND[:at]) + reader.feed(SOUND[at:]) == SAID
    reader = MessageReader()
    assert [m for byte in SOUND for m in reader.feed(bytes([byte]))] == SAID


@given(st.lists(st.text()), st.lists(st.integers(0, 2000)))
def test_whatever_is_said_arrives(texts: list[str], cuts: list[int]) -> None:
    data = b"".join(frame(1, text.encode()) for text in texts)
    reader, said = MessageReader(), []
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for begin, end in itertools.pairwise(places):
        said += reader.feed(data[begin:end])
    assert [message.data.decode() for message in said] == texts


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(1, b"x", masked=False), 1002),
        (frame(1, b"x", bits=0x40), 1002),
        (frame(1, b"x", bits=0x10), 1002),
        (frame(3, b"x"), 1002),
        (frame(11), 1002),
        (frame(0, b"x"), 1002),
        (frame(1, b"x", fin=False) + frame(1, b"x"), 1002),
        (frame(9, b"x", fin=False), 1002),
        (frame(9, b"x" * 126), 1002),
        (b"\x81\xfe\x00\x05" + MASK, 1002),
        (b"\x81\xff" + (5).to_bytes(8, "big"), 1002),
        (b"\x81\xff" + (1 << 63).to_bytes(8, "big"), 1002),
        (frame(1, b"\xff"), 1007),
        (frame(1, b"\xc3"), 1007),
        (frame(1, b"\xed\xa0\x80"), 1007),
        (frame(8, b"x"), 1002),
        (frame(8, (999).to_bytes(2, "big")), 1002),
        (frame(8, (1005).to_bytes(2, "big")), 1002),
        (frame(8, (1000).to_bytes(2, "big") + b"\xff"), 1007),
        (frame(1, b"x" * 1001), 1009),
        (frame(1, b"x" * 600, fin=False) + frame(0, b"x" * 401), 1009),
        (b"\x81\xff" + (1 << 40).to_bytes(8, "big"), 1009),
    ],
)
def test_what_is_not_allowed(data: bytes, code: int) -> None:
    assert read(data)[1] == code
    reader = MessageReader(1000)
    for byte in data:
        reader.feed(bytes([byte]))
    assert reader.wrong is not None
    assert reader.wrong.code == code
    assert reader.feed(frame(1, b"more")) == []


def test_fragments_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "FRAGMENTS_MAX", 5)
    many = frame(1, fin=False) + frame(0, fin=False) * 6
    assert read(many)[1] == 1008


def test_a_close_is_short() -> None:
    assert close_frame(1005) == b"\x88\x00"
    assert close_frame(1001, "x" * 200)[1] == 125
    assert close_frame(1001, "\u00f6" * 100)[4:].decode()
