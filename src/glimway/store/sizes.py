"""How large a journal may become.

Knows the bounds of a segment, of all of them together and of one record. Refuses to know files.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from glimway.store.errors import JournalFull
from glimway.store.segments import FRAME_BYTES, HEADER_BYTES, RECORD_BYTES_MAX

SEGMENT_BYTES_DEFAULT: Final = 64 * 1024 * 1024
TOTAL_BYTES_DEFAULT: Final = 2 * 1024 * 1024 * 1024
SEGMENTS_MIN: Final = 4
"""The total is cut in at least so many segments, so that drained space comes back in steps."""


class Sizes(NamedTuple):
    """The bounds of one journal; made by ``of``."""

    segment_bytes: int
    total_bytes: int
    record_bytes: int
    """The largest payload."""

    @classmethod
    def of(cls, segment_bytes: int, total_bytes: int) -> Sizes:
        """Bounds that fit together; a segment is at most a quarter of the total.

        Raises:
            ValueError: no record would fit.
        """
        segment_bytes = min(segment_bytes, total_bytes // SEGMENTS_MIN)
        room = segment_bytes - HEADER_BYTES - FRAME_BYTES
        if room <= 0:
            raise ValueError("the journal's sizes must be above zero and hold a record")
        return cls(segment_bytes, total_bytes, min(RECORD_BYTES_MAX, room))

    def segment_end(self, others_bytes: int) -> int:
        """Offset that the open segment may reach beside ``others_bytes`` in the others."""
        return min(self.segment_bytes, self.total_bytes - others_bytes)

    def check(self, used_bytes: int, offset: int, size: int) -> None:
        """Whether ``size`` more bytes may come, which begin a new segment where they do not fit
        behind ``offset``.

        Raises:
            JournalFull: they may not.
        """
        header_bytes = HEADER_BYTES if offset + size > self.segment_bytes else 0
        if used_bytes + size + header_bytes > self.total_bytes:
            raise JournalFull(f"the journal holds {used_bytes} of {self.total_bytes} bytes")
