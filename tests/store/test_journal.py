from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from glimway.store.disk import Disk, system_disk
from glimway.store.errors import JournalBroken, JournalCorrupt, JournalFull, JournalLocked
from glimway.store.journal import Journal
from glimway.store.segments import (
    FRAME_BYTES,
    HEADER_BYTES,
    RECORD_BYTES_MAX,
    START,
    Position,
    name_of,
)

pytestmark = pytest.mark.usefixtures("way")


def contents(journal: Journal, start: Position = START, *, durable: bool = True) -> list[bytes]:
    return [payload for _place, payload in journal.read(start, durable=durable)]


class FailingDisk:
    """Does as told until told otherwise; without ``way`` it writes."""

    def __init__(self, way: str = "written") -> None:
        self._mapped = way == "mapped"
        self.write: Callable[[int, Any], int] = os.write
        self.sync: Callable[[int], None] = os.fsync
        self.truncate: Callable[[int, int], None] = os.ftruncate

    def calls(self) -> Disk:
        allocate = system_disk(mapped=self._mapped).allocate
        return Disk(self._write, self._sync, self._truncate, allocate)

    def _write(self, fd: int, data: Any) -> int:
        return self.write(fd, data)

    def _sync(self, fd: int) -> None:
        self.sync(fd)

    def _truncate(self, fd: int, size: int) -> None:
        self.truncate(fd, size)


def short(size: int) -> Callable[[int, Any], int]:
    """A disk that takes only so many bytes of a write."""
    return lambda fd, data: os.write(fd, data[:size])


def no_space(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def bad_disk(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_what_is_appended_is_read_in_order_with_its_places(journal: Journal) -> None:
    places = [journal.append(b"record %d" % number) for number in range(5)]
    assert places == sorted(places)
    assert [place.sequence for place in places] == list(range(5))
    assert list(journal.read(START)) == [
        (place, b"record %d" % number) for number, place in enumerate(places)
    ]
    assert contents(journal, places[3]) == [b"record 3", b"record 4"]
    assert contents(journal, journal.end) == []


def test_records_survive_reopening(folder: Path) -> None:
    with_first = Journal.open(folder)
    with_first.append(b"one")
    with_first.close()
    again = Journal.open(folder)
    assert again.recovered == (1, 1, 0)
    place = again.append(b"two")
    assert place.sequence == 1
    assert contents(again, durable=False) == [b"one", b"two"]
    again.close()
    again.close()


def test_a_batch_takes_no_more_than_asked_and_says_where_to_read_on(journal: Journal) -> None:
    for number in range(5):
        journal.append(b"%d" % number)
    first = journal.read_batch(START, 3)
    assert first.payloads == [b"0", b"1", b"2"]
    second = journal.read_batch(first.after, 3)
    assert second.payloads == [b"3", b"4"]
    assert second.first == first.after
    last = journal.read_batch(second.after, 3)
    assert (last.payloads, last.after) == ([], second.after)
    journal.append(b"5")
    assert journal.read_batch(last.after, 3).payloads == [b"5"]


def test_where_to_read_on_holds_for_what_comes_later(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=100, fsync_each=True)
    empty = journal.read_batch(START, 3)
    assert empty.payloads == []
    payloads = [b"payload %03d" % number for number in range(10)]
    place = empty.after
    read = []
    for payload in payloads:
        journal.append(payload)
        while True:
            batch = journal.read_batch(place, 3)
            place = batch.after
            read += batch.payloads
            if not batch.payloads:
                break
    assert read == payloads
    journal.close()


def test_a_record_larger_than_a_read_block_is_read_whole(folder: Path) -> None:
    journal = Journal.open(folder, fsync_each=True)
    large = os.urandom(2_500_000)
    for payload in (b"before", large, b"after"):
        journal.append(payload)
    assert contents(journal) == [b"before", large, b"after"]
    for size in (0, RECORD_BYTES_MAX + 1):
        with pytest.raises(ValueError, match="a record has 1 to"):
            journal.append(bytes(size))
    assert journal.end.sequence == 3
    journal.close()


def test_a_record_that_no_segment_holds_is_refused(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=100, fsync_each=True)
    most = 100 - HEADER_BYTES - FRAME_BYTES
    for _ in range(3):
        journal.append(bytes(most))
    with pytest.raises(ValueError, match=f"a record has 1 to {most}"):
        journal.append(bytes(most + 1))
    assert contents(journal) == [bytes(most)] * 3
    journal.close()


@pytest.mark.parametrize(("total_bytes", "fsync_ms"), [(100, 20), (10_000, 0)])
def test_sizes_that_hold_nothing_are_refused(folder: Path, total_bytes: int, fsync_ms: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Journal.open(folder, total_bytes=total_bytes, fsync_ms=fsync_ms)


def test_segments_rotate_and_reading_crosses_them(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=100, fsync_each=True)
    payloads = [b"payload %03d" % number for number in range(40)]
    for payload in payloads:
        journal.append(payload)
    files = sorted(path.name for path in folder.glob("*.journal"))
    assert files == [name_of(number + 1) for number in range(len(files))]
    assert len(files) > 10
    assert all((folder / name).stat().st_size <= 100 for name in files)
    assert contents(journal) == payloads
    journal.close()
    assert journal.used_bytes == sum((folder / name).stat().st_size for name in files)
    again = Journal.open(folder, segment_bytes=100)
    assert contents(again) == payloads
    assert again.recovered.records == 40
    again.close()


def test_released_segments_are_deleted_and_reading_begins_at_the_oldest_left(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=100, fsync_each=True)
    places = [journal.append(b"payload %03d" % number) for number in range(20)]
    middle = places[10]
    before = journal.used_bytes
    freed = journal.release(middle)
    assert freed > 0
    assert journal.used_bytes == before - freed
    left = contents(journal)
    assert left[-10:] == [b"payload %03d" % number for number in range(10, 20)]
    assert min(int(path.stem) for path in folder.glob("*.journal")) == middle.segment
    assert journal.release(journal.end) > 0
    assert contents(journal) == contents(journal, journal.starts()[0])
    assert len(journal.starts()) == 1
    journal.close()
    Journal.open(folder, segment_bytes=100).close()


def test_a_full_journal_refuses_whole_records_until_space_is_released(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=200, total_bytes=800, fsync_each=True)
    written = 0
    with pytest.raises(JournalFull, match="of 800 bytes"):
        while True:
            journal.append(b"payload %03d" % written)
            written += 1
    assert journal.used_bytes <= 800
    assert len(contents(journal)) == written
    with pytest.raises(JournalFull):
        journal.append(b"payload more")
    journal.release(journal.end)
    journal.append(b"payload more")
    assert contents(journal)[-1] == b"payload more"
    journal.close()


def test_a_segment_is_at_most_a_quarter_of_the_total(folder: Path) -> None:
    journal = Journal.open(folder, total_bytes=1000, fsync_each=True)
    for _ in range(8):
        journal.append(bytes(80))
    assert len(journal.starts()) > 2
    journal.close()


def test_no_space_leaves_nothing_behind_and_passes(folder: Path) -> None:
    disk = FailingDisk()
    journal = Journal.open(folder, disk=disk.calls())
    journal.append(b"before")
    disk.write = no_space
    with pytest.raises(JournalBroken, match="No space left") as caught:
        journal.append(b"lost")
    assert caught.value.errno == errno.ENOSPC
    assert journal.broken is None
    disk.write = os.write
    journal.append(b"after")
    assert contents(journal, durable=False) == [b"before", b"after"]
    journal.close()


def test_a_short_write_is_cut_back(folder: Path) -> None:
    disk = FailingDisk()
    journal = Journal.open(folder, disk=disk.calls())
    journal.append(b"before")
    for taken in range(1, FRAME_BYTES + 4):
        disk.write = short(taken)
        with pytest.raises(JournalBroken, match=f"took {taken} of"):
            journal.append(b"lost")
        disk.write = os.write
        journal.append(b"kept %d" % taken)
    size = (folder / name_of(1)).stat().st_size
    assert size == journal.end.offset
    journal.close()
    again = Journal.open(folder)
    assert again.recovered.torn_bytes == 0
    assert contents(again) == [b"before", *(b"kept %d" % taken for taken in range(1, 16))]
    again.close()


def test_what_cannot_be_cut_back_stops_the_journal_and_is_cut_at_the_next_start(
    folder: Path,
) -> None:
    disk = FailingDisk()
    journal = Journal.open(folder, disk=disk.calls())
    journal.append(b"before")
    disk.write = short(5)
    disk.truncate = lambda _fd, _size: bad_disk()
    with pytest.raises(JournalBroken, match="nor can the rest be cut off"):
        journal.append(b"lost")
    disk.write = os.write
    with pytest.raises(JournalBroken):
        journal.append(b"not in the middle")
    assert journal.broken is not None
    journal.close()
    again = Journal.open(folder)
    assert again.recovered == (1, 1, 5)
    again.append(b"after")
    assert contents(again, durable=False) == [b"before", b"after"]
    again.close()


def test_a_failed_sync_stops_the_journal(folder: Path, way: str) -> None:
    disk = FailingDisk(way)
    journal = Journal.open(folder, disk=disk.calls(), fsync_ms=60_000)
    journal.append(b"one")
    disk.sync = bad_disk
    with pytest.raises(JournalBroken, match="cannot sync"):
        journal.sync()
    disk.sync = os.fsync
    journal.release(journal.end)
    with pytest.raises(JournalBroken) as caught:
        journal.append(b"two")
    assert caught.value.errno == errno.EIO
    assert contents(journal) == []  # not durable, so not for the drain
    journal.close()
    again = Journal.open(folder)
    assert contents(again) == [b"one"]
    again.close()


def test_a_sync_that_fails_before_the_answer_takes_the_record_back(folder: Path, way: str) -> None:
    disk = FailingDisk(way)
    journal = Journal.open(folder, disk=disk.calls(), fsync_each=True)
    journal.append(b"one")
    disk.sync = bad_disk
    with pytest.raises(JournalBroken):
        journal.append(b"two")
    journal.close()
    again = Journal.open(folder)
    assert contents(again) == [b"one"]
    again.close()


def test_a_segment_is_synced_before_the_next_one_begins(folder: Path, way: str) -> None:
    synced: list[tuple[int, int]] = []

    def sync(fd: int) -> None:
        status = os.fstat(fd)
        synced.append((status.st_ino, status.st_size))

    disk = FailingDisk(way)
    disk.sync = sync
    journal = Journal.open(folder, segment_bytes=100, disk=disk.calls(), fsync_ms=60_000)
    first = (folder / name_of(1)).stat().st_ino
    journal.append(bytes(40))
    journal.append(bytes(41))
    whole = (folder / name_of(1)).stat().st_size
    assert synced[-2:] == [(first, whole), ((folder / name_of(2)).stat().st_ino, HEADER_BYTES)]
    assert contents(journal) == [bytes(40)]
    journal.close()


def test_a_segment_that_cannot_be_begun_is_tried_again(folder: Path, way: str) -> None:
    disk = FailingDisk(way)
    journal = Journal.open(folder, segment_bytes=100, disk=disk.calls(), fsync_each=True)
    journal.append(bytes(40))
    for broken in (no_space, short(7)):
        disk.write = broken
        with pytest.raises(JournalBroken, match="cannot begin"):
            journal.append(bytes(41))
        disk.write = os.write
    journal.append(bytes(42))
    assert [len(payload) for payload in contents(journal)] == [40, 42]
    ends = [HEADER_BYTES + FRAME_BYTES + size for size in (40, 42)]
    assert (folder / name_of(1)).stat().st_size == ends[0]
    journal.close()
    assert (folder / name_of(2)).stat().st_size == ends[1]
    Journal.open(folder).close()


def test_the_thread_syncs_soon_after_a_write_and_only_then(folder: Path, way: str) -> None:
    synced = threading.Semaphore(0)

    def sync(fd: int) -> None:
        os.fsync(fd)
        synced.release()

    disk = FailingDisk(way)
    journal = Journal.open(folder, disk=disk.calls(), fsync_ms=1)
    disk.sync = sync
    for _ in range(3):
        journal.append(b"record")
        assert synced.acquire(timeout=10)
    with journal._sync_lock:  # the last sync has written down what it covers
        assert journal.durable == journal.end
    assert not synced.acquire(timeout=0.05)
    journal.close()


def test_the_thread_ends_when_the_disk_fails_and_the_journal_says_so(
    folder: Path, way: str
) -> None:
    tried = threading.Event()

    def sync(_fd: int) -> None:
        tried.set()
        bad_disk()

    disk = FailingDisk(way)
    journal = Journal.open(folder, disk=disk.calls(), fsync_ms=1)
    disk.sync = sync
    journal.append(b"record")
    assert tried.wait(10)
    syncer = journal._syncer
    assert syncer is not None
    syncer._thread.join(10)
    assert journal.broken is not None
    journal.close()


def test_durable_reads_stop_before_what_is_not_synced(folder: Path) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    journal.append(b"one")
    journal.sync()
    journal.append(b"two")
    assert contents(journal) == [b"one"]
    assert contents(journal, durable=False) == [b"one", b"two"]
    journal.sync()
    assert contents(journal) == [b"one", b"two"]
    journal.close()


def test_closing_syncs_and_refuses_what_comes_later(folder: Path) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    journal.append(b"one")
    journal.close()
    assert journal.durable == journal.end
    with pytest.raises(JournalBroken, match="closed"):
        journal.append(b"two")


def test_a_folder_has_one_owner(folder: Path) -> None:
    journal = Journal.open(folder)
    with pytest.raises(JournalLocked, match=f"in use by .*{os.getpid()}"):
        Journal.open(folder)
    journal.append(b"still mine")
    journal.close()
    Journal.open(folder).close()


def test_files_are_for_their_owner_only(folder: Path) -> None:
    Journal.open(folder).close()
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_reader_that_is_ahead_never_misses_a_new_record(folder: Path) -> None:
    journal = Journal.open(folder, fsync_each=True)
    journal.append(b"old")
    ahead = Position(7, 5000, 90)
    journal.continue_after(ahead)
    place = journal.append(b"new")
    assert place > ahead
    assert place.sequence == 90
    assert contents(journal, ahead) == [b"new"]
    journal.continue_after(START)
    journal.close()
    again = Journal.open(folder)
    assert contents(again) == [b"old", b"new"]
    assert again.end == Position(8, HEADER_BYTES + FRAME_BYTES + 3, 91)
    again.close()


def test_threads_that_append_at_once_lose_nothing(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=2000, fsync_ms=1)

    def work(name: int) -> None:
        for number in range(200):
            journal.append(b"%d %d" % (name, number))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = contents(journal, durable=False)
    assert len(read) == 800
    for name in range(4):
        mine = [payload for payload in read if payload.startswith(b"%d " % name)]
        assert mine == [b"%d %d" % (name, number) for number in range(200)]
    journal.close()


def test_reading_goes_on_while_segments_are_released(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=100, fsync_each=True)
    for number in range(20):
        journal.append(b"payload %03d" % number)
    reading = journal.read(START)
    assert next(reading)[1] == b"payload 000"
    journal.release(journal.end)
    assert [payload for _place, payload in reading][-1] == b"payload 019"
    journal.close()


def test_a_segment_that_someone_deleted_is_named(folder: Path) -> None:
    journal = Journal.open(folder, segment_bytes=100, fsync_each=True)
    for number in range(20):
        journal.append(b"payload %03d" % number)
    (folder / name_of(3)).unlink()
    with pytest.raises(JournalCorrupt, match=r"0000000003\.journal.*missing"):
        contents(journal)
    journal.close()
