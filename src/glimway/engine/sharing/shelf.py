"""Answers that are kept.

Knows bounds in bytes and entries, and how long an answer is good. Refuses to know which requests
are the same, which answers are worth keeping, and a clock: the time is a parameter.
"""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from glimway.domain.catalog import Endpoint
from glimway.engine.flow import Frames
from glimway.engine.sharing.weight import EVENT_BYTES, compact, weight

ENTRY_BYTES = 1000
"""What an entry holds beside its events: its key, its place, its values."""


class Kept(msgspec.Struct, frozen=True):
    """One answer.

    Args:
        frames: all of it, in no dialect, in few pieces.
        endpoint: who gave it.
        source: the id of the request it was given to.
        until_s: it is good until then, on the loop's clock.
        adjusted: what was changed of the request for that endpoint.
        size_bytes: what it holds in memory.
    """

    frames: Frames
    endpoint: Endpoint
    source: str
    until_s: float
    adjusted: tuple[str, ...]
    size_bytes: int


class Bounds(msgspec.Struct, frozen=True):
    """How much is kept.

    Args:
        entries_max: answers, of all projects.
        bytes_max: memory, of all projects.
        answer_bytes_max: larger answers are not kept.
    """

    entries_max: int = 10_000
    bytes_max: int = 64 * 1024**2
    answer_bytes_max: int = 256 * 1024


class Shelf:
    """Kept answers by key, the longest unused first."""

    __slots__ = ("_by_key", "bounds", "bytes")

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.bytes = 0
        self._by_key: OrderedDict[bytes, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, key: bytes, now_s: float) -> Kept | None:
        """The answer under a key, if it is still good."""
        kept = self._by_key.get(key)
        if kept is None:
            return None
        if now_s >= kept.until_s:
            self._drop(key)
            return None
        self._by_key.move_to_end(key)
        return kept

    def keep(self, key: bytes, frames: Frames, about: Kept) -> bool:
        """Keep an answer, in place of one that is there; False when it is too large.

        Args:
            key: what it answers.
            frames: as they came.
            about: everything else; its frames and size do not matter.
        """
        frames = compact(frames)
        size = weight(frames) + len(frames) * EVENT_BYTES + ENTRY_BYTES
        if key in self._by_key:
            self._drop(key)
        if size > min(self.bounds.answer_bytes_max + ENTRY_BYTES, self.bounds.bytes_max):
            return False
        self._by_key[key] = msgspec.structs.replace(about, frames=frames, size_bytes=size)
        self.bytes += size
        while self.bytes > self.bounds.bytes_max or len(self) > self.bounds.entries_max:
            self._drop(next(iter(self._by_key)))
        return True

    def _drop(self, key: bytes) -> None:
        self.bytes -= self._by_key.pop(key).size_bytes
