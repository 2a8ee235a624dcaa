"""How the C library keeps memory for this process.

Knows two settings of glibc's allocator. Refuses to know what is allocated.

A request of some 64 KiB takes and gives back a few buffers of its size. By default the allocator
hands memory above 128 KiB at the end of its heap back to the kernel at once, and takes it again for
the next request, page by page: about twenty page faults for each request, a fifth of its CPU time.
Whether a process falls into this depends on what happens to lie at the end of its heap.
Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
"""

from __future__ import annotations

import ctypes
from typing import Final

KEPT_BYTES: Final = 32 * 1024 * 1024
"""How much may lie free at the end of the heap; what is more goes back to the kernel."""
MAPPED_BYTES_MIN: Final = 8 * 1024 * 1024
"""Larger blocks are mapped each for itself, and unmapped when they are free."""

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3


def keep_freed_memory() -> bool:
    """Keep freed memory for the next request; whether the C library can be told so."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:  # musl, macOS: other allocators, with other habits
        return False
    return bool(
        set_option(_MMAP_THRESHOLD, MAPPED_BYTES_MIN) and set_option(_TRIM_THRESHOLD, KEPT_BYTES)
    )
