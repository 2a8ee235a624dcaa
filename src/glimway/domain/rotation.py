"""Several keys of one provider: which is used, and which rests.

Knows how each key fared. Refuses to know the keys themselves (they are places in a list) and a
clock.

One key is used until it is limited or refused, and only then the next: a provider's prompt cache
belongs to the account, so going round by request would lose it. How it is used::

    place = rotation.pick(now_s)  # None: all rest; the endpoint itself has failed then
    if rotation.failed(place, fault, now_s):  # it was the key's fault, and another one is free
        ...  # call the same endpoint again at once, with the next pick
    rotation.answered(place)
"""

from __future__ import annotations

from typing import Final

from glimway.domain.cooldown import rest_s
from glimway.wire.refusal import Fault

KEYS_MAX: Final = 64
"""Keys of one provider."""

OF_THE_KEY: Final = frozenset({"rate_limited", "quota", "auth"})
"""Faults that another key may not have."""


class Rotation:
    """The keys of one provider.

    Args:
        count: how many there are, 1 to ``KEYS_MAX``.

    Raises:
        ValueError: none, or too many.
    """

    __slots__ = ("_count", "_levels", "_now", "_until_s")

    def __init__(self, count: int) -> None:
        if not 1 <= count <= KEYS_MAX:
            raise ValueError(f"a provider has 1 to {KEYS_MAX} keys, not {count}")
        self._count = count
        self._now = 0
        self._until_s = [0.0] * count
        self._levels = [0] * count

    def pick(self, now_s: float) -> int | None:
        """The place of the key to use; None: all of them rest."""
        for step in range(self._count):
            place = (self._now + step) % self._count
            if self._until_s[place] <= now_s:
                self._now = place
                return place
        return None

    def answered(self, place: int) -> None:
        """The provider took the key."""
        self._levels[place] = 0

    def failed(self, place: int, fault: Fault, now_s: float) -> bool:
        """The provider failed with this key.

        Returns:
            Whether it was the key's fault and another key is free: then the same endpoint may be
            called again at once. False: the endpoint has failed.
        """
        if fault.kind not in OF_THE_KEY or fault.refusal is not None:
            return False
        if self._until_s[place] <= now_s:  # its other requests fail too: one rest for all of them
            self._until_s[place] = now_s + rest_s(fault, self._levels[place])
            self._levels[place] += 1
        return self.pick(now_s) is not None

    def free_s(self) -> float:
        """When the first key is free (a past time: one is free)."""
        return min(self._until_s)
