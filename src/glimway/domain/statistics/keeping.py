"""One endpoint's history as bytes, to be stored.

Knows the layout, its version and how large it may be. Refuses to know where the bytes lie and when
they are written. A full month of one endpoint takes some 6 KiB.

The first byte is the version, so that a later layout can be told from this one; what follows is
MessagePack in a zlib stream.
"""

from __future__ import annotations

import zlib
from typing import Final

import msgspec

from glimway.domain.statistics.history import Kept

VERSION: Final = 1
PLAIN_BYTES_MAX: Final = 1024 * 1024
"""More than the largest history takes; a stream that grows beyond it is not one."""

_LEVEL: Final = 1
"""A higher one saves a tenth and takes four times as long."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


def packed(kept: Kept) -> bytes:
    """A history as bytes; safe on any thread, since ``kept`` is a copy."""
    return bytes((VERSION,)) + zlib.compress(_encode(kept), _LEVEL)


def unpacked(data: bytes) -> Kept:
    """What ``packed`` gave.

    Raises:
        ValueError: it cannot be read. Statistics are no books: log it and go on without.
    """
    if not data or data[0] != VERSION:
        raise ValueError(f"statistics of version {data[0] if data else None}, not {VERSION}")
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data[1:], PLAIN_BYTES_MAX)
        if not stream.eof:
            raise ValueError("statistics that are cut off or too large")
        return _decode(plain)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"statistics that cannot be read: {error}") from None
