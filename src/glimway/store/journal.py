"""The journal: every record that must not be lost, in the order it happened.

Knows how to append a record with one write and when its bytes are safe on disk. Refuses to know
what a record means and who has already read it: the drain says what may go.

Appending is on the path of every request, twice: one lock, one checksum, one ``write``. The file
is synced behind it by a thread of its own, or before return where the operator asks for that.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from glimway.store.disk import FOLDER_MODE, Disk, begin_file, lock_folder
from glimway.store.errors import JournalBroken, JournalFull
from glimway.store.segments import (
    FRAME_BYTES,
    HEADER_BYTES,
    RECORD_BYTES_MAX,
    START,
    Position,
    framed,
    header_bytes,
    name_of,
)
from glimway.store.shelf import Batch, Recovered, Shelf, survey
from glimway.store.syncer import Syncer

SEGMENT_BYTES_DEFAULT: Final = 64 * 1024 * 1024
TOTAL_BYTES_DEFAULT: Final = 2 * 1024 * 1024 * 1024
SEGMENTS_MIN: Final = 4
"""The total is cut in at least so many segments, so that drained space comes back in steps."""
FSYNC_MS_DEFAULT: Final = 20.0


class Journal:
    """An append-only file in segments; made by ``open``. Safe to use from any thread."""

    def __init__(self, folder: Path, sizes: tuple[int, int], disk: Disk) -> None:
        self._folder = folder
        self._segment_bytes, self.total_bytes = sizes
        self._record_bytes = min(RECORD_BYTES_MAX, sizes[0] - HEADER_BYTES - FRAME_BYTES)
        self._disk = disk
        self._write = disk.write
        self._lock = threading.Lock()
        self._sync_lock = threading.Lock()  # taken inside _lock, never around it
        self._fd = self._lock_fd = -1
        self._shelf = Shelf(folder, [])
        self.end = START
        """After the last record."""
        self.durable = START
        """After the last record that a power cut cannot take."""
        self._room_end = 0  # an append that would pass this offset needs a closer look
        self.broken: JournalBroken | None = None
        """Why nothing can be appended before a restart; None while all is well."""
        self._syncer: Syncer | None = None  # none: sync before each return
        self.recovered = Recovered(0, 0, 0)
        """What ``open`` found."""

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES_DEFAULT,
        total_bytes: int = TOTAL_BYTES_DEFAULT,
        fsync_ms: float = FSYNC_MS_DEFAULT,
        fsync_each: bool = False,
        disk: Disk | None = None,
    ) -> Journal:
        """Lock ``folder``, check every record in it, cut a torn tail and be ready to append.

        Args:
            folder: made when missing.
            segment_bytes: size of one segment; at most a quarter of the total is used.
            total_bytes: how much all segments may hold together.
            fsync_ms: for how long a power cut may take a record (killing the process never can).
            fsync_each: sync before each ``append`` returns instead.
            disk: the calls to use in place of the operating system's.

        Raises:
            JournalLocked: another process has the folder.
            JournalCorrupt: a record in the middle cannot be read.
            JournalBroken: the disk does not take the first segment, or cannot sync the last.
            OSError: the folder cannot be used at all.
            ValueError: a size or time is not above zero.
        """
        segment_bytes = min(segment_bytes, total_bytes // SEGMENTS_MIN)
        if segment_bytes <= HEADER_BYTES + FRAME_BYTES or fsync_ms <= 0:
            raise ValueError("the journal's sizes and times must be above zero")
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        journal = cls(folder, (segment_bytes, total_bytes), disk or Disk())
        journal._lock_fd = lock_folder(folder)
        try:
            journal._adopt()
        except BaseException:
            os.close(journal._lock_fd)
            raise
        if not fsync_each:
            journal._syncer = Syncer(journal.sync, fsync_ms / 1000)
            journal._syncer.start()
        return journal

    @property
    def used_bytes(self) -> int:
        """What all segments hold now."""
        end = self.end
        return self._shelf.bytes_before(end.segment) + end.offset

    def append(self, payload: bytes) -> Position:
        """Write one record; once this returns, killing the process cannot lose it.

        Args:
            payload: at least one byte, at most ``RECORD_BYTES_MAX`` and what a segment holds.

        Returns:
            where the record begins.

        Raises:
            JournalFull: the journal may not grow.
            JournalBroken: the disk did not take the record. No part of it stays behind.
            ValueError: the payload is empty or too large.
        """
        if not 0 < len(payload) <= self._record_bytes:
            raise ValueError(f"a record has 1 to {self._record_bytes} bytes, not {len(payload)}")
        record = framed(payload)
        size = len(record)
        with self._lock:
            if self.end.offset + size > self._room_end:
                self._make_room(size)
            here = self.end
            try:
                written = self._write(self._fd, record)
            except OSError as error:
                raise self._undo(here, f"cannot write to the journal: {error}", error) from error
            if written != size:
                raise self._undo(here, f"the disk took {written} of {size} bytes of a record")
            self.end = Position(here.segment, here.offset + size, here.sequence + 1)
            syncer = self._syncer
            if syncer is None:
                self._sync_or_undo(here)
            elif syncer.idle:
                syncer.ask()
        return here

    def sync(self) -> None:
        """Make everything appended so far safe from a power cut.

        Raises:
            JournalBroken: the disk cannot promise it. Nothing can be appended before a restart,
                because after a failed sync the system may take lost bytes for written ones.
        """
        with self._sync_lock:
            end = self.end
            if end != self.durable:
                self._sync_file()
                self.durable = end

    def read_batch(self, start: Position, room: int, *, durable: bool = True) -> Batch:
        """Read up to ``room`` records from ``start`` on, as ``Shelf.read_batch`` says.

        Unless ``durable`` is false, what a power cut could take is not read.
        """
        return self._shelf.read_batch(start, self.durable if durable else self.end, room)

    def read(self, start: Position, *, durable: bool = True) -> Iterator[tuple[Position, bytes]]:
        """Each record from ``start`` to the end that holds at the time of the call.

        Each comes with the place it begins at; ``durable`` as in ``read_batch``.
        """
        return self._shelf.read(start, self.durable if durable else self.end)

    def starts(self) -> list[Position]:
        """Where each segment's first record begins, oldest segment first."""
        return self._shelf.starts()

    def release(self, position: Position) -> int:
        """Delete the segments that end before ``position``; returns how many bytes came free.

        The open one always stays. Raises ``OSError`` when a file cannot be deleted.
        """
        with self._lock:
            freed = self._shelf.release(min(position.segment, self.end.segment))
            self._measure()
        return freed

    def continue_after(self, position: Position) -> None:
        """Make sure that whatever is appended from now on lies after ``position``.

        For a reader that has seen more than the journal still holds (the folder was emptied, or a
        power cut took what was never synced): it would skip new records as known ones. Raises
        ``JournalBroken`` when the disk refuses the new segment.
        """
        with self._lock:
            if self.end < position:
                number = max(position.segment, self.end.segment) + 1
                self._rotate(number, max(position.sequence, self.end.sequence), jumps=True)

    def close(self) -> None:
        """Sync, stop the thread and give the folder back; closing twice is fine.

        Raises ``JournalBroken`` when a power cut could take the last records.
        """
        if self._fd < 0:
            return
        if self._syncer is not None:
            self._syncer.stop()
        try:
            if self.broken is None:
                self.sync()
        finally:
            with self._lock:
                self._break("the journal is closed")
                os.close(self._fd)
                os.close(self._lock_fd)
                self._fd = -1

    def _adopt(self) -> None:
        """Take over what the folder holds, or start its first segment."""
        segments, self.recovered = survey(self._folder)
        self._shelf = Shelf(self._folder, segments)
        if not segments:
            self._rotate(1, 0, jumps=False)
            return
        last = segments[-1]
        self._fd = os.open(self._folder / name_of(last.number), os.O_WRONLY | os.O_APPEND)
        self._sync_file()
        self.end = Position(last.number, last.size, last.first_sequence + last.records)
        self.durable = self.end
        self._measure()

    def _make_room(self, size: int) -> None:
        """Begin a new segment for a record of ``size`` bytes, or say why not."""
        if self.broken is not None:
            raise JournalBroken(str(self.broken), self.broken.errno)
        used = self.used_bytes
        rotates = self.end.offset + size > self._segment_bytes
        if used + size + (HEADER_BYTES if rotates else 0) > self.total_bytes:
            raise JournalFull(f"the journal holds {used} of {self.total_bytes} bytes")
        self._rotate(self.end.segment + 1, self.end.sequence, jumps=False)

    def _rotate(self, number: int, sequence: int, *, jumps: bool) -> None:
        """Close the open segment and begin segment ``number``.

        The closed one is synced first: only the last segment may ever have a torn end.
        """
        with self._sync_lock:
            self._sync_file()
            header = header_bytes(number, sequence, jumps=jumps)
            fd = begin_file(self._folder / name_of(number), header, self._disk)
            if self._fd >= 0:
                self._shelf.seal(self.end.segment, self.end.offset)
                os.close(self._fd)
            self._fd = fd
            self._shelf.add(number, sequence)
            self.end = self.durable = Position(number, HEADER_BYTES, sequence)
        self._measure()

    def _measure(self) -> None:
        """How far the open segment may grow."""
        others = self._shelf.bytes_before(self.end.segment)
        room_end = min(self._segment_bytes, self.total_bytes - others)
        self._room_end = 0 if self.broken is not None else room_end

    def _undo(self, here: Position, reason: str, cause: OSError | None = None) -> JournalBroken:
        """Take back what a failed write may have left."""
        try:
            self._disk.truncate(self._fd, here.offset)
        except OSError as error:
            return self._break(f"{reason}; nor can the rest be cut off: {error}", error)
        return JournalBroken(reason, None if cause is None else cause.errno)

    def _sync_file(self) -> None:
        try:
            if self._fd >= 0:
                self._disk.sync(self._fd)
        except OSError as error:
            raise self._break(f"cannot sync the journal: {error}", error) from error

    def _sync_or_undo(self, here: Position) -> None:
        try:
            self.sync()
        except JournalBroken:
            with contextlib.suppress(OSError):
                self._disk.truncate(self._fd, here.offset)
            self.end = here
            raise

    def _break(self, reason: str, cause: OSError | None = None) -> JournalBroken:
        """Refuse every append from now on."""
        self.broken = JournalBroken(reason, None if cause is None else cause.errno)
        self._room_end = 0
        return self.broken
