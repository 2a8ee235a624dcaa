"""Ids whose entropy is a number, so that a test can tell them apart and knows their order.

Knows how a number is spelled in base 32. Refuses to know time.
"""

from __future__ import annotations

from glimway.domain.ids import ENTROPY_BYTES


def entropy_of(number: int) -> bytes:
    """The entropy whose characters spell ``number`` in base 32."""
    return bytes(number >> 5 * place & 31 for place in reversed(range(ENTROPY_BYTES)))
