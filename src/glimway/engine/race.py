"""Two requests for one answer: the first real frame wins, the other is stopped at once.

Knows how a second request joins a first one whose token is late, and what each end of the two means
for course, statistics and receipt. Refuses to know when the second may be sent and where it goes.

All of it happens before the first real frame of either, so the client sees one answer, of one
provider. What the loser cost is the operator's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from glimway.domain.routing.course import Course
from glimway.engine.attempt import Attempt
from glimway.engine.routing import Routing
from glimway.engine.settling import Outcome
from glimway.wire.refusal import Fault

Run = Coroutine[Any, Any, Attempt]
"""One request until its first real frame."""


class Blamed(Protocol):
    """Judges a fault; see ``Race``."""

    def __call__(self, fault: Fault, *, lead: bool) -> Fault | None:
        """What the endpoint is blamed for."""


class Race:
    """One race.

    Args:
        course: learns who is under way; its endpoint is the first's until the second takes over.
        routing: learns how long a loser was waited for.
        outcome: whose attempts these are.
        took_over: called when the second is the one that counts.
        blamed: told of the fault of one beside which the other goes on (``lead``: of the first);
            what its endpoint is blamed for, or None.
    """

    def __init__(
        self,
        course: Course,
        routing: Routing,
        outcome: Outcome,
        took_over: Callable[[], None],
        blamed: Blamed,
    ) -> None:
        self._blamed = blamed
        self._course = course
        self._routing = routing
        self._outcome = outcome
        self._took_over = took_over

    async def run(self, lead: Run, late_s: float, second: Callable[[], Run | None]) -> Attempt:
        """Run the first request, and beside it a second one when it is late.

        Args:
            lead: the first request.
            late_s: how long it runs alone.
            second: makes the second request; None: there is none.

        Raises:
            Fault: the only one, or the last of the two, failed; the course stands at it.
        """
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        first = loop.create_task(lead)
        rival: asyncio.Task[Attempt] | None = None
        try:
            await asyncio.wait((first,), timeout=late_s)
            follows = None if first.done() else second()
            if follows is None:
                return await first
            rival = loop.create_task(follows)
            await asyncio.wait((first, rival), return_when=asyncio.FIRST_COMPLETED)
            return await self._decide(first, rival, began_s)
        except BaseException:
            _abandon(first)
            if rival is not None:
                _abandon(rival)
            raise

    async def _decide(
        self, first: asyncio.Task[Attempt], rival: asyncio.Task[Attempt], began_s: float
    ) -> Attempt:
        """One of the two is done: with an answer it has won, with a fault the other goes on."""
        course, routing = self._course, self._routing
        now_s = first.get_loop().time()
        if first.done():
            fault = first.exception()
            if not isinstance(fault, Fault):
                winner = first.result()
                course.outlasted()
                self._stop(winner, rival, now_s)
                return winner
            course.lead_failed(fault, now_s, self._blamed(fault, lead=True))
            self._took_over()
            return await rival
        fault = rival.exception()
        if isinstance(fault, Fault):
            course.rival_failed(now_s, self._blamed(fault, lead=False))
            return await first
        winner = rival.result()
        routing.left_waiting(course.endpoint, now_s - began_s)
        course.overtook()
        self._took_over()
        self._stop(winner, first, now_s)
        return winner

    def _stop(self, winner: Attempt, loser: asyncio.Task[Attempt], now_s: float) -> None:
        """Close the loser's connection now, not when its task comes to it."""
        for attempt in self._outcome.attempts:
            if attempt is not winner and attempt.fault is None:
                attempt.outrun, attempt.ended_s = True, now_s
                attempt.close()
        _abandon(loser)


def _abandon(task: asyncio.Task[Attempt]) -> None:
    """Nobody waits for it any more; what it has, is let go."""
    if task.done() and not task.cancelled() and task.exception() is None:
        task.result().close()
    task.cancel()
