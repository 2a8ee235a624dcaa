"""The journal: every record that must not be lost, in the order it happened.

Knows in which order records are appended and when their bytes are safe on disk. Refuses to know
what a record means and who has already read it: the drain says what may go.

Appending is on the path of every request, twice: one lock, one checksum, one copy. The file is
synced behind it by a thread of its own, or before return where the operator asks for that.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from glimway.store.disk import FOLDER_MODE, Disk, begin_file, lock_folder, system_disk
from glimway.store.errors import JournalBroken
from glimway.store.mark import Mark
from glimway.store.pen import Pen
from glimway.store.segments import FRAME_BYTES, HEADER_BYTES, START, Position, header_bytes, name_of
from glimway.store.shelf import Batch, Recovered, Shelf, survey
from glimway.store.sizes import SEGMENT_BYTES_DEFAULT, TOTAL_BYTES_DEFAULT, Sizes
from glimway.store.syncer import FSYNC_MS_DEFAULT, Syncer


class Journal:
    """An append-only file in segments; made by ``open``. Safe to use from any thread."""

    def __init__(self, folder: Path, sizes: Sizes, disk: Disk) -> None:
        self._folder = folder
        self._sizes = sizes
        self.total_bytes, self._record_bytes = sizes.total_bytes, sizes.record_bytes
        self._disk = disk
        self._lock = threading.Lock()
        self._sync_lock = threading.Lock()  # taken inside _lock, never around it
        self._lock_fd = -1
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
            disk: the calls to use; without it ``system_disk()``, which maps files.

        Raises:
            JournalLocked: another process has the folder.
            JournalCorrupt: a record in the middle cannot be read.
            JournalBroken: the disk does not take the first segment, or cannot sync the last.
            OSError: the folder cannot be used at all.
            ValueError: a size or time is not above zero.
        """
        sizes = Sizes.of(segment_bytes, total_bytes)
        if fsync_ms <= 0:
            raise ValueError("the journal's fsync_ms must be above zero")
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        journal = cls(folder, sizes, disk or system_disk())
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
        size = len(payload)
        if not 0 < size <= self._record_bytes:
            raise ValueError(f"a record has 1 to {self._record_bytes} bytes, not {size}")
        size += FRAME_BYTES
        lock = self._lock
        lock.acquire()  # a ``with`` costs twice as much as both calls
        try:
            here = self.end
            after = here.offset + size
            if after > self._room_end:
                self._make_room(size)
                here = self.end
                after = here.offset + size
            try:
                self._put(here.offset, payload)
            except OSError as error:
                raise self._undo(here, error) from error
            self.end = Position(here.segment, after, here.sequence + 1)
            syncer = self._syncer
            if syncer is None:
                self._sync_or_undo(here)
            elif syncer.idle:
                syncer.ask()
        finally:
            lock.release()
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
                self._mark.put(end.segment, end.offset)

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
        """Delete the segments that end before ``position``, never the open one; returns how many
        bytes came free. Raises ``OSError`` when a file cannot be deleted."""
        with self._lock:
            freed = self._shelf.release(min(position.segment, self.end.segment))
            self._measure()
        return freed

    def continue_after(self, position: Position) -> None:
        """Make sure that whatever is appended from now on lies after ``position``.

        For a reader that has seen more than the journal still holds (the folder was emptied, or a
        power cut took records): it would skip new ones as known. Raises ``JournalBroken``.
        """
        with self._lock:
            if self.end < position:
                number = max(position.segment, self.end.segment) + 1
                self._rotate(number, max(position.sequence, self.end.sequence), jumps=True)

    def close(self) -> None:
        """Sync, stop the thread and give the folder back; closing twice is fine.

        Raises ``JournalBroken`` when a power cut could take the last records.
        """
        if self._lock_fd < 0:
            return
        if self._syncer is not None:
            self._syncer.stop()
        try:
            if self.broken is None:
                self.sync()
        finally:
            with self._lock:
                self._break("the journal is closed")
                with contextlib.suppress(OSError):  # zeros at the end are room, and read as such
                    self._pen.trim(self.end.offset)
                self._pen.close()
                self._mark.close()
                os.close(self._lock_fd)
                self._lock_fd = -1

    def _adopt(self) -> None:
        """Take over what the folder holds, or start its first segment."""
        segments, self.recovered = survey(self._folder)
        self._mark = Mark(self._folder)
        self._shelf = Shelf(self._folder, segments)
        if not segments:
            self._begin(1, 0, jumps=False)
            return
        last = segments[-1]
        fd = os.open(self._folder / name_of(last.number), os.O_RDWR | os.O_APPEND)
        self._take(fd, last.size)
        self._sync_file()
        self.end = Position(last.number, last.size, last.first_sequence + last.records)
        self.durable = self.end
        self._mark.put_durably(last.number, last.size)
        self._measure()

    def _make_room(self, size: int) -> None:
        """Begin a new segment for a record of ``size`` bytes, or say why not."""
        if self.broken is not None:
            raise JournalBroken(str(self.broken), self.broken.errno)
        self._sizes.check(self.used_bytes, self.end.offset, size)
        self._rotate(self.end.segment + 1, self.end.sequence, jumps=False)

    def _rotate(self, number: int, sequence: int, *, jumps: bool) -> None:
        """Close the open segment, cut and synced, for only the last may have a torn end or room
        after it; then begin segment ``number``."""
        with self._sync_lock:
            old, end = self._pen, self.end
            try:
                old.trim(end.offset)
            except OSError as error:
                raise JournalBroken(f"cannot end a segment: {error}", error.errno) from error
            self._sync_file()
            self._shelf.seal(end.segment, end.offset)
            self._begin(number, sequence, jumps=jumps)
            old.close()

    def _begin(self, number: int, sequence: int, *, jumps: bool) -> None:
        header = header_bytes(number, sequence, jumps=jumps)
        fd = begin_file(self._folder / name_of(number), header, self._disk)
        self._take(fd, HEADER_BYTES)
        self._mark.put_durably(number, HEADER_BYTES)
        self._shelf.add(number, sequence)
        self.end = self.durable = Position(number, HEADER_BYTES, sequence)
        self._measure()

    def _take(self, fd: int, end: int) -> None:
        self._pen = Pen(fd, end, self._sizes.segment_bytes, self._disk)
        self._put = self._pen.put

    def _measure(self) -> None:
        """How far the open segment may grow."""
        others_bytes = self._shelf.bytes_before(self.end.segment)
        self._room_end = 0 if self.broken else self._sizes.segment_end(others_bytes)

    def _undo(self, here: Position, error: OSError) -> JournalBroken:
        """Take back what a failed write may have left."""
        reason = f"cannot write to the journal: {error}"
        try:
            self._pen.cut(here.offset)
        except OSError as worse:
            return self._break(f"{reason}; nor can the rest be cut off: {worse}", worse)
        return JournalBroken(reason, error.errno)

    def _sync_or_undo(self, here: Position) -> None:
        try:
            self.sync()
        except JournalBroken:
            with contextlib.suppress(OSError):
                self._pen.cut(here.offset)
            self.end = here
            raise

    def _sync_file(self) -> None:
        try:
            self._disk.sync(self._pen.fd)
        except OSError as error:
            raise self._break(f"cannot sync the journal: {error}", error) from error

    def _break(self, reason: str, cause: OSError | None = None) -> JournalBroken:
        """Refuse every append from now on."""
        self.broken = JournalBroken(reason, None if cause is None else cause.errno)
        self._room_end = 0
        return self.broken
