"""A damaged journal: what would be lost, and saving the rest.

Knows how to find the next record behind damage. Refuses to know what records mean and to throw
anything away: damaged files stay in the folder under another name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from glimway.store.disk import Disk, begin_file, lock_folder, sync_folder
from glimway.store.errors import JournalBroken, JournalCorrupt
from glimway.store.mark import Synced, forget_mark, read_mark
from glimway.store.segments import (
    FRAME_BYTES,
    HEADER_BYTES,
    READ_BLOCK_BYTES,
    data_end,
    framed,
    header_bytes,
    is_torn,
    name_of,
    numbers_in,
    read_block,
    read_header,
    split,
)

DAMAGED_SUFFIX: Final = ".damaged"
SAVED_SEGMENT_BYTES: Final = 64 * 1024 * 1024
LOOKS_MAX: Final = 10
"""How often a journal that seems damaged is looked at while a server writes to it: the end of a
segment that is closed meanwhile looks like damage."""
MISSING: Final = "the file is missing"


class Damage(NamedTuple):
    """Bytes in which no record can be found."""

    segment: str
    offset: int
    bytes: int
    reason: str


class Report(NamedTuple):
    """What a journal holds and what it has lost."""

    segments: int
    records: int
    """Records that can be read."""
    torn_bytes: int
    """Left at the end by an interrupted write; never a whole record, cut at the next start."""
    damages: tuple[Damage, ...]


def inspect(folder: Path) -> Report:
    """Look through a journal without changing it.

    Args:
        folder: of the journal; another process may be writing to it.

    Raises:
        OSError: it cannot be read.
    """
    for _ in range(LOOKS_MAX - 1):
        # The mark first: what is appended meanwhile lies behind it.
        mark, numbers = read_mark(folder), numbers_in(folder)
        report = _look(folder, mark, numbers)
        moved = (mark, numbers) != (read_mark(folder), numbers_in(folder))
        if not report.damages or not moved:
            return report
    return _look(folder, read_mark(folder), numbers_in(folder))


def _look(folder: Path, mark: Synced | None, numbers: list[int]) -> Report:
    records = torn_bytes = 0
    damages: list[Damage] = []
    for index, number in enumerate(numbers):
        if index and number != numbers[index - 1] + 1 and not _jumps(folder / name_of(number)):
            damages.append(Damage(name_of(numbers[index - 1] + 1), 0, 0, MISSING))
        last = number == numbers[-1]
        for piece in pieces(folder / name_of(number)):
            if isinstance(piece, bytes):
                records += 1
            elif last and (torn := _torn_bytes(folder / piece.segment, piece, mark)) is not None:
                torn_bytes += torn
                break
            else:
                damages.append(piece)
    if mark is not None:
        damages += _lost_end(folder, numbers, mark)
    return Report(len(numbers), records, torn_bytes, tuple(damages))


def repair(folder: Path) -> Report:
    """Write every readable record from the first damaged segment on into new segments.

    The old files are renamed, not deleted. Records that the drain has seen before come again; it
    leaves rows alone that are there already. If this is interrupted, it can be run again.

    Returns:
        what ``inspect`` said before.

    Raises:
        JournalLocked: a server is running on this folder.
        JournalBroken: the disk does not take the new files.
    """
    lock_fd = lock_folder(folder)
    try:
        report = inspect(folder)
        if report.damages:
            first = min(damage.segment for damage in report.damages)
            old = [number for number in numbers_in(folder) if name_of(number) >= first]
            if old:
                _save(folder, old)
            for number in old:
                path = folder / name_of(number)
                path.rename(path.with_name(path.name + DAMAGED_SUFFIX))
            forget_mark(folder)
            sync_folder(folder)
        return report
    finally:
        os.close(lock_fd)


def pieces(path: Path) -> Iterator[bytes | Damage]:
    """The payloads of one segment in order, with the damage between them."""
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        if _is_blank(fd, size):
            yield Damage(path.name, 0, size, "nothing was written")
            return
        try:
            read_header(fd, path.name)
        except JournalCorrupt as error:
            yield Damage(path.name, 0, min(size, HEADER_BYTES), error.reason)
        offset = HEADER_BYTES
        while offset < size:
            payloads, taken, wrong = split(read_block(fd, offset, size), READ_BLOCK_BYTES)
            yield from payloads
            offset += taken
            if payloads and wrong is None:
                continue
            resumed = _resume(fd, offset, size)
            yield Damage(path.name, offset, resumed - offset, wrong or "a record is cut short")
            offset = resumed
    finally:
        os.close(fd)


def _resume(fd: int, offset: int, size: int) -> int:
    """Where the next whole record begins after ``offset``; ``size`` when there is none."""
    written = data_end(fd, offset, size)  # no record begins in the room after it
    # Not mapped: a server that cuts the file meanwhile would make that a signal.
    for base in range(offset + 1, written, READ_BLOCK_BYTES):
        view = os.pread(fd, READ_BLOCK_BYTES + FRAME_BYTES, base)
        for at in range(len(view) - FRAME_BYTES):
            # The complement of a length is found by two bytes before anything is copied.
            if view[at] ^ view[at + 4] == view[at + 1] ^ view[at + 5] == 0xFF:
                payloads, _taken, _wrong = split(read_block(fd, base + at, size), 1)
                if payloads:
                    return base + at
    return size


def _torn_bytes(path: Path, damage: Damage, mark: Synced | None) -> int | None:
    """How much an interrupted write left, where that explains the damage; None where not.

    What is not explained at its first byte is not explained further on.
    """
    fd = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(fd).st_size
        synced = None if mark is None else mark.within(int(path.stem))
        begun = synced is None and _is_blank(fd, size)
        ends = synced is not None or damage.offset + damage.bytes == size
        if not begun and not (ends and is_torn(fd, damage.offset, size, synced)):
            return None
        return data_end(fd, damage.offset, size) - damage.offset
    finally:
        os.close(fd)


def _lost_end(folder: Path, numbers: list[int], mark: Synced) -> list[Damage]:
    """What was synced at the end and is not there any more."""
    newest = numbers[-1] if numbers else 0
    if mark.segment > newest:
        return [Damage(name_of(mark.segment), 0, 0, MISSING)]
    if mark.segment < newest:
        return []
    size = (folder / name_of(newest)).stat().st_size
    if size >= mark.offset:
        return []
    return [Damage(name_of(newest), size, mark.offset - size, "the file is cut short")]


def _is_blank(fd: int, size: int) -> bool:
    return size < HEADER_BYTES or data_end(fd, 0, size) == 0


def _jumps(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_header(fd, path.name).jumps
    except JournalCorrupt:
        return False
    finally:
        os.close(fd)


def _save(folder: Path, old: list[int]) -> None:
    """Write what can be read of the ``old`` segments into new ones after them."""
    number = numbers_in(folder)[-1]
    sequence = _sequence_bound(folder, old)
    fd, held = -1, SAVED_SEGMENT_BYTES
    try:
        for payload in _readable(folder, old):
            if held >= SAVED_SEGMENT_BYTES:
                _finish(fd)
                number += 1
                header = header_bytes(number, sequence, jumps=True)
                fd, held = begin_file(folder / name_of(number), header, Disk()), 0
            record = framed(payload)
            if os.write(fd, record) != len(record):
                raise JournalBroken("the disk took only a part of a saved record")
            sequence += 1
            held += len(record)
        _finish(fd)
    except OSError as error:
        raise JournalBroken(f"cannot save records: {error}", error.errno) from error


def _finish(fd: int) -> None:
    if fd >= 0:
        os.fsync(fd)
        os.close(fd)


def _readable(folder: Path, numbers: list[int]) -> Iterator[bytes]:
    for number in numbers:
        for piece in pieces(folder / name_of(number)):
            if isinstance(piece, bytes):
                yield piece


def _sequence_bound(folder: Path, old: list[int]) -> int:
    """A number that no record in ``old`` can have reached.

    Numbers must never fall: what the tables hold is compared with them.
    """
    bound = 0
    for number in old:
        path = folder / name_of(number)
        fd = os.open(path, os.O_RDONLY)
        try:
            bound = max(bound, read_header(fd, path.name).first_sequence)
        except JournalCorrupt:
            continue  # the size alone bounds what it can add
        finally:
            os.close(fd)
    sizes = sum((folder / name_of(number)).stat().st_size for number in old)
    return bound + sizes // (FRAME_BYTES + 1)
