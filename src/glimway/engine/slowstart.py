"""Leaving an endpoint whose answer starts slower than its answers ever do.

Knows how long a first token is awaited by what its endpoint usually takes, and holds the first
frames of a stream back until their pace can be judged. Refuses to know who is asked instead, and to
judge anyone while nobody else is left. Since the client has seen nothing yet, whoever is left here
has only failed its try, like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from glimway.domain.endpoint import Endpoint
from glimway.domain.slowness import HOLD_S_MAX, MEASURED_MIN, WATCH_S, starts_slowly
from glimway.domain.statistics.vitals import Vitals
from glimway.engine.attempt import HELD_BYTES_MAX, Attempt
from glimway.engine.flow import Frames, is_real
from glimway.engine.tally import BYTES_PER_TOKEN_DEFAULT, Tally
from glimway.engine.wheel import Alarm
from glimway.wire.refusal import Fault

FIRST_TOKEN_PERCENT_DEFAULT: Final = 300
FIRST_TOKEN_S_MIN: Final = 1.0
"""No endpoint is left sooner because its first token is late."""
LOOK_S: Final = 0.1
"""How often a pace that cannot be judged yet is looked at."""


class Usual(NamedTuple):
    """What an endpoint's streams are known to do.

    Args:
        pace: tokens per second that 99 of 100 reach; None: not known.
        measured: how many are known.
        slow: told what was seen of one that is left: milliseconds without a token, or its pace.
    """

    pace: float | None
    measured: int
    slow: Callable[[float | None, float | None], None]


class SlowStart:
    """Watches how streams start.

    Args:
        vitals: how they usually do; learns of those that are left.
        clock_ms: wall time, milliseconds since 1970.
        first_token_percent: the first token is awaited for so many hundredths of the P99.
    """

    def __init__(
        self,
        vitals: Vitals,
        clock_ms: Callable[[], int],
        first_token_percent: int = FIRST_TOKEN_PERCENT_DEFAULT,
    ) -> None:
        self._vitals = vitals
        self._clock_ms = clock_ms
        self._percent = first_token_percent

    def due_s(self, endpoint: Endpoint, now_s: float, due_s: float) -> float:
        """When the first token is due: at ``due_s``, or sooner where it usually is much sooner."""
        known = self._vitals.figures(endpoint.id)
        if known.ttft_ms is None or known.measured < MEASURED_MIN:
            return due_s
        usual_s = known.ttft_ms["p99"] * self._percent / 100_000
        return min(due_s, now_s + max(usual_s, FIRST_TOKEN_S_MIN))

    def attempt(self, endpoint: Endpoint) -> Callable[..., Attempt]:
        """What makes an attempt there, called as ``Attempt`` is."""
        known = self._vitals.figures(endpoint.id)
        if known.measured < MEASURED_MIN:
            return Attempt
        pace = None if known.tokens_per_second is None else known.tokens_per_second["p99"]
        return partial(WatchedAttempt, Usual(pace, known.measured, partial(self._slow, endpoint)))

    def _slow(self, endpoint: Endpoint, waited_ms: float | None, pace: float | None) -> None:
        self._vitals.left(endpoint.id, self._clock_ms(), waited_ms, pace)


class WatchedAttempt(Attempt):
    """An attempt whose first frames are held back until their pace is judged: as soon as enough
    tokens have come, else after half a second, at most after two."""

    __slots__ = ("_look_at", "_real_frames", "_tally", "_usual")

    def __init__(self, usual: Usual, *asked: Any, **how: Any) -> None:
        super().__init__(*asked, **how)
        self._usual = usual
        self._tally = Tally()
        self._real_frames = 0
        self._look_at: Alarm | None = None

    def close(self) -> None:
        """Want nothing more."""
        self._look_no_more()
        super().close()

    def _frames(self, frames: Frames) -> None:
        if self.first.done():
            super()._frames(frames)
            return
        if self.reader.done and self.reader.fault is None:
            self.finished = True
        self._held.extend(frames)
        for events in frames:
            self._tally.note(events)
            self._real_frames += is_real(events)
        if self.first_frame_s is None and (self._real_frames or self.finished):
            self.first_frame_s = self.loop.time()
            self._watch.heard(self.first_frame_s)  # the deadline of the first token is met
            self._look_at = self._wheel.after(WATCH_S, self._look)
        if self.finished or self._held_bytes > HELD_BYTES_MAX // 2:
            self._look_no_more()
            self._resolve()
        elif self.first_frame_s is not None:
            self._judge(self.loop.time() - self.first_frame_s)

    def _look(self) -> None:
        assert self.first_frame_s is not None  # noqa: S101 - set with the alarm
        if self._judge(self.loop.time() - self.first_frame_s):
            self._look_at = self._wheel.after(LOOK_S, self._look)

    def _judge(self, since_first_s: float) -> bool:
        """Whether it is too early to say."""
        characters = self._tally.characters
        # Hosts send a token to a frame, or many: the larger count is the safer one.
        tokens = max(self._real_frames, int(characters / BYTES_PER_TOKEN_DEFAULT))
        usual = self._usual
        # Whoever is told to wait for ever by a figure near zero is let go at the latest now.
        slow = starts_slowly(tokens, since_first_s, usual.pace, usual.measured)
        if slow is None and since_first_s < HOLD_S_MAX:
            return True
        self._look_no_more()
        if slow:
            pace = (tokens - 1) / since_first_s
            usual.slow(None, pace)
            self._failed(
                Fault(
                    "timeout",
                    f"starts with {pace:.1f} tokens a second, slower than 99 of 100 of its answers"
                    f" ({usual.pace:.1f})",
                    status=self.status,
                )
            )
        else:
            self._resolve()
        return False

    def _late(self, what: str) -> None:
        if self.first_frame_s is None:
            self._usual.slow((self.loop.time() - self.started_s) * 1000, None)
            what = "no first token in the time that it usually takes"
        super()._late(what)

    def _failed(self, fault: Fault) -> None:
        self._look_no_more()
        super()._failed(fault)

    def _look_no_more(self) -> None:
        if self._look_at is not None:
            self._look_at.cancel()
            self._look_at = None
