"""Several keys of one provider: which is used, and which rests.

Knows how each key fared. Refuses to know the keys themselves (they are places in a list) and a
clock.

One key is used until it is limited or refused, and only then the next: a provider's prompt cache
belongs to the account, so going round by request would lose it. How it is used::

    place = rotation.pick(now_s)  # where all of them rest: the one that is free first
    if rotation.failed(place, fault, now_s):  # it was the key's fault, and another one is free
        ...  # call the same endpoint again at once, with the next pick
    fault = rotation.mildest(fault, now_s)  # else: what it means for the endpoint
    rotation.answered(place)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from glimway.domain.cooldown import RESTS, Rest, rest_s
from glimway.wire.refusal import Fault, FaultKind

KEYS_MAX: Final = 64
"""Keys of one provider."""

OF_THE_KEY: Final = frozenset({"rate_limited", "quota", "auth"})
"""Faults that another key may not have."""


class Rotation:
    """The keys of one provider.

    Args:
        count: how many there are, 1 to ``KEYS_MAX``.
        rests: how long a key rests after each kind of fault.

    Raises:
        ValueError: none, or too many.
    """

    __slots__ = ("_count", "_kinds", "_levels", "_now", "_rests", "_until_s")

    def __init__(self, count: int, rests: Mapping[FaultKind, Rest] = RESTS) -> None:
        if not 1 <= count <= KEYS_MAX:
            raise ValueError(f"a provider has 1 to {KEYS_MAX} keys, not {count}")
        self._count = count
        self._now = 0
        self._until_s = [0.0] * count
        self._levels = [0] * count
        self._kinds: list[FaultKind] = ["rate_limited"] * count
        self._rests = rests

    @property
    def count(self) -> int:
        """How many keys there are."""
        return self._count

    def pick(self, now_s: float) -> int:
        """The place of the key to use; where all of them rest, the one that is free first."""
        place = self._free(now_s)
        return self._until_s.index(min(self._until_s)) if place is None else place

    def rests(self, place: int, now_s: float) -> bool:
        """Whether a key is left alone now."""
        return self._until_s[place] > now_s

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
            self._until_s[place] = now_s + rest_s(fault, self._levels[place], self._rests)
            self._levels[place] += 1
            self._kinds[place] = fault.kind
        return self._free(now_s) is not None

    def mildest(self, fault: Fault, now_s: float) -> Fault:
        """What the endpoint failed of, when no key is left: the fault of the key that is free
        first, until then. A key that is refused for good says nothing of one that is limited for
        a second. A fault that is not the key's stays as it is."""
        if fault.kind not in OF_THE_KEY or fault.refusal is not None:
            return fault
        place = self.pick(now_s)
        kind, left_s = self._kinds[place], self._until_s[place] - now_s
        if left_s <= 0 or (kind == fault.kind and fault.retry_after_s is None):
            return fault
        return Fault(kind, fault.detail, status=fault.status, retry_after_s=left_s)

    def _free(self, now_s: float) -> int | None:
        for step in range(self._count):
            place = (self._now + step) % self._count
            if self._until_s[place] <= now_s:
                self._now = place
                return place
        return None
