"""What the journal asks of the operating system.

Knows the calls that touch the disk and how two processes are kept apart. Refuses to know what is
written. The calls are values, so that a failing disk can be put in their place.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from glimway.store.errors import JournalBroken, JournalLocked

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
LOCK_NAME: Final = "lock"


def sync_data(fd: int) -> None:
    """Return when the file's bytes would survive a power cut.

    macOS answers ``fsync`` before the drive has written; only its own call waits for the drive.
    """
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)
    if full_sync is not None:
        fcntl.fcntl(fd, full_sync)
        return
    os.fdatasync(fd)


@dataclass(frozen=True, slots=True)
class Disk:
    """The calls that can fail; each raises ``OSError``.

    Args:
        allocate: makes room in a file (descriptor, offset, bytes) that is then mapped and written
            by copying; None: files are not mapped, each record is one ``write``.
    """

    write: Callable[[int, Any], int] = os.write
    sync: Callable[[int], None] = sync_data
    truncate: Callable[[int, int], None] = os.ftruncate
    allocate: Callable[[int, int, int], None] | None = None


def system_disk(*, mapped: bool = True) -> Disk:
    """The operating system's own calls.

    Args:
        mapped: map files where the system can allocate room for them (macOS cannot).
    """
    return Disk(allocate=getattr(os, "posix_fallocate", None) if mapped else None)


def sync_folder(folder: Path) -> None:
    """Make file names made in ``folder`` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def begin_file(path: Path, header: bytes, disk: Disk) -> int:
    """Make a file that begins with ``header`` and survives a power cut.

    Returns:
        a descriptor to append to it.

    Raises:
        JournalBroken: the disk refused; no file stays behind.
    """
    fd = -1
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, FILE_MODE)
        if disk.write(fd, header) != len(header):
            raise OSError(f"the disk took only a part of the header of {path.name}")
        disk.sync(fd)
        sync_folder(path.parent)
    except OSError as error:
        if fd >= 0:
            os.close(fd)
            with contextlib.suppress(OSError):
                path.unlink()
        raise JournalBroken(f"cannot begin {path.name}: {error}", error.errno) from error
    return fd


def lock_folder(folder: Path) -> int:
    """Take the folder for this process.

    The lock belongs to the open file, so a killed process gives it back by dying.

    Returns:
        a descriptor; closing it gives the folder back.

    Raises:
        JournalLocked: another process has it; the text names that process.
    """
    fd = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        os.close(fd)
        raise JournalLocked(
            f"{folder} is in use by another Glimway process"
            + (f" (process {owner})" if owner else "")
            + "; stop it, or give this one its own folder with --data"
        ) from error
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode("ascii"), 0)
    return fd
