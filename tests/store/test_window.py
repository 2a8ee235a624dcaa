"""Records copied into a mapped file: what that adds to the promises of the journal."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from glimway.store.disk import Disk, system_disk
from glimway.store.errors import JournalBroken, JournalCorrupt
from glimway.store.journal import Journal
from glimway.store.mark import MARK_NAME
from glimway.store.repair import inspect
from glimway.store.segments import FRAME_BYTES, HEADER_BYTES, START, framed, name_of
from glimway.store.window import ROOM_BYTES, WINDOW_BYTES

pytestmark = pytest.mark.skipif(
    system_disk().allocate is None, reason="this system cannot allocate room in a file"
)

LENGTHS_BYTES = 8
LAST = b"the record under way"


class Room:
    """A disk that allocates until it is full; ``error`` is what it then says."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.asked: list[int] = []

    def disk(self) -> Disk:
        return Disk(allocate=self._allocate)

    def _allocate(self, fd: int, offset: int, size: int) -> None:
        self.asked.append(offset + size)
        if self.error is not None:
            # Some file systems keep what they could allocate.
            os.ftruncate(fd, offset + size // 2)
            raise OSError(self.error, os.strerror(self.error))
        os.posix_fallocate(fd, offset, size)


def contents(journal: Journal) -> list[bytes]:
    return [payload for _place, payload in journal.read(START, durable=False)]


def end_of(folder: Path, number: int = 1) -> int:
    return (folder / name_of(number)).stat().st_size


def test_room_is_made_ahead_and_cut_off_at_the_close(folder: Path) -> None:
    journal = Journal.open(folder)
    journal.append(b"one")
    assert end_of(folder) == ROOM_BYTES
    assert journal.used_bytes == journal.end.offset
    journal.close()
    assert end_of(folder) == HEADER_BYTES + FRAME_BYTES + 3
    again = Journal.open(folder)
    assert again.recovered == (1, 1, 0)
    again.close()


def test_the_window_moves_on_and_stays_within_the_segment(folder: Path) -> None:
    room = Room()
    journal = Journal.open(folder, segment_bytes=10_000_000, disk=room.disk(), fsync_ms=60_000)
    payloads = [bytes([number]) * 700_000 for number in range(1, 17)]
    for payload in payloads:
        journal.append(payload)
    assert len(journal.starts()) == 2
    assert len(room.asked) == 4
    assert max(room.asked) == 10_000_000
    assert contents(journal) == payloads
    journal.close()


def test_windows_follow_one_another_within_the_room(folder: Path) -> None:
    room = Room()
    journal = Journal.open(folder, disk=room.disk(), fsync_ms=60_000)
    payloads = [b"%d" % number * 200 for number in range(10 * WINDOW_BYTES // 1000)]
    for payload in payloads:
        journal.append(payload)
    assert journal.end.offset > 3 * WINDOW_BYTES
    assert room.asked == [ROOM_BYTES]
    assert contents(journal) == payloads
    journal.close()


def test_a_full_disk_keeps_nothing_and_passes(folder: Path) -> None:
    room = Room()
    journal = Journal.open(folder, disk=room.disk())
    journal.append(bytes(ROOM_BYTES - 2000) + b"before")
    kept_bytes = journal.end.offset
    room.error = errno.ENOSPC
    for size in (3000, 2500):
        with pytest.raises(JournalBroken, match="No space left") as caught:
            journal.append(bytes(size))
        assert caught.value.errno == errno.ENOSPC
        assert end_of(folder) == kept_bytes
    # Had the room before it been used, this would be a signal and not an error.
    with pytest.raises(JournalBroken):
        journal.append(b"small")
    assert journal.broken is None
    room.error = None
    journal.append(b"after")
    assert [payload[-6:] for payload in contents(journal)] == [b"before", b"after"]
    journal.close()
    again = Journal.open(folder)
    assert again.recovered == (1, 2, 0)
    again.close()


def test_a_disk_that_is_full_at_the_start_serves_once_it_is_not(folder: Path) -> None:
    room = Room()
    room.error = errno.ENOSPC
    journal = Journal.open(folder, disk=room.disk())
    with pytest.raises(JournalBroken):
        journal.append(b"lost")
    room.error = None
    journal.append(b"kept")
    journal.close()
    again = Journal.open(folder)
    assert contents(again) == [b"kept"]
    again.close()


def test_where_room_cannot_be_allocated_records_are_written(folder: Path) -> None:
    room = Room()
    room.error = errno.EOPNOTSUPP
    journal = Journal.open(folder, disk=room.disk())
    for number in range(3):
        journal.append(b"%d" % number)
        assert end_of(folder) == journal.end.offset
    assert len(room.asked) == 1
    assert contents(journal) == [b"0", b"1", b"2"]
    journal.close()


def test_mapping_can_be_turned_off(folder: Path) -> None:
    journal = Journal.open(folder, disk=system_disk(mapped=False))
    journal.append(b"one")
    assert end_of(folder) == journal.end.offset
    journal.close()


@pytest.mark.parametrize("refused", [False, True])
def test_closed_segments_have_no_room_left(folder: Path, refused: bool) -> None:
    journal = Journal.open(folder, segment_bytes=5000)
    blocker = folder / name_of(2)
    if refused:
        blocker.mkdir()
    written = 0
    while journal.end.offset + FRAME_BYTES + 700 <= 5000:
        journal.append(bytes(699) + b"x")
        written += 1
    if refused:
        with pytest.raises(JournalBroken, match="cannot begin"):
            journal.append(bytes(699) + b"x")
        assert end_of(folder) == journal.end.offset
        journal.append(b"a small one still fits")
        written += 1
        blocker.rmdir()
    sealed = journal.end.offset
    journal.append(bytes(699) + b"y")
    assert journal.end.segment == 2
    assert end_of(folder) == sealed
    journal.append(b"z")
    journal.close()
    again = Journal.open(folder, segment_bytes=5000)
    assert again.recovered == (2, written + 2, 0)
    again.close()


def test_a_segment_that_cannot_be_cut_is_not_closed(folder: Path) -> None:
    refusing = threading.Event()

    def truncate(fd: int, size: int) -> None:
        if refusing.is_set():
            raise OSError(errno.EIO, "Input/output error")
        os.ftruncate(fd, size)

    disk = Disk(truncate=truncate, allocate=os.posix_fallocate)
    journal = Journal.open(folder, segment_bytes=5000, disk=disk)
    journal.append(bytes(3000))
    refusing.set()
    with pytest.raises(JournalBroken, match="cannot end a segment"):
        journal.append(bytes(3000))
    journal.append(b"a small one still fits")
    refusing.clear()
    journal.append(bytes(3000))
    journal.close()
    again = Journal.open(folder)
    assert [len(payload) for payload in contents(again)] == [3000, 22, 3000]
    again.close()


def torn_copies() -> list[bytes]:
    """What a process leaves that is killed while it copies a record: its rest came first, then the
    lengths; and what a power cut leaves when the lengths came to the disk and the rest did not."""
    record = framed(LAST)
    lengths, rest = record[:LENGTHS_BYTES], record[LENGTHS_BYTES:]
    before = [bytes(LENGTHS_BYTES) + rest[:size] for size in range(len(rest) + 1)]
    after = [lengths + rest[:size] for size in range(len(rest))]
    return before + after


@pytest.mark.parametrize("room_bytes", [0, 5000])
def test_a_record_half_copied_is_cut(folder: Path, room_bytes: int) -> None:
    journal = Journal.open(folder)
    for payload in (b"one", b"two"):
        journal.append(payload)
    end = journal.end.offset
    journal.close()
    path = folder / name_of(1)
    whole = path.read_bytes()
    mark = (folder / MARK_NAME).read_bytes()
    for torn in torn_copies():
        path.write_bytes(whole + torn + bytes(room_bytes))
        (folder / MARK_NAME).write_bytes(mark)
        left_bytes = len(torn.rstrip(b"\0"))
        assert inspect(folder) == (1, 2, left_bytes, ())
        again = Journal.open(folder)
        assert again.recovered == (1, 2, left_bytes)
        again.append(b"three")
        assert contents(again) == [b"one", b"two", b"three"]
        again.close()
        assert path.read_bytes() == whole[:end] + framed(b"three")


def test_without_a_mark_lengths_without_their_record_are_cut(folder: Path) -> None:
    journal = Journal.open(folder)
    journal.append(b"one")
    journal.close()
    path = folder / name_of(1)
    whole = path.read_bytes()
    for size in range(len(framed(LAST))):
        path.write_bytes(whole + framed(LAST)[:size] + bytes(5000))
        (folder / MARK_NAME).unlink()
        again = Journal.open(folder)
        assert contents(again) == [b"one"]
        again.close()
    path.write_bytes(whole + bytes(LENGTHS_BYTES) + framed(LAST)[LENGTHS_BYTES:])
    (folder / MARK_NAME).unlink()
    with pytest.raises(JournalCorrupt):
        Journal.open(folder)


def test_a_look_at_a_running_journal_finds_no_damage(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=1_000_000, fsync_ms=1)

    def append() -> None:
        for number in range(20_000):
            journal.append(b"%d " % number + b"x" * (number % 500))

    writer = threading.Thread(target=append)
    writer.start()
    seen = 0
    while writer.is_alive():
        report = inspect(folder)
        assert report.damages == ()
        assert report.records >= seen
        seen = report.records
    writer.join()
    assert inspect(folder)[1:] == (20_000, 0, ())
    journal.close()


def test_records_are_seen_by_other_descriptors_at_once(folder: Path) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    for number in range(50):
        place = journal.append(b"record %d" % number)
        with (folder / name_of(1)).open("rb") as file:
            file.seek(place.offset)
            assert file.read(FRAME_BYTES + 8) == framed(b"record %d" % number)[: FRAME_BYTES + 8]
    journal.close()
