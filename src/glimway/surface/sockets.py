"""What all WebSockets of one server are together.

Knows how many there may be, how long each lives, and what they weigh beside everything else at the
door: one that waits for its client is no request under way, one that answers is, and what it holds
counts among large bodies. Refuses to know any one of them, and what is asked.
"""

from __future__ import annotations

from collections.abc import Collection

from glimway.surface.pressure import RETRY_AFTER_S, Pressure
from glimway.wire.refusal import Refusal


class Sockets:
    """The WebSockets of a running server.

    Args:
        pressure: of the whole door.
        live_max: how many there may be at once; 0: none.
        life_s: how long one may live.
    """

    def __init__(self, pressure: Pressure, live_max: int, life_s: float) -> None:
        self.life_s = life_s
        self.live = 0
        self.tasks: Collection[object] = ()
        """Of the whole server, as it counts them: each WebSocket is one of them."""
        self._live_max = live_max
        self._pressure = pressure

    def enter(self) -> None:
        """One more is there, and waits.

        Raises:
            Refusal: ``unavailable``: it is one too many.
        """
        if self.live >= self._live_max:
            raise Refusal(
                "unavailable",
                f"The server has {self._live_max} WebSockets (the setting 'responses.sockets') and "
                "takes no more at present. Ask with POST, or retry later.",
                retry_after_s=RETRY_AFTER_S,
            )
        self.live += 1
        self._pressure.resting += 1

    def leave(self) -> None:
        """One that waits is there no more."""
        self.live -= 1
        self._pressure.resting -= 1

    def work(self) -> None:
        """One that waited has a request to answer."""
        self._pressure.resting -= 1

    def rest(self) -> None:
        """It waits again."""
        self._pressure.resting += 1

    def judge(self) -> None:
        """Let a request be answered.

        Raises:
            Refusal: ``unavailable``: too many are under way.
        """
        refusal = self._pressure.call(len(self.tasks) - 1)
        if refusal is not None:
            raise refusal

    def weigh(self, more_bytes: int) -> bool:
        """Count bytes that one holds from now on, or fewer; whether they all hold too much."""
        self._pressure.bodies_bytes += more_bytes
        return self._pressure.heavy() is not None
