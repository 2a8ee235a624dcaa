"""Silence is filled with comments, every 15 s at most, never beside frames or after the end."""

from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from engine.fakeloop import FakeLoop
from glimway.engine.client import Client
from glimway.engine.relay import SILENCE_S, Filler
from glimway.wire.sse import COMMENT

LATE_S = 0.5


class Listener:
    """A client that notes when it got something."""

    def __init__(self, loop: FakeLoop) -> None:
        self._loop = loop
        self.gone = False
        self.paused = False
        self.written_bytes = 100  # the head
        self.comments_s: list[float] = []
        self.heard_s = [loop.now_s]

    def write(self, data: bytes) -> None:
        """A comment or a frame."""
        if data == COMMENT:
            self.comments_s.append(self._loop.now_s)
        self.heard_s.append(self._loop.now_s)
        self.written_bytes += len(data)


def filled(loop: FakeLoop) -> tuple[Listener, Filler]:
    listener = Listener(loop)
    return listener, Filler(cast("Client", listener), loop.wheel(), COMMENT)


@given(st.lists(st.floats(0, 40), max_size=20))
def test_no_silence_is_longer_than_15_s(pauses: list[float]) -> None:
    loop = FakeLoop()
    listener, filler = filled(loop)
    for pause_s in pauses:
        loop.run_for(pause_s)
        listener.write(b"data: {}\n\n")
    loop.run_for(40)
    filler.stop()
    gaps = [b - a for a, b in zip(listener.heard_s, listener.heard_s[1:], strict=False)]
    assert max(gaps, default=0) <= SILENCE_S + LATE_S
    # Comments are for silence only: some time has passed since what came before.
    for at_s in listener.comments_s:
        before_s = max(heard_s for heard_s in listener.heard_s if heard_s < at_s)
        assert at_s - before_s >= SILENCE_S / 2 - LATE_S


def test_a_busy_stream_gets_no_comments() -> None:
    loop = FakeLoop()
    listener, _ = filled(loop)
    for _ in range(100):
        loop.run_for(3.0)
        listener.write(b"data: {}\n\n")
    assert not listener.comments_s


def test_nothing_is_filled_after_the_end() -> None:
    loop = FakeLoop()
    listener, filler = filled(loop)
    loop.run_for(40)
    assert len(listener.comments_s) >= 2
    filler.stop()
    count = len(listener.heard_s)
    loop.run_for(100)
    assert len(listener.heard_s) == count
    assert not loop.pending


def test_who_has_left_or_does_not_read_is_told_nothing() -> None:
    loop = FakeLoop()
    listener, _ = filled(loop)
    listener.paused = True
    loop.run_for(100)
    assert not listener.comments_s, "comments pile up before a reader that has stalled"
    listener.paused = False
    loop.run_for(2 * SILENCE_S)
    assert listener.comments_s
    listener.gone = True
    count = len(listener.comments_s)
    loop.run_for(100)
    assert len(listener.comments_s) == count
    assert not loop.pending, "an alarm rings on for a client that has left"
