"""The bytes of one journal segment.

Knows how a segment file is laid out, how records are told from damage, and which damage an
interrupted write explains. Refuses to know why records are written, when they are synced and which
segments exist.

A segment is a header (magic, version, flags, its number, the sequence number of its first record,
a checksum) followed by records. A record is its length, the complement of its length, the CRC-32
of its payload, then the payload. The complement is there because a length that rotted would
otherwise look like a record cut short, and everything after it would be thrown away as a torn tail.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from glimway.store.errors import JournalCorrupt

SUFFIX: Final = ".journal"
VERSION: Final = 1
JUMPS: Final = 1
"""Header flag: numbers may jump before this segment (it was started past a known position)."""

RECORD_BYTES_MAX: Final = 4 * 1024 * 1024
READ_BLOCK_BYTES: Final = 1024 * 1024
"""How much of a segment is held in memory at once while reading (more for one larger record)."""

_MAGIC: Final = b"glimjrnl"
_HEADER: Final = struct.Struct("<8sHHQQ")
CHECK: Final = struct.Struct("<I")
"""A checksum."""
HEADER_BYTES: Final = _HEADER.size + CHECK.size
_FRAME: Final = struct.Struct("<III")
FRAME_BYTES: Final = _FRAME.size
LENGTHS: Final = struct.Struct("<Q")
"""A frame's first part as one number: the length and its complement. The second is ``CHECK``."""
_MASK: Final = 0xFFFFFFFF
_pack_frame: Final = _FRAME.pack
_unpack_frame: Final = _FRAME.unpack_from
_crc32: Final = zlib.crc32


class Position(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place between two records; positions compare in writing order.

    Args:
        segment: the segment's number, from 1.
        offset: byte offset in that segment.
        sequence: how many records were ever written before this place.
    """

    segment: int
    offset: int
    sequence: int


START: Final = Position(0, 0, 0)
"""Before the first record of any journal."""


class Header(NamedTuple):
    """What a segment says of itself."""

    number: int
    first_sequence: int
    jumps: bool


class Examined(NamedTuple):
    """One segment, read from its first byte to its last."""

    header: Header | None
    """None: not even the header was written whole."""
    records: int
    end: int
    """Byte offset after the last whole record."""
    torn_bytes: int
    """Bytes after ``end`` that an interrupted write explains; zeros up to the end of the file are
    room that nothing was written to, and do not count."""
    size: int
    """Of the file."""


def name_of(number: int) -> str:
    """File name of segment ``number``; names sort in number order."""
    return f"{number:010d}{SUFFIX}"


def numbers_in(folder: Path) -> list[int]:
    """Numbers of the segments in ``folder``, rising; other files are left alone."""
    stems = (path.name.removesuffix(SUFFIX) for path in folder.glob("*" + SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isdigit())


def header_bytes(number: int, first_sequence: int, *, jumps: bool = False) -> bytes:
    """The header that opens segment ``number``."""
    body = _HEADER.pack(_MAGIC, VERSION, JUMPS if jumps else 0, number, first_sequence)
    return body + CHECK.pack(_crc32(body))


def framed(payload: bytes) -> bytes:
    """One record as it stands in a segment."""
    size = len(payload)
    return _pack_frame(size, size ^ _MASK, _crc32(payload)) + payload


def read_header(fd: int, name: str) -> Header:
    """Read and check a segment's header.

    Raises:
        JournalCorrupt: it is not a segment of a version this release reads.
    """
    raw = os.pread(fd, HEADER_BYTES, 0)
    if len(raw) < HEADER_BYTES:
        raise JournalCorrupt(name, 0, "its header is cut short")
    magic, version, flags, number, first_sequence = _HEADER.unpack_from(raw)
    if _crc32(raw[: _HEADER.size]) != CHECK.unpack_from(raw, _HEADER.size)[0]:
        raise JournalCorrupt(name, 0, "its header does not match its checksum")
    if magic != _MAGIC or version != VERSION:
        raise JournalCorrupt(name, 0, f"its format is {version}, this release reads {VERSION}")
    if name != name_of(number):
        raise JournalCorrupt(name, 0, f"it says that it is segment {number}")
    return Header(number, first_sequence, bool(flags & JUMPS))


def split(block: bytes, room: int) -> tuple[list[bytes], int, str | None]:
    """Take whole records off the front of ``block``.

    Args:
        block: bytes of a segment, beginning at a record.
        room: how many records are wanted at most.

    Returns:
        the payloads, how many bytes they took, and what is wrong with the record after them
        (None: nothing, or it is not whole in this block).
    """
    payloads: list[bytes] = []
    take = payloads.append
    at = 0
    start = FRAME_BYTES
    size = len(block)
    while start <= size and room > 0:
        length, complement, check = _unpack_frame(block, at)
        if length ^ complement != _MASK or not 0 < length <= RECORD_BYTES_MAX:
            return payloads, at, "a record's length makes no sense"
        stop = start + length
        if stop > size:
            break
        payload = block[start:stop]
        if _crc32(payload) != check:
            return payloads, at, "a record does not match its checksum"
        take(payload)
        at = stop
        start = at + FRAME_BYTES
        room -= 1
    return payloads, at, None


def frame_at(fd: int, offset: int) -> int | None:
    """Length of the payload that the frame at ``offset`` announces; None when it makes no sense."""
    raw = os.pread(fd, FRAME_BYTES, offset)
    if len(raw) < FRAME_BYTES:
        return None
    length, complement, _check = _FRAME.unpack(raw)
    if length ^ complement != _MASK or not 0 < length <= RECORD_BYTES_MAX:
        return None
    return int(length)


def read_block(fd: int, offset: int, end: int) -> bytes:
    """Bytes of a segment from a record on: a block, or one whole record larger than a block."""
    wanted = min(READ_BLOCK_BYTES, end - offset)
    block = os.pread(fd, wanted, offset)
    if len(block) >= FRAME_BYTES:
        length, complement, _check = _unpack_frame(block)
        whole = FRAME_BYTES + length
        if length ^ complement == _MASK and wanted < whole <= end - offset:
            block = os.pread(fd, whole, offset)
    return block


def read_records(path: Path, offset: int, end: int, room: int) -> tuple[list[bytes], int]:
    """Read records that are known to be whole.

    Args:
        path: the segment.
        offset: where a record begins.
        end: where the last whole record ends.
        room: how many records are wanted at most.

    Returns:
        the payloads and the offset after them.

    Raises:
        JournalCorrupt: a record that was written whole cannot be read.
        FileNotFoundError: the segment was released meanwhile.
    """
    payloads: list[bytes] = []
    fd = os.open(path, os.O_RDONLY)
    try:
        while offset < end and len(payloads) < room:
            more, taken, wrong = split(read_block(fd, offset, end), room - len(payloads))
            payloads += more
            offset += taken
            if wrong is not None:
                raise JournalCorrupt(path.name, offset, wrong)
            if not more:
                raise JournalCorrupt(path.name, offset, "a record is cut short")
    finally:
        os.close(fd)
    return payloads, offset


def examine(path: Path, synced: int | None = None) -> Examined:
    """Read a whole segment and check every record.

    What an interrupted write leaves is told apart from damage. What lies behind ``synced`` was
    never promised, so whatever cannot be read there is torn. What lies before it is damage. Where
    that is not known, a write is taken to stop in the middle of its last record (the frame is cut,
    or names more bytes than follow), or in zeros up to the end of the file.

    Args:
        path: the segment.
        synced: what lies before this offset was synced, what lies behind it was not; None: not
            known.

    Raises:
        JournalCorrupt: names the first record that cannot be read.
    """
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        if size < HEADER_BYTES or data_end(fd, 0, size) == 0:
            return Examined(None, 0, 0, data_end(fd, 0, size), size)
        header = read_header(fd, path.name)
        offset, records = HEADER_BYTES, 0
        wrong: str | None = None
        while offset < size:
            payloads, taken, wrong = split(read_block(fd, offset, size), READ_BLOCK_BYTES)
            offset += taken
            records += len(payloads)
            if wrong is not None or not payloads:
                break
        if not is_torn(fd, offset, size, synced):
            raise JournalCorrupt(path.name, offset, wrong or "a synced record is cut short")
        torn_bytes = data_end(fd, offset, size) - offset
        return Examined(header, records, offset, torn_bytes, size)
    finally:
        os.close(fd)


def is_torn(fd: int, offset: int, size: int, synced: int | None) -> bool:
    """Whether the last segment may end at ``offset``, and what follows be cut.

    Args:
        fd: of the segment.
        offset: after its last whole record.
        size: of the file.
        synced: as in ``examine``.
    """
    if synced is not None:
        return offset >= synced
    return offset >= size or interrupted(fd, offset, size)


def interrupted(fd: int, offset: int, size: int) -> bool:
    """Whether an interrupted write explains that no whole record begins at ``offset``.

    Args:
        fd: of the segment.
        offset: after its last whole record.
        size: of the file.
    """
    if size - offset < FRAME_BYTES:
        return True
    length = frame_at(fd, offset)
    stop = offset + FRAME_BYTES + (length or 0)
    if length is not None and stop > size:
        return True
    written = data_end(fd, offset, size)
    return written < size and written < stop


def data_end(fd: int, start: int, end: int) -> int:
    """Offset after the last byte in ``start:end`` that is not zero (``start`` if all are)."""
    while end > start:
        begin = max(start, end - READ_BLOCK_BYTES)
        kept = len(os.pread(fd, end - begin, begin).rstrip(b"\0"))
        if kept:
            return begin + kept
        end = begin
    return start
