from __future__ import annotations

from pathlib import Path

import pytest

from glimway.store.errors import JournalCorrupt, JournalLocked
from glimway.store.journal import Journal
from glimway.store.repair import Damage, inspect, repair
from glimway.store.segments import HEADER_BYTES, START, Position, name_of

PAYLOADS = [b'{"record":"opened","id":"%03d"}' % number for number in range(30)]


@pytest.fixture
def ends(folder: Path) -> list[Position]:
    """Where each record of a journal of several segments ends."""
    journal = Journal.open(folder, segment_bytes=300, fsync_each=True)
    found = []
    for payload in PAYLOADS:
        journal.append(payload)
        found.append(journal.end)
    journal.close()
    return found


def change(folder: Path, place: Position, offset: int) -> None:
    path = folder / name_of(place.segment)
    data = bytearray(path.read_bytes())
    data[place.offset + offset] ^= 0x55
    path.write_bytes(data)


def contents(folder: Path) -> list[bytes]:
    journal = Journal.open(folder, segment_bytes=300)
    payloads = [payload for _place, payload in journal.read(START)]
    journal.close()
    return payloads


def test_a_whole_journal_has_nothing_to_report_or_mend(folder: Path, ends: list[Position]) -> None:
    report = inspect(folder)
    assert report == (ends[-1].segment, 30, 0, ())
    assert repair(folder) == report
    assert contents(folder) == PAYLOADS


def test_a_torn_tail_is_not_damage(folder: Path, ends: list[Position]) -> None:
    path = folder / name_of(ends[-1].segment)
    path.write_bytes(path.read_bytes()[:-3])
    report = inspect(folder)
    assert report.records == 29
    assert report.torn_bytes > 0
    assert report.damages == ()


def test_a_begun_segment_is_not_damage(folder: Path, ends: list[Position]) -> None:
    (folder / name_of(ends[-1].segment + 1)).write_bytes(b"glimjrnl\1")
    report = inspect(folder)
    assert (report.records, report.torn_bytes, report.damages) == (30, 9, ())


@pytest.mark.parametrize("offset", [0, 3, 4, 8, 12, 20])
def test_one_damaged_record_costs_only_itself(
    folder: Path, ends: list[Position], offset: int
) -> None:
    victim = next(index for index, end in enumerate(ends) if end.segment == 2) + 1
    change(folder, ends[victim - 1], offset)
    size = ends[victim].offset - ends[victim - 1].offset
    with pytest.raises(JournalCorrupt):
        Journal.open(folder, segment_bytes=300)
    report = inspect(folder)
    assert report.records == 29
    (damage,) = report.damages
    assert (damage.segment, damage.offset, damage.bytes) == (
        name_of(2),
        ends[victim - 1].offset,
        size,
    )
    assert repair(folder) == report
    assert contents(folder) == PAYLOADS[:victim] + PAYLOADS[victim + 1 :]
    assert (folder / (name_of(2) + ".damaged")).exists()


def test_a_damaged_header_costs_no_record(folder: Path, ends: list[Position]) -> None:
    change(folder, Position(2, 0, 0), 9)
    report = inspect(folder)
    assert report.records == 30
    assert report.damages == (
        Damage(name_of(2), 0, HEADER_BYTES, "its header does not match its checksum"),
    )
    repair(folder)
    assert contents(folder) == PAYLOADS


def test_a_missing_segment_is_named_and_the_rest_is_kept(
    folder: Path, ends: list[Position]
) -> None:
    (folder / name_of(2)).unlink()
    gone = sum(end.segment == 2 for end in ends)
    report = inspect(folder)
    assert report.damages == (Damage(name_of(2), 0, 0, "the file is missing"),)
    repair(folder)
    assert len(contents(folder)) == 30 - gone


def test_repair_never_counts_backwards(folder: Path, ends: list[Position]) -> None:
    change(folder, ends[0], 14)
    repair(folder)
    journal = Journal.open(folder, segment_bytes=300)
    assert journal.end.sequence >= ends[-1].sequence
    assert journal.end > ends[-1]
    journal.close()
    assert inspect(folder).damages == ()


def test_an_interrupted_repair_is_run_again(
    folder: Path, ends: list[Position], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(folder, ends[0], 14)

    def stopped(_self: Path, _target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", stopped)
        with pytest.raises(KeyboardInterrupt):
            repair(folder)
    repair(folder)
    # What was saved twice comes twice; the drain leaves the second one alone.
    kept = contents(folder)
    assert sorted(set(kept)) == sorted(PAYLOADS[:1] + PAYLOADS[2:])


def test_a_running_server_is_left_alone(folder: Path, ends: list[Position]) -> None:
    journal = Journal.open(folder, segment_bytes=300)
    with pytest.raises(JournalLocked):
        repair(folder)
    assert inspect(folder).records == 30
    journal.close()
