"""What a scripted provider can do, as values: a script is a list of these.

Knows the words of a script. Refuses to know sockets: ``kit.provider`` carries the words out.
A plain ``bytes`` among the steps is sent as it stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kit.recorded import Recorded

WAIT_S = 20.0
"""How long a step waits for the test or the peer before the script counts as failed."""


@dataclass(frozen=True)
class Pause:
    """Do nothing until an event is set, or for some seconds.

    Prefer an event: the test then says when the provider goes on, and no time is lost.
    """

    until: threading.Event | float
    at_most_s: float = WAIT_S
    """For an event: longer fails the script."""


@dataclass(frozen=True)
class Read:
    """Read the body now. A script without this step starts when the whole request has arrived; one
    that has it starts at the end of the request's head."""


@dataclass(frozen=True)
class WaitForClose:
    """Do nothing until the peer closes; the request's ``left_s`` tells when that was."""

    at_most_s: float = WAIT_S


@dataclass(frozen=True)
class Close:
    """Close politely: what was sent arrives, then the end of the stream."""


@dataclass(frozen=True)
class Reset:
    """Break the connection: the peer sees a reset (RST), as after a crash."""


Step = bytes | Pause | Read | WaitForClose | Close | Reset
Script = Sequence[Step] | Callable[[Recorded], Iterable[Step]]
"""A list of steps, or a function that makes the steps when the request has been read whole; a
generator may so send without end, or look at the request first."""


@dataclass
class Scripts:
    """Which script answers the next request."""

    waiting: list[Script] = field(default_factory=list)
    """One each for the next requests, in the order in which their heads arrive."""
    always: Script | None = None
    """For every request beyond those."""

    def take(self) -> Script | None:
        """The script for a request that has just begun; None when nothing was scripted."""
        return self.waiting.pop(0) if self.waiting else self.always
