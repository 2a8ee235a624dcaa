"""How much of a processor this thread asks for.

Knows the kernel's account of it. Refuses to know what is computed.
"""

from __future__ import annotations

import os
import time

_ACCOUNT = "/proc/thread-self/schedstat"
_ACCOUNT_BYTES_MAX = 100


class Processor:
    """The account of the thread that makes it."""

    def __init__(self) -> None:
        try:
            self._account: int | None = os.open(_ACCOUNT, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._account = None  # not Linux, or a kernel that does not count

    def wanted_s(self) -> float:
        """How long this thread has computed and, where the kernel tells, has stood in line for a
        processor: a thread that gets half of one can be as overloaded as one that gets it whole."""
        if self._account is None:
            return time.thread_time()
        # Nanoseconds on a processor, in line for one, and the number of turns.
        computed, waited, _ = os.pread(self._account, _ACCOUNT_BYTES_MAX, 0).split()
        return (int(computed) + int(waited)) / 1e9

    def close(self) -> None:
        """Ask no more."""
        if self._account is not None:
            os.close(self._account)
            self._account = None
