"""The answer's way out: one reply to one client.

Knows which headers an answer carries, whether its head is out, and how to say no before and after
that. Refuses to know what the answer says and where it comes from.
"""

from __future__ import annotations

from typing import Protocol

from glimway.engine.client import Client, Headers, Mount
from glimway.engine.relay import Filler
from glimway.engine.wheel import Wheel
from glimway.wire.dialect import Writer
from glimway.wire.refusal import Fault, Refusal

# Proxies must neither buffer nor rewrite a stream.
_STREAM_LINES = (
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache, no-transform\r\n"
    b"x-accel-buffering: no\r\n"
)
_JSON_LINE = b"content-type: application/json\r\n"


class Head(Protocol):
    """The head of an answer that is not there yet."""

    headers: Headers

    def begin_early(self) -> None:
        """The gate's patience has ended."""


class Reply:
    """One reply.

    Args:
        client: who gets it.
        mount: in whose words a no is said.
        trace_id: the request's id, also in error bodies.
        wheel: fills silence in streams.
    """

    __slots__ = ("_filler", "_wheel", "began", "client", "headers", "lines", "mount", "trace_id")

    def __init__(self, client: Client, mount: Mount, trace_id: str, wheel: Wheel) -> None:
        self.client = client
        self.mount = mount
        self.trace_id = trace_id
        self.began = False
        self.lines = [b"x-request-id: " + trace_id.encode() + b"\r\n"]
        """Header lines of whatever answer it becomes; steps append as they learn more. What comes
        from outside goes to ``headers``, which are checked when they are written."""
        self.headers: Headers = []
        if mount.id_header is not None:
            self.lines.append(b"%b: %b\r\n" % (mount.id_header, trace_id.encode()))
        self._wheel = wheel
        self._filler: Filler | None = None

    def begin(self) -> None:
        """Send the head of a stream, once, and keep silence filled from now on."""
        if self.began:
            return
        self.began = True
        self.client.begin(200, self.headers, [_STREAM_LINES, *self.lines])
        self._filler = Filler(self.client, self._wheel, self.mount.filler)

    def begin_early(self) -> None:
        """The gate's patience has ended before the first frame: show the client, and every proxy
        between, that it is being served."""
        if not self.began:
            self.begin()
            self.client.write(self.mount.filler)

    def finish(self, data: bytes) -> None:
        """Send the stream's end."""
        self.quiet()
        self.client.finish(data)

    def whole(self, body: bytes) -> None:
        """Send a whole answer."""
        self.client.respond(200, self.headers, body, [_JSON_LINE, *self.lines])

    def refuse(self, error: Refusal | Fault, writer: Writer | None) -> int:
        """Say no: as an answer of its own, or as the error event of a stream that has begun.

        Returns:
            The HTTP status the client sees.
        """
        self.quiet()
        refused = self.mount.refuse(error, self.trace_id)
        if self.began:
            self.client.finish(refused.body if writer is None else writer.error(refused.body))
            return 200
        headers = [*self.headers, *refused.headers]
        if isinstance(error, Refusal):
            headers += error.headers
        self.client.respond(refused.status, headers, refused.body, [_JSON_LINE, *self.lines])
        return refused.status

    def quiet(self) -> None:
        """Fill no silence any more."""
        if self._filler is not None:
            self._filler.stop()
            self._filler = None
