"""What an interrupted write leaves is cut; everything else that does not fit stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.store.errors import JournalCorrupt
from glimway.store.journal import Journal
from glimway.store.mark import MARK_NAME, Mark
from glimway.store.repair import inspect
from glimway.store.segments import (
    FRAME_BYTES,
    HEADER_BYTES,
    START,
    examine,
    framed,
    header_bytes,
    name_of,
    split,
)

pytestmark = pytest.mark.usefixtures("way")

PAYLOADS = [b"first record", b"second", b'{"record":"settled"}', b"the last one"]


def written(folder: Path, payloads: list[bytes], *, segment_bytes: int = 10_000) -> list[int]:
    """A closed journal; returns the offset at which each record ends."""
    journal = Journal.open(folder, segment_bytes=segment_bytes, fsync_each=True)
    ends = []
    for payload in payloads:
        journal.append(payload)
        ends.append(journal.end.offset)
    journal.close()
    return ends


def reopened(folder: Path, *, segment_bytes: int = 10_000) -> tuple[list[bytes], int]:
    """What a journal still holds, and how much it cut off."""
    journal = Journal.open(folder, segment_bytes=segment_bytes, fsync_each=True)
    payloads = [payload for _place, payload in journal.read(START)]
    torn_bytes = journal.recovered.torn_bytes
    journal.append(b"goes on")
    assert [payload for _place, payload in journal.read(START)] == [*payloads, b"goes on"]
    journal.close()
    return payloads, torn_bytes


def mark(folder: Path, offset: int | None, segment: int = 1) -> None:
    """Say up to where the journal was synced; None: the mark is lost."""
    (folder / MARK_NAME).unlink()
    if offset is not None:
        made = Mark(folder)
        made.put(segment, offset)
        made.close()


def after_zeros(data: bytes, begin: int) -> int:
    """How many bytes of ``data`` after ``begin`` are left when the zeros at its end are not."""
    return max(0, len(data.rstrip(b"\0")) - begin)


@pytest.mark.parametrize("known", [True, False])
def test_cut_at_every_byte_each_whole_record_stays(tmp_path: Path, known: bool) -> None:
    folder = tmp_path / "journal"
    ends = written(folder, PAYLOADS)
    whole = (folder / name_of(1)).read_bytes()
    for size in range(HEADER_BYTES if known else 0, len(whole) + 1):
        path = folder / name_of(1)
        path.write_bytes(whole[:size])
        mark(folder, HEADER_BYTES if known else None)
        kept, torn_bytes = reopened(folder)
        count = sum(end <= size for end in ends)
        assert kept == PAYLOADS[:count], size
        last_end = [HEADER_BYTES, *ends][count] if size >= HEADER_BYTES else 0
        assert torn_bytes == after_zeros(whole[:size], last_end), size


def test_an_end_that_was_synced_is_missed(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    ends = written(folder, PAYLOADS)
    path = folder / name_of(1)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(JournalCorrupt) as caught:
            Journal.open(folder)
        begins = max((end for end in [HEADER_BYTES, *ends] if end <= size), default=0)
        assert (caught.value.segment, caught.value.offset) == (name_of(1), begins)
        assert path.stat().st_size == size
    path.unlink()
    with pytest.raises(JournalCorrupt, match=f"{name_of(1)} .* missing"):
        Journal.open(folder)


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_a_changed_byte_anywhere_is_refused_and_named(tmp_path: Path, flip: int) -> None:
    folder = tmp_path / "journal"
    ends = written(folder, PAYLOADS)
    path = folder / name_of(1)
    whole = path.read_bytes()
    starts = [HEADER_BYTES, *ends]
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= flip
        path.write_bytes(damaged)
        with pytest.raises(JournalCorrupt) as caught:
            Journal.open(folder)
        begins = max((start for start in starts if start <= place), default=0)
        assert (caught.value.segment, caught.value.offset) == (name_of(1), begins)
        assert f"segment {name_of(1)} is damaged at byte {begins}" in str(caught.value)
        assert path.read_bytes() == damaged  # nothing was changed
    path.write_bytes(whole)
    assert reopened(folder)[0] == PAYLOADS


def test_blocks_that_never_reached_the_disk_are_a_torn_tail(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    ends = written(folder, PAYLOADS)
    path = folder / name_of(1)
    whole = path.read_bytes()
    for size in range(HEADER_BYTES, len(whole)):
        path.write_bytes(whole[:size] + bytes(len(whole) + 100 - size))
        mark(folder, None)
        kept, torn_bytes = reopened(folder)
        # A record may end in a zero of its own; here none does.
        assert kept == PAYLOADS[: sum(end <= size for end in ends)], size
        last_end = max(end for end in [HEADER_BYTES, *ends] if end <= size)
        assert torn_bytes == after_zeros(whole[:size], last_end)
        path.write_bytes(whole)


def test_zeros_before_a_whole_record_are_damage(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    ends = written(folder, PAYLOADS)
    path = folder / name_of(1)
    whole = bytearray(path.read_bytes())
    whole[ends[0] : ends[1]] = bytes(ends[1] - ends[0])
    path.write_bytes(whole)
    with pytest.raises(JournalCorrupt) as caught:
        Journal.open(folder)
    assert caught.value.offset == ends[0]


@pytest.mark.parametrize("place", [2, 20])
def test_zeros_at_the_end_excuse_no_damage_before_them(tmp_path: Path, place: int) -> None:
    folder = tmp_path / "journal"
    written(folder, PAYLOADS)
    path = folder / name_of(1)
    whole = bytearray(path.read_bytes())
    whole[HEADER_BYTES + place] ^= 0x55
    path.write_bytes(whole + bytes(300))
    with pytest.raises(JournalCorrupt) as caught:
        Journal.open(folder)
    assert caught.value.offset == HEADER_BYTES


@pytest.mark.parametrize("content", [b"", b"glim", bytes(HEADER_BYTES), bytes(500)])
def test_a_segment_that_was_only_begun_is_dropped(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "journal"
    written(folder, PAYLOADS)
    (folder / name_of(2)).write_bytes(content)
    kept, torn_bytes = reopened(folder)
    assert kept == PAYLOADS
    assert torn_bytes == len(content.rstrip(b"\0"))
    assert not (folder / name_of(2)).exists()


def many(folder: Path) -> list[int]:
    """A journal of several segments, by number."""
    written(folder, [b"payload %03d" % number for number in range(20)], segment_bytes=100)
    return sorted(int(path.stem) for path in folder.glob("*.journal"))


def test_only_the_last_segment_may_be_cut_short(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    numbers = many(folder)
    path = folder / name_of(numbers[1])
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(JournalCorrupt) as caught:
            Journal.open(folder, segment_bytes=100)
        assert caught.value.segment in (name_of(numbers[1]), name_of(numbers[2]))


def test_a_missing_segment_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    numbers = many(folder)
    (folder / name_of(numbers[2])).unlink()
    with pytest.raises(JournalCorrupt, match=f"{name_of(numbers[2])} before it is missing"):
        Journal.open(folder, segment_bytes=100)


def test_the_oldest_segments_may_be_gone(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    numbers = many(folder)
    (folder / name_of(numbers[0])).unlink()
    kept, _torn = reopened(folder, segment_bytes=100)
    assert kept[-1] == b"payload 019"


def test_a_segment_under_another_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, PAYLOADS)
    (folder / name_of(1)).rename(folder / name_of(4))
    with pytest.raises(JournalCorrupt, match="says that it is segment 1"):
        Journal.open(folder)


def test_a_format_of_the_future_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    header = bytearray(header_bytes(1, 0))
    header[8] = 2
    good = header_bytes(1, 0)
    (folder / name_of(1)).write_bytes(header)
    with pytest.raises(JournalCorrupt, match="checksum"):
        Journal.open(folder)
    (folder / name_of(1)).write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(JournalCorrupt, match="checksum"):
        Journal.open(folder)


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, PAYLOADS)
    for name in ("notes.txt", "draft.journal", "0000000001.journal.damaged"):
        (folder / name).write_text("mine")
    assert reopened(folder)[0] == PAYLOADS
    assert (folder / "draft.journal").read_text() == "mine"


HOLES = [(0, 12), (0, 8), (4, 30), (12, 20), (0, 4096)]
"""First and last byte of what never reached the disk, counted from a record's begin."""


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_behind_the_mark_is_cut_and_one_before_it_is_refused(
    tmp_path: Path, hole: tuple[int, int]
) -> None:
    folder = tmp_path / "journal"
    payloads = [b"%03d" % number + b"x" * 600 for number in range(12)]
    ends = written(folder, payloads, segment_bytes=100_000)
    path = folder / name_of(1)
    whole = path.read_bytes()
    holed = bytearray(whole)
    begin, end = (ends[3] + offset for offset in hole)
    holed[begin:end] = bytes(end - begin)
    for synced in (ends[3] + 1, ends[4], ends[11]):
        path.write_bytes(holed)
        mark(folder, synced)
        with pytest.raises(JournalCorrupt) as caught:
            Journal.open(folder)
        assert (caught.value.segment, caught.value.offset) == (name_of(1), ends[3])
        assert path.read_bytes() == holed
        assert inspect(folder).damages[0][:2] == (name_of(1), ends[3])
    for synced in (HEADER_BYTES, ends[2], ends[3]):
        path.write_bytes(holed + bytes(500))
        mark(folder, synced)
        report = inspect(folder)
        assert (report.records, report.torn_bytes, report.damages) == (4, ends[-1] - ends[3], ())
        kept, torn_bytes = reopened(folder)
        assert kept == payloads[:4]
        assert torn_bytes == ends[-1] - ends[3]


@pytest.mark.parametrize("raw", [None, b"", b"synced", bytes(20), b"\xff" * 20])
def test_without_a_mark_only_an_interrupted_write_is_cut(tmp_path: Path, raw: bytes | None) -> None:
    folder = tmp_path / "journal"
    ends = written(folder, PAYLOADS)
    path = folder / name_of(1)
    whole = path.read_bytes()
    mark(folder, None)
    if raw is not None:
        (folder / MARK_NAME).write_bytes(raw)
    holed = whole[: ends[1]] + bytes(ends[2] - ends[1]) + whole[ends[2] :]
    path.write_bytes(holed)
    with pytest.raises(JournalCorrupt) as caught:
        Journal.open(folder)
    assert caught.value.offset == ends[1]
    path.write_bytes(whole[:-2])
    assert reopened(folder)[0] == PAYLOADS[:-1]


def test_a_mark_of_an_older_segment_says_nothing_of_the_last(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    last = many(folder)[-1]
    path = folder / name_of(last)
    whole = bytearray(path.read_bytes())
    whole[HEADER_BYTES] ^= 0x55
    path.write_bytes(whole)
    mark(folder, HEADER_BYTES, last - 1)
    with pytest.raises(JournalCorrupt) as caught:
        Journal.open(folder, segment_bytes=100)
    assert (caught.value.segment, caught.value.offset) == (name_of(last), HEADER_BYTES)


def test_an_older_mark_in_the_last_segment_takes_no_record(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    written(folder, PAYLOADS)
    mark(folder, HEADER_BYTES)
    assert reopened(folder) == (PAYLOADS, 0)


@given(
    payloads=st.lists(st.binary(min_size=1, max_size=60), max_size=12),
    cut=st.integers(min_value=0, max_value=1000),
)
def test_any_records_cut_anywhere_give_back_the_whole_ones(
    payloads: list[bytes], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / name_of(1)
    data = header_bytes(1, 0) + b"".join(framed(payload) for payload in payloads)
    cut = min(cut, len(data))
    path.write_bytes(data[:cut])
    found = examine(path)
    if cut < HEADER_BYTES:
        assert found.header is None
        return
    whole, end = 0, HEADER_BYTES
    for payload in payloads:
        if end + FRAME_BYTES + len(payload) > cut:
            break
        end += FRAME_BYTES + len(payload)
        whole += 1
    assert (found.records, found.end, found.size) == (whole, end, cut)
    assert found.torn_bytes == after_zeros(data[:cut], end)


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=20), st.integers(1, 30))
def test_split_takes_what_is_whole_and_wanted(payloads: list[bytes], room: int) -> None:
    block = b"".join(framed(payload) for payload in payloads)
    taken, size, wrong = split(block, room)
    assert taken == payloads[:room]
    assert size == sum(FRAME_BYTES + len(payload) for payload in taken)
    assert wrong is None
