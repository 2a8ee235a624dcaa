"""One try at one endpoint.

Knows how to send one request, when its first real frame has come, and what its failure means.
Refuses to know whether another try follows and what the client has already seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from glimway.domain.catalog import Endpoint
from glimway.engine.collected import Collected
from glimway.engine.deadlines import Deadlines, DeadlineWatch
from glimway.engine.flow import Frames, is_real
from glimway.engine.provider.connection import Connection, Header, Pieces
from glimway.engine.provider.framing import NAMING
from glimway.engine.wheel import Wheel
from glimway.wire.dialect import ProviderSide, Reader
from glimway.wire.events import Event, Usage
from glimway.wire.refusal import Fault

ERROR_BODY_BYTES_MAX = 64 * 1024
"""How much of an error answer is read; the rest says nothing new."""

ANSWER_BYTES_MAX = 64 * 1024 * 1024
"""The largest whole answer that is accepted."""

HELD_BYTES_MAX = 1024 * 1024
"""How much of a stream may come before its first real frame: it is held in memory until then."""


class Attempt:
    """The sink of one provider answer.

    Args:
        endpoint: who is called.
        side: the dialect the provider speaks.
        reader: reads the reply; its ``usage`` is the provider's report.
        wheel: rings the deadlines.
        stream: whether a stream was asked for.
        deadlines: how long each phase may take.
    """

    __slots__ = (
        "_closed", "_collected", "_complete", "_error_status", "_headers", "_held", "_held_bytes",
        "_on_frames", "_side", "_unread_bytes", "_watch", "_wheel", "_whole", "answered",
        "connection", "ended_s", "endpoint", "events", "fault", "finished", "first",
        "first_frame_s", "loop", "outrun", "provider_request_id", "reader", "replayed",
        "started_s", "status", "stream", "wait_s", "why",
    )  # fmt: skip

    def __init__(
        self,
        endpoint: Endpoint,
        side: ProviderSide,
        reader: Reader,
        wheel: Wheel,
        *,
        stream: bool,
        deadlines: Deadlines,
    ) -> None:
        self.endpoint = endpoint
        self._side = side
        loop = self.loop = wheel.loop
        self._wheel = wheel
        self._watch = DeadlineWatch(deadlines, self._late)
        self.reader = reader
        self.stream = stream
        self.connection: Connection | None = None
        self.first: asyncio.Future[None] = loop.create_future()
        self.status: int | None = None
        self.provider_request_id: str | None = None
        self.answered = self.finished = self.replayed = self.outrun = False
        self.why, self.wait_s = "", 0.0
        """Why this endpoint was asked (empty for the first of a plan), after what wait; ``outrun``:
        another request for the same answer was quicker."""
        self.fault: Fault | None = None
        self.events: list[Event] = []
        """The whole answer's events, when no stream was asked for."""
        self.started_s = loop.time()
        self.first_frame_s: float | None = None
        self.ended_s: float | None = None
        self._held: Frames = []
        self._held_bytes = self._unread_bytes = 0
        self._on_frames: Callable[[Frames], None] | None = None
        self._collected = Collected(ANSWER_BYTES_MAX)
        self._headers: list[Header] = []
        self._whole = not stream
        self._error_status = self._complete = self._closed = False

    # ---- what the journey calls ------------------------------------------------------------

    @property
    def usage(self) -> Usage | None:
        """What the provider has reported so far."""
        return self.reader.usage

    def start(self, connection: Connection, request: Pieces, due_s: float) -> None:
        """Send the request; ``first`` resolves at the first real frame or at the failure.

        Args:
            connection: a free connection.
            request: head and body.
            due_s: when the first token (of a stream) or the whole answer is due, loop time.
        """
        self.connection = connection
        self._watch.first(self._wheel, due_s, stream=self.stream)
        connection.send(request, self)

    def attach(self, on_frames: Callable[[Frames], None]) -> None:
        """Give frames to ``on_frames`` from now on, beginning with those held back.

        The callback is called with an empty list when the answer has ended or failed
        (``finished``, ``fault``).
        """
        self._on_frames = on_frames
        held, self._held = self._held, []
        if not self.finished and self.fault is None:
            self._watch.following(self.loop.time(), self.started_s)
        if held or self.finished or self.fault is not None:
            on_frames(held)

    def pause(self) -> None:
        """Read no more for now: the client is slower."""
        self._watch.rest(resting=True, now_s=self.loop.time())
        if self.connection is not None and not self._complete:
            self.connection.pause()

    def resume(self) -> None:
        """Read on."""
        self._watch.rest(resting=False, now_s=self.loop.time())
        if self.connection is not None and not self._complete:
            self.connection.resume()

    def close(self) -> None:
        """Want nothing more: stop the provider unless its answer is complete."""
        if self._closed:
            return
        self._closed = True
        self._on_frames = None
        self._watch.cancel()
        connection = self.connection
        if connection is not None and not self._complete and self.fault is None:
            if self.finished and not self.reader.cut_short:
                # The dialect's end was seen, only the HTTP end is missing: keep the socket.
                connection.linger()
            else:
                connection.close()
        if not self.first.done():
            self.first.cancel()

    # ---- what the connection calls ---------------------------------------------------------

    def head(self, status: int, headers: list[Header]) -> None:
        """The head has come: an error, a stream, or a whole answer."""
        self.answered = True
        self.status, self._headers = status, headers
        content_type = b""
        for name, value in headers:
            if name == b"content-type":
                content_type = value.lower()
            elif name in NAMING:
                self.provider_request_id = value.decode("latin-1")[:128]
        if not 200 <= status < 300 or content_type.find(b"text/html") >= 0:
            self._error_status = True
            self._collected.bytes_max = ERROR_BODY_BYTES_MAX
        elif self.stream and content_type.find(b"json") >= 0:
            # A stream was asked for and a plain document comes: an error object inside a 200, or
            # a host that does not stream. Either is read whole.
            self._whole = True

    def body(self, data: bytes) -> None:
        """The next bytes."""
        on_frames = self._on_frames
        if on_frames is not None and not self._whole and not self.finished:
            reader = self.reader
            frames = reader.feed(data)
            if reader.done and reader.fault is None:
                self.finished = True
            if frames:
                # Comments and empty frames are no tokens: they do not put the deadline off.
                self._watch.heard(self.loop.time())
                on_frames(frames)
            if reader.fault is not None:
                self._failed(reader.fault)
        elif not self._closed:
            self._unattached(data)

    def _unattached(self, data: bytes) -> None:
        """Bytes before anyone takes frames, and of answers that are not streams."""
        if self._error_status or self._whole:
            if not self._collected.take(data):
                large = Fault("broken", f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
                self._failed(self._error() if self._error_status else large)
            return
        if self.finished:
            return
        self._unread_bytes += len(data)
        frames = self.reader.feed(data)
        if frames:
            self._held_bytes += self._unread_bytes
            self._unread_bytes = 0
            self._frames(frames)
        if self._held_bytes > HELD_BYTES_MAX and not self.first.done():
            self._failed(Fault("broken", f"no token in the first {HELD_BYTES_MAX} bytes"))
        if self.reader.fault is not None:
            self._failed(self.reader.fault)

    def end(self) -> None:
        """The HTTP message is complete."""
        self._complete = True
        if self._closed or self.finished or self.fault is not None:
            return
        try:
            if self._error_status:
                raise self._error()
            if self._whole:
                self._whole_answer(self._collected.join())
                return
        except Fault as fault:
            self._failed(fault)
            return
        frames = self.reader.close()
        if frames:
            self._frames(frames)
        if self.reader.fault is not None:
            self._failed(self.reader.fault)

    def fail(self, fault: Fault, *, answered: bool) -> None:
        """The connection failed."""
        self._complete = True
        self.answered = answered
        if self._closed or self.finished or self.fault is not None:
            return
        if self._error_status:
            fault = self._error()
        self._failed(fault)

    # ---- inside ----------------------------------------------------------------------------

    def _whole_answer(self, body: bytes) -> None:
        if not body.strip():
            raise Fault("broken", "the provider answered with an empty body", status=self.status)
        events = self.reader.whole(body)
        self.first_frame_s = self.loop.time()
        self.finished = True
        if self.stream:
            self._held = [events]
            if self._on_frames is not None:
                self._deliver([])
        else:
            self.events = events
        self._resolve()

    def _frames(self, frames: Frames) -> None:
        if self.reader.done and self.reader.fault is None:
            self.finished = True
        if self._on_frames is not None:
            self._watch.heard(self.loop.time())
            self._deliver(frames)
            return
        self._held.extend(frames)
        if not self.first.done() and (self.finished or any(is_real(events) for events in frames)):
            self.first_frame_s = self.loop.time()
            self._resolve()

    def _deliver(self, frames: Frames) -> None:
        on_frames = self._on_frames
        if on_frames is not None:
            held, self._held = self._held, []
            on_frames(held + frames if held else frames)

    def _resolve(self) -> None:
        if self.finished:
            self._watch.cancel()
        if not self.first.done():
            self.first.set_result(None)

    def _failed(self, fault: Fault) -> None:
        self.fault = fault
        self.ended_s = self.loop.time()
        self._watch.cancel()
        if self.connection is not None and not self._complete:
            self._complete = True
            self.connection.close()
        if not self.first.done():
            self.first.set_exception(fault)
        elif self._on_frames is not None:
            self._deliver([])

    def _error(self) -> Fault:
        body = self._collected.join()
        assert self.status is not None  # noqa: S101 - head() came first
        if self.status < 300:
            return Fault("broken", "the provider answered with a web page", status=self.status)
        return self._side.fault(self.status, self._headers, body, self.endpoint.quirks)

    def _late(self, what: str) -> None:
        self._failed(Fault("timeout", what, status=self.status))
