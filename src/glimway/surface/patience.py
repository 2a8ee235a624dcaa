"""How long one client may take.

Knows the phases in which a client is waited for, and when each is over: a head, a body, the silence
between two requests, and a reader that takes nothing. Refuses to know what happens then.
"""

from __future__ import annotations

from collections.abc import Callable

from glimway.engine.wheel import Alarm
from glimway.surface.edge import Edge
from glimway.surface.incoming import Incoming

BODY_BYTES_PER_S_MIN = 1024
"""Below this, on average, a body is not on its way but is being held back. It may pause for
``body_idle_s`` on top, so that a bad line is not cut for one long gap."""

GENTLE_CLOSE_S = 1.0
"""How long a refused client may go on sending before it is cut."""

IDLE_CLOSE_S = 0.5
"""How long a request may still come on an idle connection when the server ends."""


class Patience:
    """The alarms of one connection.

    Args:
        edge: whose limits they are.
        late: called when the client was waited for long enough.
        stalled: called when the client took no bytes for too long.
    """

    __slots__ = (
        "_alarm", "_body_began_s", "_edge", "_head_began", "_late", "_lingers", "_ours",
        "_stall", "_stalled",
    )  # fmt: skip

    def __init__(self, edge: Edge, late: Callable[[], None], stalled: Callable[[], None]) -> None:
        self._edge = edge
        self._late = late
        self._stalled = stalled
        self._alarm: Alarm | None = None
        self._stall: Alarm | None = None
        """Lives from a full buffer to an empty one, whatever else is timed meanwhile."""
        self._head_began = False
        self._body_began_s: float | None = None
        self._ours = False
        """It is our turn: an alarm that rings meanwhile waits for nobody."""
        self._lingers = False
        """The alarm is one of ``linger``, which is dropped and never moved."""

    def connected(self) -> None:
        """Wait for a first request."""
        self._arm(self._edge.header_timeout_s)

    def more(self, incoming: Incoming) -> None:
        """Bytes have come, and no request is complete."""
        if incoming.in_body:
            self._body(incoming.body_bytes)
        elif incoming.in_head and not self._head_began:
            # Set once for a head: more bytes do not buy more time.
            self._head_began = True
            self._arm(self._edge.header_timeout_s)

    def answered(self, incoming: Incoming) -> None:
        """Wait for the next request, or for the rest of it."""
        self._ours = False
        if incoming.in_head or incoming.in_body:
            self.more(incoming)
        else:
            self._arm(self._edge.keep_alive_s)

    def answering(self) -> None:
        """Wait for nothing: it is our turn. The alarm stays set, because the next silence mostly
        begins before it is due, and moving it costs far less than a new one."""
        self._ours = True
        self._head_began = False
        self._body_began_s = None
        if self._lingers:
            self._disarm()

    def linger(self, wait_s: float, then: Callable[[], None]) -> None:
        """Only wait a moment before the end."""
        self._disarm()
        self._alarm = self._edge.wheel.after(wait_s, then)
        self._lingers = True

    def full(self) -> None:
        """The client takes less than we have."""
        if self._stall is None:
            self._stall = self._edge.wheel.after(self._edge.write_stall_s, self._stalled)

    def empty(self) -> None:
        """The client has taken it."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def end(self) -> None:
        """The connection is gone; forget whose it was: the two would keep each other alive."""
        self._disarm()
        self.empty()
        self._late = self._stalled = _nobody

    def _body(self, received_bytes: int) -> None:
        now_s, idle_s = self._edge.wheel.loop.time(), self._edge.body_idle_s
        if self._body_began_s is None:
            self._body_began_s = now_s
            self._arm(idle_s)
        elif self._alarm is not None:
            slowest_s = self._body_began_s + received_bytes / BODY_BYTES_PER_S_MIN
            due_s = min(now_s, slowest_s) + idle_s
            if due_s > self._alarm.due_s:
                self._alarm.due_s = due_s

    def _arm(self, delay_s: float) -> None:
        alarm, wheel = self._alarm, self._edge.wheel
        due_s = wheel.loop.time() + delay_s
        if alarm is not None and alarm.due_s <= due_s and not self._lingers:
            alarm.due_s = due_s
        else:
            self._disarm()
            self._alarm = wheel.at(due_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        if not self._ours:
            self._late()

    def _disarm(self) -> None:
        self._lingers = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _nobody() -> None:
    """Stands where nobody is waited for any more."""
