"""Several calls that give one answer: a choice each.

Knows how to make one stream of many, and that one failure fails all. Refuses to know how the
calls were made and what each says.
"""

from __future__ import annotations

from collections.abc import Callable

from glimway.engine.attempt import Attempt
from glimway.engine.flow import Frames
from glimway.wire.copies import summed
from glimway.wire.events import Event, Usage
from glimway.wire.refusal import Fault


class Chorus:
    """An answer of several attempts, all past their first real frame. Their readers number their
    choices."""

    def __init__(self, attempts: list[Attempt]) -> None:
        self._attempts = attempts
        self.loop = attempts[0].loop
        self.started_s = attempts[0].started_s
        self.fault: Fault | None = None
        self.finished = all(attempt.finished for attempt in attempts)
        self.events: list[Event] = [event for attempt in attempts for event in attempt.events]
        times_s = [one.first_frame_s for one in attempts if one.first_frame_s is not None]
        self.first_frame_s = min(times_s, default=None)
        self._on_frames: Callable[[Frames], None] | None = None

    @property
    def usage(self) -> Usage | None:
        """What all calls used together."""
        return summed([attempt.reader.usage for attempt in self._attempts])

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        """Give the frames of all to ``on_frames``."""
        self._on_frames = on_frames
        for attempt in self._attempts:
            attempt.attach(self._frames)

    def pause(self) -> None:
        """Read none of them for now."""
        for attempt in self._attempts:
            attempt.pause()

    def resume(self) -> None:
        """Read all on."""
        for attempt in self._attempts:
            attempt.resume()

    def close(self) -> None:
        """Want nothing more of any."""
        self._on_frames = None
        for attempt in self._attempts:
            attempt.close()

    def _frames(self, frames: Frames) -> None:
        on_frames = self._on_frames
        if on_frames is None:
            return
        for attempt in self._attempts:
            if attempt.fault is not None:
                self.fault = attempt.fault
                self.close()
                break
        else:
            self.finished = all(attempt.finished for attempt in self._attempts)
        on_frames(frames)
