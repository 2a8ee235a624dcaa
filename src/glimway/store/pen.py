"""The open segment: the one file that records are added to.

Knows both ways of adding one: copied into a mapped window, or by a system call where files cannot
be mapped. Refuses to know where records begin and end, and which segment comes next.
"""

from __future__ import annotations

import errno
import os
from typing import Final

from glimway.store.disk import Disk
from glimway.store.segments import framed
from glimway.store.window import Window

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""Errors that may pass. Any other says that this file system does not allocate or map files."""


class Pen:
    """Writes to the end of one file. ``put`` and ``trim`` are for one thread at a time.

    Args:
        fd: of the file, open for appending; closed by ``close``.
        end: offset after its last record.
        file_bytes_max: how large it may become.
        disk: the calls to use.
    """

    def __init__(self, fd: int, end: int, file_bytes_max: int, disk: Disk) -> None:
        self.fd = fd
        self._disk = disk
        self._window: Window | None = None
        self.put = self._write
        """Adds a payload as a record at an offset, which must be the end. Raises ``OSError``; a
        part of the record may be there then, until ``cut``."""
        if disk.allocate is not None:
            self._map(Window(fd, file_bytes_max, disk.allocate), end)

    @property
    def mapped(self) -> bool:
        """Whether records are copied and not written."""
        return self._window is not None

    def cut(self, end: int) -> None:
        """Take away everything after ``end``. Raises ``OSError``."""
        if self._window is not None:
            # What is copied to a page behind the end of its file kills the process.
            self._window.close()
        self._disk.truncate(self.fd, end)

    def trim(self, end: int) -> None:
        """Take away the room that was made and not used. Raises ``OSError``."""
        if self._window is not None:
            self.cut(end)

    def close(self) -> None:
        """Let the file go."""
        if self._window is not None:
            self._window.close()
        os.close(self.fd)

    def _map(self, window: Window, end: int) -> None:
        try:
            window.reach(end, 1)
        except OSError as error:
            if error.errno not in FULL and self._is_cut(end):
                return
        self._window = window
        self.put = window.put

    def _is_cut(self, end: int) -> bool:
        """Whether no room is left after ``end``: what is appended would lie behind it."""
        try:
            self._disk.truncate(self.fd, end)
        except OSError:
            return False
        return True

    def _write(self, offset: int, payload: bytes) -> None:
        record = framed(payload)
        written = self._disk.write(self.fd, record)
        if written != len(record):
            raise OSError(f"the disk took {written} of {len(record)} bytes of a record")
