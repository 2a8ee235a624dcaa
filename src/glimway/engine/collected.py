"""A body that is read whole.

Knows a bound. Refuses to know what the body is.
"""

from __future__ import annotations


class Collected:
    """A body read whole, up to a bound."""

    __slots__ = ("_bytes", "_pieces", "bytes_max")

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self._pieces: list[bytes] = []
        self._bytes = 0

    def take(self, data: bytes) -> bool:
        """Keep the next bytes; False when the bound is passed (they are not kept then)."""
        self._bytes += len(data)
        if self._bytes > self.bytes_max:
            return False
        self._pieces.append(data)
        return True

    def join(self) -> bytes:
        """All that was kept."""
        return b"".join(self._pieces)
