"""Ways to cut bytes into pieces, for readers that must not care how their input arrives.

Knows bytes only. Refuses to know what they mean: whoever feeds the pieces compares what comes out
with what the uncut bytes give.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

Pieces = list[bytes]
"""One way to cut: the pieces in order; joined, they are the data again."""


def whole(data: bytes) -> Pieces:
    """The data in one piece."""
    return [data]


def byte_by_byte(data: bytes) -> Pieces:
    """Each byte a piece of its own."""
    return [data[at : at + 1] for at in range(len(data))]


def every_cut(data: bytes) -> Iterator[Pieces]:
    """Every way to cut the data in two, so that each byte once begins a piece.

    Quadratic in the bytes that it hands out: meant for data of a few kilobytes.
    """
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]


def seeded_cuts(data: bytes, seed: int, n: int) -> Pieces:
    """The data cut at ``n`` different places (fewer where it is too short), the same for a seed."""
    places = sorted(random.Random(seed).sample(range(1, len(data)), min(n, max(len(data) - 1, 0))))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def all_ways(data: bytes, seed: int = 0) -> Iterator[Pieces]:
    """Whole, byte by byte, every cut in two, and eight seeded cuts of one to eight places."""
    yield whole(data)
    yield byte_by_byte(data)
    yield from every_cut(data)
    for n in range(1, 9):
        yield seeded_cuts(data, seed + n, n)
