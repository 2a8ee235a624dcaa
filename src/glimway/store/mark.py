"""Up to where the journal was synced, as far as the disk knows.

Knows one small file beside the segments. Refuses to know records.

Mapped pages reach the disk in any order, so a power cut may leave whole records behind a hole.
What lies behind the mark was never promised to survive, and is cut at the next start like any torn
end; what lies before it was, and damage there is damage. The file is synced when a segment is
begun and not at each sync: an offset that is older than the truth only makes the next start more
lenient with the records of the last moments.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from glimway.store.disk import FILE_MODE, sync_data, sync_folder

MARK_NAME: Final = "synced"
_BODY: Final = struct.Struct("<QQ")
_CHECK: Final = struct.Struct("<I")


class Synced(NamedTuple):
    """A place in the journal up to which everything was synced."""

    segment: int
    offset: int

    def within(self, number: int) -> int | None:
        """Offset in segment ``number``; None: nothing is known of that segment."""
        return self.offset if number == self.segment else None


class Mark:
    """Keeps the mark of one journal.

    Args:
        folder: of the journal.
    """

    def __init__(self, folder: Path) -> None:
        self._fd = os.open(folder / MARK_NAME, os.O_RDWR | os.O_CREAT, FILE_MODE)
        self._folder = folder

    def put(self, segment: int, offset: int) -> None:
        """Everything before ``offset`` of ``segment`` is synced."""
        body = _BODY.pack(segment, offset)
        # A mark that cannot be written stays older, which is only more lenient.
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, body + _CHECK.pack(zlib.crc32(body)), 0)

    def put_durably(self, segment: int, offset: int) -> None:
        """As ``put``, and the mark itself survives a power cut.

        A mark that names an older segment than the last says nothing about the last one.
        """
        self.put(segment, offset)
        with contextlib.suppress(OSError):
            sync_data(self._fd)
            sync_folder(self._folder)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._fd)


def read_mark(folder: Path) -> Synced | None:
    """The mark; None where there is none that can be read: then nothing is known to be unsynced,
    and only what an interrupted write explains is cut."""
    try:
        raw = (folder / MARK_NAME).read_bytes()
    except OSError:
        return None
    if len(raw) != _BODY.size + _CHECK.size:
        return None
    if zlib.crc32(raw[: _BODY.size]) != _CHECK.unpack_from(raw, _BODY.size)[0]:
        return None
    return Synced(*_BODY.unpack_from(raw))


def forget_mark(folder: Path) -> None:
    """Remove the mark, because what it promised is not there any more.

    Raises:
        OSError: it cannot be removed.
    """
    (folder / MARK_NAME).unlink(missing_ok=True)
