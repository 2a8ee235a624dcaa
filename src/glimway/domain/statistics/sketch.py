"""Quantiles of a stream of numbers, within 2 % of the exact ones, in bounded memory.

Knows how many values fell into each of a fixed row of buckets whose widths grow by a constant
factor, so that the middle of a bucket is never farther than ``ACCURACY`` from any value in it.
Refuses to know what the values are and when they came.

Two sketches are added bucket by bucket, and the sum is what one sketch of both streams would be.
The idea is that of log-linear histograms and of DDSketch (https://arxiv.org/abs/1908.10693).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import Final, Self

ACCURACY: Final = 0.02
"""How far an answer may be from the exact one, as a part of it."""
VALUE_MIN: Final = 0.001
"""Smaller values, and what is no number, count as this one."""
VALUE_MAX: Final = 10_000_000.0
"""Larger values count as this one."""

_STEP: Final = log((1 + ACCURACY) / (1 - ACCURACY))
_PER_STEP: Final = 1 / _STEP
_OFFSET: Final = 1 - int(log(VALUE_MIN) * _PER_STEP)
"""Makes every index positive, so that cutting a number off rounds it down."""
BUCKETS_MAX: Final = int(log(VALUE_MAX) * _PER_STEP + _OFFSET) + 1
"""More buckets than this cannot be in use (about 580)."""
_MIDDLES: Final = tuple(
    exp((index - _OFFSET) * _STEP) * (1 + ACCURACY) for index in range(BUCKETS_MAX)
)
"""The value that stands for a bucket: ``ACCURACY`` above its low end and below its high end."""


class Sketch:
    """Counts of values by bucket. ``count`` is how many values there are."""

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0

    def add(self, value: float) -> None:
        """Count one value."""
        if not VALUE_MIN <= value <= VALUE_MAX:
            value = VALUE_MAX if value > VALUE_MAX else VALUE_MIN
        index = int(log(value) * _PER_STEP + _OFFSET)
        buckets = self._buckets
        buckets[index] = buckets.get(index, 0) + 1
        self.count += 1

    def merge(self, other: Sketch) -> None:
        """Count everything that another sketch counted."""
        buckets = self._buckets
        for index, count in other._buckets.items():
            buckets[index] = buckets.get(index, 0) + count
        self.count += other.count

    def quantile(self, part: float) -> float | None:
        """The value that ``part`` (0 to 1) of all values do not exceed; None: there is none.

        Within ``ACCURACY`` of the value at place ``int(part * (count - 1))`` of the sorted stream.
        """
        return self.quantiles((part,))[0]

    def quantiles(self, parts: Sequence[float]) -> list[float | None]:
        """``quantile`` of several parts, which must ascend, in one walk."""
        if not self.count:
            return [None] * len(parts)
        found: list[float | None] = []
        ranks = [int(part * (self.count - 1)) for part in parts]
        below = 0
        for index in sorted(self._buckets):
            below += self._buckets[index]
            while len(found) < len(ranks) and ranks[len(found)] < below:
                found.append(_MIDDLES[index])
        return found

    def packed(self) -> list[int]:
        """As few small whole numbers: the distance to the bucket before, its count, and so on."""
        flat: list[int] = []
        last = 0
        for index in sorted(self._buckets):
            flat += (index - last, self._buckets[index])
            last = index
        return flat

    @classmethod
    def unpacked(cls, flat: Sequence[int]) -> Self:
        """What ``packed`` gave.

        Raises:
            ValueError: it did not come from there.
        """
        made = cls()
        index = 0
        if len(flat) % 2:
            raise ValueError("a packed sketch is made of pairs")
        for at in range(0, len(flat), 2):
            index += flat[at]
            count = flat[at + 1]
            if not 0 <= index < BUCKETS_MAX or count <= 0 or (at and flat[at] <= 0):
                raise ValueError("a packed sketch has ascending buckets and counts above 0")
            made._buckets[index] = count
            made.count += count
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self._buckets == other._buckets

    __hash__ = None  # type: ignore[assignment]
