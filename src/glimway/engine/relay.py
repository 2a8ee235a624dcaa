"""The answer on its way from provider to client.

Knows how frames flow, how a slow client holds back its own provider connection, and how silence
is filled. Refuses to know sockets, dialects and what an answer costs.

Frames are pushed: the provider's ``data_received`` calls through reader, tally and writer into
the client's transport, so no task wakes for a chunk. The journey waits once, for ``ended``.
"""

from __future__ import annotations

import asyncio

from glimway.engine.client import Client
from glimway.engine.flow import Answer, Frames
from glimway.engine.tally import Tally
from glimway.engine.wheel import Alarm, Wheel
from glimway.wire.dialect import Writer
from glimway.wire.events import Text

SILENCE_S = 15.0
"""Something goes out after this much silence: below the 30 s after which some
providers and proxies cut, and far below the 300 s of agent clients."""


class Relay:
    """Pumps one answer."""

    __slots__ = ("_client", "answer", "ended", "tally", "writer")

    def __init__(self, answer: Answer, writer: Writer, client: Client, tally: Tally) -> None:
        self.answer = answer
        self.writer = writer
        self.tally = tally
        self._client = client
        self.ended: asyncio.Future[None] = answer.loop.create_future()
        """Resolves when the answer has ended, well or with ``answer.fault``."""

    def start(self) -> None:
        """Let the frames flow, beginning with those held back."""
        self.answer.attach(self._frames)
        if self._client.paused:
            self.pace(True)

    def pace(self, paused: bool) -> None:  # noqa: FBT001 - the client's callback
        """The client slowed down or recovered."""
        if paused:
            self.tally.held_back = True
            self.answer.pause()
        else:
            self.answer.resume()

    def _frames(self, frames: Frames) -> None:
        if len(frames) == 1:
            events = frames[0]
            if len(events) == 1 and type(events[0]) is Text:
                self.tally.characters += len(events[0].text)
            else:
                self.tally.note(events)
            written = self.writer.frame(events)
        else:
            for events in frames:
                self.tally.note(events)
            written = b"".join([self.writer.frame(events) for events in frames])
        if written:
            self._client.write(written)
        answer = self.answer
        if (answer.finished or answer.fault is not None) and not self.ended.done():
            self.ended.set_result(None)


class Filler:
    """Fills silence with frames that say nothing, from the stream's head to its end.

    The client protocol counts as silent what was written before ``due``: each alarm looks whether
    anything was written since the last, so a busy stream costs nothing.
    """

    __slots__ = ("_alarm", "_client", "_frame", "_wheel", "_written")

    def __init__(self, client: Client, wheel: Wheel, frame: bytes) -> None:
        self._client = client
        self._frame = frame
        self._wheel = wheel
        self._written = client.written_bytes
        self._alarm: Alarm = wheel.after(SILENCE_S / 2, self._look)

    def stop(self) -> None:
        """Fill no more: the end is about to be written."""
        self._alarm.cancel()

    def _look(self) -> None:
        if self._client.gone:
            return
        if self._client.written_bytes == self._written and not self._client.paused:
            self._client.write(self._frame)
        self._written = self._client.written_bytes
        self._alarm = self._wheel.after(SILENCE_S / 2, self._look)
