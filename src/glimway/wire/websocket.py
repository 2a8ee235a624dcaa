"""WebSocket frames: bytes to messages and back, on the server's side.

Knows the grammar of RFC 6455: masked frames of clients, fragments, control frames, close codes and
UTF-8. Refuses to know what is said, and extensions: none is ever agreed on.
Source: https://www.rfc-editor.org/rfc/rfc6455.

Reading is the same however the bytes are cut, and memory is bounded by the largest message.
"""

from __future__ import annotations

import codecs
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha1
from typing import Final, Literal, NamedTuple

MESSAGE_BYTES_MAX: Final = 32 * 1024 * 1024
CONTROL_BYTES_MAX: Final = 125
FRAGMENTS_MAX: Final = 100_000
"""Of one message: each costs something, also an empty one."""

GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
UNSUPPORTED: Final = 1003
NOT_TEXT: Final = 1007
POLICY: Final = 1008
TOO_BIG: Final = 1009
TRY_LATER: Final = 1013
NORMAL: Final = 1000
NO_CODE: Final = 1005
"""Stands for a close frame without a code; never sent."""

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_FIN: Final = 0x80
_MASKED: Final = 0x80

Kind = Literal["text", "binary", "close", "ping", "pong"]

_KINDS: Final[dict[int, Kind]] = {
    _TEXT: "text",
    _BINARY: "binary",
    _CLOSE: "close",
    _PING: "ping",
    _PONG: "pong",
}


class Message(NamedTuple):
    """One whole message; ``code`` is that of a ``close``, whose data are its reason."""

    kind: Kind
    data: bytes
    code: int = NORMAL


class Wrong(NamedTuple):
    """What a client sent is no WebSocket, or more than it may be; the close code says which."""

    code: int
    reason: str


class _Stop(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.wrong = Wrong(code, reason)


def accept_key(key: bytes) -> bytes | None:
    """What answers the client's key in the handshake; None: it is no such key."""
    try:
        if len(b64decode(key, validate=True)) != 16:
            return None
    except (NotBase64, ValueError):
        return None
    return b64encode(sha1(key + _GUID, usedforsecurity=False).digest())


def text_frame(data: bytes) -> bytes:
    """A text message in one frame."""
    return _frame(_TEXT, data)


def ping_frame(data: bytes = b"") -> bytes:
    """A ping."""
    return _frame(_PING, data)


def pong_frame(data: bytes) -> bytes:
    """The answer to a ping."""
    return _frame(_PONG, data)


def close_frame(code: int, reason: str = "") -> bytes:
    """A close; without a code where the client gave none."""
    if code == NO_CODE:
        return _frame(_CLOSE, b"")
    words = reason.encode()[: CONTROL_BYTES_MAX - 2].decode("utf-8", "ignore").encode()
    return _frame(_CLOSE, code.to_bytes(2, "big") + words)


def _frame(opcode: int, data: bytes) -> bytes:
    size = len(data)
    if size <= CONTROL_BYTES_MAX:
        head = bytes((_FIN | opcode, size))
    elif size < 1 << 16:
        head = bytes((_FIN | opcode, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FIN | opcode, 127)) + size.to_bytes(8, "big")
    return head + data


class MessageReader:
    """Reads the messages of one client.

    Args:
        bytes_max: of one message.
    """

    __slots__ = ("_bytes_max", "_data", "_fragments", "_kind", "_size", "_utf8", "wrong")

    def __init__(self, bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._data = bytearray()
        self._kind: Kind | None = None
        """Of the message whose fragments come in."""
        self._fragments: list[bytes] = []
        self._size = 0
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self.wrong: Wrong | None = None
        """Nothing more is read."""

    @property
    def held_bytes(self) -> int:
        """Of a message that is not whole yet."""
        return len(self._data) + self._size

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes; the messages they complete. ``wrong`` is set when something that
        follows those cannot be taken, or once a close has come."""
        messages: list[Message] = []
        if self.wrong is not None:
            return messages
        self._data += data
        try:
            while self._one(messages):
                pass
        except _Stop as stop:
            self.wrong = stop.wrong
        return messages

    def _one(self, messages: list[Message]) -> bool:
        """Take one frame; False: it is not all here yet, or the last one was a close."""
        data = self._data
        if self.wrong is not None or len(data) < 2:
            return False
        first, second = data[0], data[1]
        opcode = first & 0x0F
        self._judge(first, second, opcode)
        size, at = second & 0x7F, 2
        if size > CONTROL_BYTES_MAX:
            at += 2 if size == 126 else 8
            if len(data) < at:
                return False
            size = self._long(size, int.from_bytes(data[2:at], "big"))
        if opcode < _CLOSE and self._size + size > self._bytes_max:
            raise _Stop(TOO_BIG, f"a message may have {self._bytes_max} bytes")
        end = at + 4 + size
        if len(data) < end:
            return False
        payload = _unmasked(bytes(data[at + 4 : end]), bytes(data[at : at + 4]))
        del data[:end]
        if opcode >= _CLOSE:
            self._control(opcode, payload, messages)
        else:
            self._fragment(opcode, payload, messages, last=bool(first & _FIN))
        return True

    def _judge(self, first: int, second: int, opcode: int) -> None:
        if first & 0x70:
            raise _Stop(PROTOCOL_ERROR, "a reserved bit is set: no extension was agreed on")
        if opcode != _CONTINUED and opcode not in _KINDS:
            raise _Stop(PROTOCOL_ERROR, f"there is no frame of kind {opcode}")
        if not second & _MASKED:
            raise _Stop(PROTOCOL_ERROR, "frames of clients are masked")
        if opcode >= _CLOSE and (not first & _FIN or second & 0x7F > CONTROL_BYTES_MAX):
            raise _Stop(PROTOCOL_ERROR, "a control frame is whole and short")
        if opcode == _CONTINUED and self._kind is None:
            raise _Stop(PROTOCOL_ERROR, "a fragment continues nothing")
        if opcode in (_TEXT, _BINARY) and self._kind is not None:
            raise _Stop(PROTOCOL_ERROR, "a message begins inside another")

    @staticmethod
    def _long(mark: int, size: int) -> int:
        least = CONTROL_BYTES_MAX + 1 if mark == 126 else 1 << 16
        if size < least or size >= 1 << 63:
            raise _Stop(PROTOCOL_ERROR, "a length is not written in its shortest form")
        return size

    def _fragment(
        self, opcode: int, payload: bytes, messages: list[Message], *, last: bool
    ) -> None:
        if opcode != _CONTINUED:
            self._kind = _KINDS[opcode]
            self._utf8.reset()
        self._fragments.append(payload)
        self._size += len(payload)
        if self._kind == "text":
            try:
                self._utf8.decode(payload, last)
            except UnicodeDecodeError:
                raise _Stop(NOT_TEXT, "a text is not UTF-8") from None
        if len(self._fragments) > FRAGMENTS_MAX:
            raise _Stop(POLICY, f"a message may have {FRAGMENTS_MAX} fragments")
        if last:
            assert self._kind is not None  # noqa: S101 - it was judged
            messages.append(Message(self._kind, b"".join(self._fragments)))
            self._kind, self._size = None, 0
            self._fragments.clear()

    def _control(self, opcode: int, payload: bytes, messages: list[Message]) -> None:
        if opcode != _CLOSE:
            messages.append(Message(_KINDS[opcode], payload))
            return
        code = NO_CODE
        if payload:
            code = int.from_bytes(payload[:2], "big")
            if len(payload) == 1 or not _may_be_sent(code):
                raise _Stop(PROTOCOL_ERROR, "a close has no code that may be sent")
            try:
                payload[2:].decode()
            except UnicodeDecodeError:
                raise _Stop(NOT_TEXT, "the reason of a close is not UTF-8") from None
        messages.append(Message("close", payload[2:], code))
        self.wrong = Wrong(NORMAL, "closed")


def _may_be_sent(code: int) -> bool:
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code < 5000


def _unmasked(data: bytes, mask: bytes) -> bytes:
    size = len(data)
    whole = (mask * (size // 4 + 1))[:size]
    mixed = int.from_bytes(data, "little") ^ int.from_bytes(whole, "little")
    return mixed.to_bytes(size, "little")
