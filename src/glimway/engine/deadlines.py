"""How long each phase of an answer may take.

Knows the deadlines of the contract, in seconds. Refuses to know what
happens when one passes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from glimway.engine.wheel import Alarm, Wheel


class Deadlines(msgspec.Struct, frozen=True):
    """The deadlines of the contract, in seconds."""

    connect_s: float = 5.0
    first_token_s: float = 120.0
    answer_s: float = 600.0
    between_tokens_s: float = 60.0
    total_s: float = 1800.0
    commit_after_s: float = 10.0


class DeadlineWatch:
    """Watches the deadlines of one attempt.

    Args:
        deadlines: how long each phase may take.
        expired: called once, with what was waited for in vain.
    """

    __slots__ = ("_alarm", "_deadlines", "_expired", "_resting", "_total", "_waits_for", "_wheel")

    def __init__(self, deadlines: Deadlines, expired: Callable[[str], None]) -> None:
        self._deadlines = deadlines
        self._expired = expired
        self._wheel: Wheel | None = None
        self._alarm = self._total = _UNSET
        self._resting = False
        self._waits_for: tuple[str, float] = ("", 0.0)

    def first(self, wheel: Wheel, due_s: float, *, stream: bool) -> None:
        """Wait for the first token of a stream, or for a whole answer."""
        self._wheel = wheel
        if stream:
            self._waits_for = ("no first token within {:g} s", self._deadlines.first_token_s)
        else:
            self._waits_for = ("no whole answer within {:g} s", self._deadlines.answer_s)
        self._alarm = wheel.at(due_s, self._ring)

    def following(self, now_s: float, started_s: float) -> None:
        """The first token is here: from now on each must follow the one before, and the whole
        answer must end in time."""
        wheel = self._wheel
        assert wheel is not None  # noqa: S101 - first() came first
        self._alarm.cancel()
        self._waits_for = ("no frame for {:g} s", self._deadlines.between_tokens_s)
        self._alarm = wheel.at(now_s + self._deadlines.between_tokens_s, self._ring)
        self._total = wheel.at(started_s + self._deadlines.total_s, self._ring_total)

    def heard(self, now_s: float) -> None:
        """Something came: the silence begins anew."""
        self._alarm.due_s = now_s + self._deadlines.between_tokens_s

    def rest(self, *, resting: bool, now_s: float) -> None:
        """The client is slower than the provider: its slowness is not the provider's silence."""
        self._resting = resting
        self.heard(now_s)

    def cancel(self) -> None:
        """Wait for nothing more, and forget who waited: the two would keep each other alive."""
        if self._alarm is not _UNSET:
            self._alarm.cancel()
            self._alarm = _UNSET
        if self._total is not _UNSET:
            self._total.cancel()
            self._total = _UNSET
        self._expired = _nobody

    def _ring(self) -> None:
        if self._resting:
            wheel = self._wheel
            assert wheel is not None  # noqa: S101 - first() came first
            self._alarm = wheel.after(self._deadlines.between_tokens_s, self._ring)
            return
        expired = self._expired
        self.cancel()
        expired(self._waits_for[0].format(self._waits_for[1]))

    def _ring_total(self) -> None:
        expired = self._expired
        self.cancel()
        expired(f"the answer did not end within {self._deadlines.total_s:g} s")


def _nobody(_what: str) -> None:
    """Stands where nobody waits any more."""


_UNSET = Alarm(0.0, lambda: None)
"""Stands where no deadline is set yet."""
