"""Large pages for a large heap.

Knows how Linux puts small pages of memory together into large ones when it is asked to. Refuses to
know what is in them.

What a server knows of its keys lies all over its heap: with 10,000 of them each request touches a
dozen pages that no other has touched for a second, and for each the processor must look up where
the page is, under a hypervisor in two tables, which other requests have pushed out of its caches.
That cost more than a fifth of a request. One large page stands for 512 small ones, and the few of
them stay known. Servers with few keys gain nothing and are left alone.
Source: https://man7.org/linux/man-pages/man2/madvise.2.html (``MADV_COLLAPSE``, Linux 6.1),
https://docs.kernel.org/admin-guide/mm/pagemap.html.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

PAGEMAP: Final = Path("/proc/self/pagemap")
MAPS: Final = Path("/proc/self/maps")
STATM: Final = Path("/proc/self/statm")

KEYS_MIN: Final = 1000
"""From so many keys on it is worth while."""
LOOK_S: Final = 0.5
"""How often it is looked whether the heap has grown."""
GROWTH_BYTES_MIN: Final = 4 * 1024 * 1024
PAUSE_S: Final = 0.02
"""Between two large pages: each takes up to 5 ms, and whoever needs what is in it waits so long."""
FILLED_MIN: Final = 480
"""Of 512 small pages so many must be in use, so that memory grows by a sixteenth at most."""

PAGE_BYTES: Final = 4096
LARGE_PAGE_BYTES: Final = 512 * PAGE_BYTES
_ENTRY_BYTES: Final = 8
_PRESENT_FROM: Final = 0x80
"""The highest byte of a page's entry, where the page is in memory."""
_ABSENT: Final = bytes(range(_PRESENT_FROM))
_COLLAPSE: Final = 25
_NEVER: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EPERM})
"""Errors that will not pass; others say that memory is short or busy just now."""


class HugePages:
    """Follows the growth of this process's heap.

    Args:
        wanted: whether it is worth while now.
        look_s: how often it is looked.
    """

    def __init__(self, wanted: Callable[[], bool], look_s: float = LOOK_S) -> None:
        self._wanted = wanted
        self._look_s = look_s
        self._stopping = threading.Event()
        self._tried: set[int] = set()
        """Where large pages would begin; whatever came of it, they are not tried again."""
        self._looked_bytes = 0
        self._thread = threading.Thread(target=self._run, name="glimway-pages", daemon=True)

    def start(self) -> None:
        """Begin, where the system may be able to do it."""
        if PAGEMAP.exists() and resource.getpagesize() == PAGE_BYTES:
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    def put_together(self) -> bool:
        """Make large pages of the full stretches of the heap that were not tried yet.

        Returns:
            False: the system makes none.
        """
        advise = ctypes.CDLL(None, use_errno=True).madvise
        able = True
        with PAGEMAP.open("rb", buffering=0) as pagemap:
            for start in _stretches():
                if start in self._tried or _filled(pagemap.fileno(), start) < FILLED_MIN:
                    continue
                self._tried.add(start)
                size = ctypes.c_size_t(LARGE_PAGE_BYTES)
                if advise(ctypes.c_void_p(start), size, _COLLAPSE) != 0:
                    able = ctypes.get_errno() not in _NEVER
                if not able or self._stopping.wait(PAUSE_S):
                    break
        return able

    def _run(self) -> None:
        able = True
        while able and not self._stopping.wait(self._look_s):
            held_bytes = _held_bytes()
            self._looked_bytes = min(self._looked_bytes, held_bytes)
            if self._wanted() and held_bytes - self._looked_bytes >= GROWTH_BYTES_MIN:
                self._looked_bytes = held_bytes
                try:
                    able = self.put_together()
                except OSError:  # a container may hide such files
                    able = False


def _held_bytes() -> int:
    """Of this process, in memory."""
    return int(STATM.read_bytes().split()[1]) * PAGE_BYTES


def _stretches() -> Iterator[int]:
    """Where a large page could begin: addresses in the heap and in what is mapped for objects."""
    for line in MAPS.read_text().splitlines():
        bounds, rights, _offset, _device, _inode, *name = line.split(maxsplit=5)
        if rights == "rw-p" and name in ([], ["[heap]"]):
            low, high = (int(bound, 16) for bound in bounds.split("-"))
            first = -(-low // LARGE_PAGE_BYTES) * LARGE_PAGE_BYTES
            yield from range(first, high - LARGE_PAGE_BYTES + 1, LARGE_PAGE_BYTES)


def _filled(pagemap: int, start: int) -> int:
    """How many small pages of one stretch are in memory."""
    size = LARGE_PAGE_BYTES // PAGE_BYTES * _ENTRY_BYTES
    entries = os.pread(pagemap, size, start // PAGE_BYTES * _ENTRY_BYTES)
    return len(entries[_ENTRY_BYTES - 1 :: _ENTRY_BYTES].translate(None, _ABSENT))
