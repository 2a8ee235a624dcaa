from __future__ import annotations

from pathlib import Path

import pytest

from glimway.store.errors import JournalCorrupt, JournalLocked
from glimway.store.journal import Journal
from glimway.store.mark import MARK_NAME, Mark
from glimway.store.repair import Damage, inspect, repair
from glimway.store.segments import HEADER_BYTES, START, Position, name_of

pytestmark = pytest.mark.usefixtures("way")

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


@pytest.mark.parametrize("known", [True, False])
def test_a_torn_tail_is_not_damage(folder: Path, ends: list[Position], known: bool) -> None:
    (folder / MARK_NAME).unlink()
    if known:
        made = Mark(folder)
        made.put(ends[-2].segment, ends[-2].offset)
        made.close()
    path = folder / name_of(ends[-1].segment)
    path.write_bytes(path.read_bytes()[:-3])
    report = inspect(folder)
    assert report.records == 29
    assert report.torn_bytes == ends[-1].offset - ends[-2].offset - 3
    assert report.damages == ()


def test_an_end_that_was_synced_is_damage_and_can_be_settled(
    folder: Path, ends: list[Position]
) -> None:
    path = folder / name_of(ends[-1].segment)
    path.write_bytes(path.read_bytes()[: ends[-2].offset])
    report = inspect(folder)
    lost_bytes = ends[-1].offset - ends[-2].offset
    assert report.damages == (
        Damage(path.name, ends[-2].offset, lost_bytes, "the file is cut short"),
    )
    with pytest.raises(JournalCorrupt):
        Journal.open(folder, segment_bytes=300)
    assert repair(folder) == report
    assert contents(folder) == PAYLOADS[:-1]


def test_a_last_segment_that_is_gone_is_damage_and_can_be_settled(
    folder: Path, ends: list[Position]
) -> None:
    gone = ends[-1].segment
    (folder / name_of(gone)).unlink()
    report = inspect(folder)
    assert report.damages == (Damage(name_of(gone), 0, 0, "the file is missing"),)
    with pytest.raises(JournalCorrupt, match="missing"):
        Journal.open(folder, segment_bytes=300)
    repair(folder)
    assert contents(folder) == PAYLOADS[: sum(end.segment < gone for end in ends)]


def test_a_running_journal_has_no_damage(folder: Path) -> None:
    journal = Journal.open(folder, fsync_ms=60_000)
    for synced in (False, True):
        journal.append(b"not empty")
        if synced:
            journal.sync()
        assert inspect(folder) == (1, journal.end.sequence, 0, ())
    journal.close()
    assert inspect(folder) == (1, 2, 0, ())


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
