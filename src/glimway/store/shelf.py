"""Which segments the journal has, and reading across them.

Knows the order of the segments, what may be cut from the last one and where each begins. Refuses
to know how records are appended and synced.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from glimway.store.disk import sync_folder
from glimway.store.errors import JournalCorrupt
from glimway.store.mark import read_mark
from glimway.store.segments import (
    FRAME_BYTES,
    HEADER_BYTES,
    Examined,
    Position,
    examine,
    name_of,
    numbers_in,
    read_records,
)

READ_RECORDS: Final = 500
"""How many records ``Shelf.read`` holds at once."""


class Segment(NamedTuple):
    """One segment file."""

    number: int
    first_sequence: int
    size: int
    """Bytes after which no record begins; for the open segment, what it held when listed."""
    records: int


class Recovered(NamedTuple):
    """What opening a journal found."""

    segments: int
    records: int
    torn_bytes: int
    """Bytes of an interrupted write that were cut off the end; unused room is not counted."""


class Batch(NamedTuple):
    """Consecutive records of one segment."""

    payloads: list[bytes]
    first: Position
    """Where the first of them begins."""
    after: Position
    """Where to read on."""


def survey(folder: Path) -> tuple[list[Segment], Recovered]:
    """Check every segment in ``folder``, then cut what an interrupted write left at the very end.

    Returns:
        the segments, oldest first, and what was found.

    Raises:
        JournalCorrupt: anything but the very end cannot be read. Nothing was changed then.
    """
    numbers = numbers_in(folder)
    newest = numbers[-1] if numbers else 0
    mark = read_mark(folder)
    if mark is not None and mark.segment > newest:
        raise JournalCorrupt(name_of(mark.segment), 0, "the file is missing")
    segments: list[Segment] = []
    torn_bytes = left_bytes = 0
    for number in numbers:
        path = folder / name_of(number)
        last = number == newest
        synced = mark.within(number) if last and mark is not None else None
        found = examine(path, synced)
        torn_bytes += found.torn_bytes
        left_bytes = found.size - found.end
        if found.header is None:
            if not last or synced is not None:
                raise JournalCorrupt(path.name, 0, "its header is missing")
            continue
        if left_bytes and not last:
            raise JournalCorrupt(path.name, found.end, "it is cut short")
        _check_order(segments, found, path.name)
        sequence = found.header.first_sequence
        segments.append(Segment(number, sequence, found.end, found.records))
    if left_bytes or len(segments) < len(numbers):
        _cut(folder / name_of(newest), segments)
    records = sum(segment.records for segment in segments)
    return segments, Recovered(len(segments), records, torn_bytes)


def _check_order(before: list[Segment], found: Examined, name: str) -> None:
    header = found.header
    if not before or header is None or header.jumps:
        return
    last = before[-1]
    if header.number != last.number + 1:
        raise JournalCorrupt(name, 0, f"segment {name_of(last.number + 1)} before it is missing")
    if header.first_sequence != last.first_sequence + last.records:
        raise JournalCorrupt(name, 0, "records are missing at the end of the segment before it")


def _cut(path: Path, segments: list[Segment]) -> None:
    if not segments or path.name != name_of(segments[-1].number):
        path.unlink()
        sync_folder(path.parent)
        return
    fd = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(fd, segments[-1].size)
        os.fsync(fd)
    finally:
        os.close(fd)


class Shelf:
    """The live segments of one journal. Safe to use from any thread."""

    def __init__(self, folder: Path, segments: list[Segment]) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._segments = {segment.number: segment for segment in segments}

    def add(self, number: int, first_sequence: int) -> None:
        """A new, empty segment is the open one now."""
        with self._lock:
            self._segments[number] = Segment(number, first_sequence, HEADER_BYTES, 0)

    def seal(self, number: int, size: int) -> None:
        """Segment ``number`` ends at ``size`` for good."""
        with self._lock:
            self._segments[number] = self._segments[number]._replace(size=size)

    def bytes_before(self, number: int) -> int:
        """What the segments before ``number`` hold together."""
        with self._lock:
            return sum(one.size for one in self._segments.values() if one.number < number)

    def starts(self) -> list[Position]:
        """Where each segment's first record begins, oldest segment first."""
        with self._lock:
            known = list(self._segments.values())
        return [Position(one.number, HEADER_BYTES, one.first_sequence) for one in known]

    def release(self, before: int) -> int:
        """Delete the segments before number ``before``.

        Returns:
            how many bytes came free.

        Raises:
            OSError: a file cannot be deleted; it and those after it stay.
        """
        freed = 0
        with self._lock:
            for number in [number for number in self._segments if number < before]:
                with contextlib.suppress(FileNotFoundError):
                    (self._folder / name_of(number)).unlink()
                freed += self._segments.pop(number).size
        return freed

    def read_batch(self, start: Position, stop: Position, room: int) -> Batch:
        """Read up to ``room`` records from ``start``, none at or after ``stop``.

        Fewer come at the end of a segment, none when there are none. A start before the oldest
        segment means the oldest record.

        Raises:
            JournalCorrupt: a record that was written whole cannot be read.
        """
        while start < stop:
            segment = self._at_or_after(start)
            if segment is None:
                break
            if segment.number != start.segment or start.offset < HEADER_BYTES:
                start = Position(segment.number, HEADER_BYTES, segment.first_sequence)
            end = stop.offset if segment.number == stop.segment else segment.size
            if start.offset >= end:
                if segment.number >= stop.segment:
                    break
                start = Position(start.segment + 1, 0, start.sequence)
                continue
            path = self._folder / name_of(segment.number)
            try:
                payloads, offset = read_records(path, start.offset, end, room)
            except FileNotFoundError as error:
                if self._holds(segment.number):
                    raise JournalCorrupt(path.name, 0, "the file is missing") from error
                continue  # released meanwhile
            after = Position(start.segment, offset, start.sequence + len(payloads))
            return Batch(payloads, start, after)
        return Batch([], start, start)

    def read(self, start: Position, stop: Position) -> Iterator[tuple[Position, bytes]]:
        """Each record from ``start`` up to ``stop``, with the place it begins at.

        Raises:
            JournalCorrupt: as in ``read_batch``.
        """
        while start < stop:
            payloads, here, start = self.read_batch(start, stop, READ_RECORDS)
            if not payloads:
                return
            for payload in payloads:
                yield here, payload
                after = here.offset + FRAME_BYTES + len(payload)
                here = Position(here.segment, after, here.sequence + 1)

    def _at_or_after(self, start: Position) -> Segment | None:
        with self._lock:
            exact = self._segments.get(start.segment)
            if exact is not None and start.offset >= HEADER_BYTES:
                return exact
            known = [one for one in self._segments.values() if one.number >= start.segment]
        return known[0] if known else None

    def _holds(self, number: int) -> bool:
        with self._lock:
            return number in self._segments
