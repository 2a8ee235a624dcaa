"""One answer that is made in the background.

Knows how far it came and what it has said so far. Refuses to know who listens, and when it may
begin: whoever made it runs it.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from glimway.engine.client import Ask, Headers
from glimway.engine.journey import Trip
from glimway.store.responses import Saved
from glimway.surface.responses.desk import Desk, KeepingWriter, Whose
from glimway.wire.refusal import Refusal
from glimway.wire.responses.errors import code_of, spoken
from glimway.wire.responses.stored import cancelled
from glimway.wire.responses.style import Style
from glimway.wire.responses.write import Writer
from glimway.wire.talk import Call, Json

EVENTS_BYTES_MAX = 64 * 1024 * 1024
"""What the stream of one such answer may take; an answer of 131,072 tokens takes half of it."""

STOPPED: dict[str, Json] = {
    "code": "server_error",
    "message": "The server stopped before this response was complete.",
}

_decode = msgspec.json.Decoder().decode
_END = b"\n\n"


class Sink:
    """What stands in for a client's connection: it keeps what is written.

    Args:
        changed: called when there is more.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.gone = False
        self.paused = False
        self.written_bytes = 0
        self.frames: list[bytes] = []
        """Of a stream, without those that only fill silence; each one's index is its number."""
        self.body: bytes | None = None
        """Of an answer that is not a stream, or an error."""
        self.task: asyncio.Task[None] | None = None
        self.full = False
        self._changed = changed

    def respond(
        self, status: int, headers: Headers, body: bytes, lines: Iterable[bytes] = ()
    ) -> None:
        """Take a whole answer."""
        self.body = body

    def begin(self, status: int, headers: Headers, lines: Iterable[bytes] = ()) -> None:
        """A stream begins; nobody wants its head."""

    def write(self, data: bytes) -> None:
        """Take a piece of the stream: whole frames."""
        if data.startswith(b":") or self.full:
            return
        self.written_bytes += len(data)
        if self.written_bytes > EVENTS_BYTES_MAX:
            self.full = True
            self.cancel()
            return
        self.frames += [frame + _END for frame in data.split(_END) if frame]
        self._changed()

    def finish(self, data: bytes) -> None:
        """Take the last piece."""
        if data:
            self.write(data)

    def cancel(self) -> None:
        """End the journey."""
        if self.task is not None:
            self.task.cancel()

    def on_pace(self, pace: Callable[[bool], None]) -> None:
        """It takes whatever comes."""

    def over(self) -> None:
        """The journey has ended; whoever awaited it knows."""


class Job:
    """One answer in the making.

    Args:
        desk: where it is kept at the end.
        call: what is asked.
    """

    def __init__(self, desk: Desk, call: Call) -> None:
        self.sink = Sink(self._tell)
        self.status = "queued"
        self.ended = False
        self.wanted = True
        """It is to be kept at the end: nobody has deleted it."""
        self.cancelled = False
        self.stream = call.stream
        self._desk = desk
        self._writer: KeepingWriter | None = None
        self._final: dict[str, Json] | None = None
        self._begun: dict[str, Json] = {}
        self._listeners: set[asyncio.Future[None]] = set()
        self.whose: Whose
        self.trip: Trip

    # ---- its beginning -----------------------------------------------------------------------

    def prepare(self, ask: Ask, style: Style, whose: Callable[[str], Whose]) -> None:
        """Get ready to run.

        Args:
            ask: what the journey is given; its mount writes with ``writer``.
            style: how the answer is written; its id is not known yet.
            whose: whose answer it is, by its id.
        """
        self.trip = Trip(self._desk.house, ask, self.sink)
        answer_id = ask.mount.side.id_prefix + self.trip.id
        style = msgspec.structs.replace(style, id=answer_id)
        self.whose = whose(answer_id)
        self._writer = KeepingWriter(style, self._whole)
        shown = Writer(style)
        shown.frame([])
        self._begun = {**shown.response, "status": "queued"}

    def writer(self) -> Writer:
        """What writes the answer."""
        assert self._writer is not None  # noqa: S101 - it was prepared
        return self._writer

    @property
    def response(self) -> dict[str, Json]:
        """The response as it is now."""
        return self._final or {**self._begun, "status": self.status}

    # ---- its end -----------------------------------------------------------------------------

    def _whole(self, writer: Writer, _size_bytes: int) -> None:
        self._final = writer.kept()

    def end(self) -> None:
        """The journey is over, in whatever way."""
        if self._final is None:
            self._final = self._without_answer()
        self.status = str(self._final["status"])
        self.ended = True
        if self.wanted:
            self.keep()
        self._tell()

    def keep(self) -> None:
        """Keep it as it is now."""
        whose, response, desk = self.whose, self.response, self._desk
        frames = self.sink.frames if self.stream and self.ended else []

        def make() -> Saved:
            events = zlib.compress(b"".join(frames), 1) if frames else None
            return desk.saved(whose, response, events)

        desk.keep(whose, self.sink.written_bytes, make)

    def _without_answer(self) -> dict[str, Json]:
        begun = {**self._begun, "status": "failed", "completed_at": None}
        if self.cancelled:
            return cancelled(begun)
        writer = self._writer
        if writer is not None and writer.response.get("status") == "failed":
            return writer.response  # the stream's own error event has said why
        body = self.sink.body
        if body is None:
            return {**begun, "error": STOPPED}
        if self.stream and writer is not None:
            self.sink.write(writer.error(body))
            return writer.response
        error = spoken(_object(body))
        return {**begun, "error": {"code": code_of(error), "message": error["message"]}}

    # ---- whoever listens ---------------------------------------------------------------------

    async def more(self, within_s: float) -> bool:
        """Wait until there is more, or the end; False: not in time."""
        listener: asyncio.Future[None] = self._desk.house.loop.create_future()
        self._listeners.add(listener)
        try:
            async with asyncio.timeout(within_s):
                await listener
        except TimeoutError:
            return False
        finally:
            self._listeners.discard(listener)
        return True

    def _tell(self) -> None:
        for listener in self._listeners:
            if not listener.done():
                listener.set_result(None)


def _object(body: bytes) -> Any:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def too_many(most: int) -> Refusal:
    """One more cannot wait."""
    return Refusal(
        "rate_limited",
        f"{most} background responses wait already. Retry later, or leave 'background' out.",
        retry_after_s=5,
        param="background",
    )
