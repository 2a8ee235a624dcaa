"""A piece of a segment, mapped into memory to be written.

Knows how to put records into a file without a system call: room is allocated ahead, mapped, and
written by copying. Refuses to know what the records mean and when they are synced.

What is copied is in the kernel's page cache at once, so a killed process loses nothing, just as
after ``write``; ``fdatasync`` on the file saves it from a power cut in the same way. What is gained
is the system call: in a busy server its cold path through the file system costs about 12 us and
hands the interpreter's lock to another thread, twice for each request.

Room is allocated before it is mapped, so a full disk is an error of the allocation and not a
signal at some later copy.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Callable
from typing import Final

from glimway.store.segments import CHECK, FRAME_BYTES, LENGTHS

ROOM_BYTES: Final = 4 * 1024 * 1024
"""How much is allocated at once; unused room is cut off when a segment is closed."""

WINDOW_BYTES: Final = 128 * 1024
"""How much is mapped at once. A sync takes the right to write from each page that is mapped, and
must interrupt every processor for each; pages that are not mapped any more cost nothing. So the
window is small: with 4 MiB a busy server paid about 6 us more for each request."""

_LENGTHS_BYTES: Final = LENGTHS.size
_MASK: Final = 0xFFFFFFFF
_LENGTHS_END: Final = 1 << 32
_pack_lengths: Final = LENGTHS.pack_into
_pack_check: Final = CHECK.pack_into
_crc32: Final = zlib.crc32


class Window:
    """The mapped end of one segment. Not safe to use from several threads at once.

    Args:
        fd: open for reading and writing.
        file_bytes_max: no room is made beyond this unless a record needs it.
        allocate: as in ``Disk``.
    """

    __slots__ = (
        "_allocate", "_fd", "_file_bytes_max", "_map", "_room_bytes", "_room_end", "_start",
    )  # fmt: skip

    def __init__(
        self, fd: int, file_bytes_max: int, allocate: Callable[[int, int, int], None]
    ) -> None:
        self._fd = fd
        self._file_bytes_max = file_bytes_max
        self._allocate = allocate
        self._map: mmap.mmap | None = None
        self._start = 0  # offset in the file of what is mapped
        self._room_bytes = 0  # that are mapped
        self._room_end = 0  # of what is allocated, in the file

    def put(self, offset: int, payload: bytes) -> None:
        """Write one record at ``offset``.

        The lengths in its frame are copied last, in one store of the processor: a process killed
        in between leaves zeros there, which is the end of the file to every reader.

        Raises:
            OSError: the disk has no room for it; nothing was written.
        """
        size = len(payload)
        at = offset - self._start
        end = at + FRAME_BYTES + size
        mapped = self._map
        if mapped is None or end > self._room_bytes:
            mapped = self.reach(offset, FRAME_BYTES + size)
            at = offset - self._start
            end = at + FRAME_BYTES + size
        _pack_check(mapped, at + _LENGTHS_BYTES, _crc32(payload))
        mapped[at + FRAME_BYTES : end] = payload
        # The length in the low half and its complement in the high one, by one multiplication.
        _pack_lengths(mapped, at, (_LENGTHS_END - size) * _MASK)

    def reach(self, offset: int, size: int) -> mmap.mmap:
        """Make room for ``size`` bytes at ``offset``.

        Raises:
            OSError: the disk has no room for them, or cannot map files at all.
        """
        start = offset - offset % mmap.ALLOCATIONGRANULARITY
        end = max(offset + size, min(start + WINDOW_BYTES, self._file_bytes_max))
        if end > self._room_end:
            room_end = max(end, min(start + ROOM_BYTES, self._file_bytes_max))
            self._allocate(self._fd, start, room_end - start)
            self._room_end = room_end
        mapped = mmap.mmap(self._fd, end - start, offset=start)
        if self._map is not None:
            self._map.close()
        self._map, self._start, self._room_bytes = mapped, start, end - start
        return mapped

    def close(self) -> None:
        """Unmap; the bytes are the file's. The next ``put`` makes room and maps anew."""
        self._room_end = 0  # whoever closes may cut the file
        if self._map is not None:
            self._map.close()
            self._map = None
