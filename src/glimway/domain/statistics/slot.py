"""What one endpoint did in one stretch of time.

Knows counts of answers and of faults by kind, and sketches of speed; and how all of it is added
and packed. Refuses to know when the stretch was and how long it is.
"""

from __future__ import annotations

from typing import Final, Self

import msgspec

from glimway.domain.statistics.sketch import Sketch
from glimway.wire.refusal import FAULT_KINDS

INNOCENT: Final = frozenset({"rejected"})
"""Faults that say something of the request rather than of the endpoint: they are counted, and are
no part of its success rate."""

_PLACES: Final = {kind: place for place, kind in enumerate(FAULT_KINDS)}


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    """A slot as it is kept: arrays are shorter than named members."""

    successes: int
    seen: int
    up: int
    faults: list[int]
    ttft: list[int]
    pace: list[int]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode


class Slot:
    """Counts of one stretch of time; adding two gives the counts of both.

    ``seen`` and ``up`` count the shortest stretches inside it: those in which the endpoint was
    asked at all, and those in which it answered at least as often as it failed.
    """

    __slots__ = ("faults", "pace", "seen", "successes", "ttft", "up")

    def __init__(self) -> None:
        self.successes = 0
        self.faults: dict[str, int] = {}
        self.ttft = Sketch()
        """Milliseconds to the first token, of streams."""
        self.pace = Sketch()
        """Tokens per second, from the first token on."""
        self.seen = 0
        self.up = 0

    @property
    def failures(self) -> int:
        """Faults that are the endpoint's own."""
        return sum(count for kind, count in self.faults.items() if kind not in INNOCENT)

    def add(self, other: Slot) -> None:
        """Count everything that another slot counted."""
        self.successes += other.successes
        self.seen += other.seen
        self.up += other.up
        for kind, count in other.faults.items():
            self.faults[kind] = self.faults.get(kind, 0) + count
        self.ttft.merge(other.ttft)
        self.pace.merge(other.pace)

    def judged(self) -> None:
        """The shortest stretch is over: say once whether the endpoint was up in it."""
        failures = self.failures
        if self.successes or failures:
            self.seen = 1
            self.up = 1 if self.successes >= failures else 0

    def packed(self) -> bytes:
        """A few dozen to a few hundred bytes."""
        faults = [self.faults.get(kind, 0) for kind in FAULT_KINDS]
        return _encode(
            _Packed(
                self.successes,
                self.seen,
                self.up,
                faults if any(faults) else [],
                self.ttft.packed(),
                self.pace.packed(),
            )
        )

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """What ``packed`` gave.

        Raises:
            ValueError: it did not come from there.
        """
        try:
            read = _decode(data)
        except msgspec.MsgspecError as error:
            raise ValueError(f"a slot that cannot be read: {error}") from None
        if len(read.faults) not in (0, len(_PLACES)):
            raise ValueError("a slot of other kinds of fault")
        made = cls()
        made.successes, made.seen, made.up = read.successes, read.seen, read.up
        made.faults = {kind: read.faults[at] for kind, at in _PLACES.items() if read.faults[at:]}
        made.faults = {kind: count for kind, count in made.faults.items() if count}
        made.ttft = Sketch.unpacked(read.ttft)
        made.pace = Sketch.unpacked(read.pace)
        return made
