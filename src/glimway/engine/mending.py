"""Asking once more for an answer that fits its schema.

Knows what is asked then, of whom and how long it may take. Refuses to know when that is needed
(``checked`` does) and how a request is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from glimway.domain.routing.steps import Step
from glimway.engine.asked import Asked
from glimway.engine.attempt import Attempt
from glimway.engine.checked import Checked, said
from glimway.engine.flow import Answer
from glimway.engine.settling import REPAIR, Outcome
from glimway.engine.wheel import Wheel
from glimway.wire.structured.holding import Failing
from glimway.wire.structured.words import REPAIRED, asked_again

Send = Callable[[Asked, float, Outcome, Wheel], Awaitable[Attempt]]
"""Sends a request: what, due when on the loop's clock, who learns of it, the timer."""


class Mender:
    """Mends the answers to one request.

    Args:
        asked: the request.
        outcome: learns of every repair.
        wheel: rings the deadlines.
        send: sends a request.
    """

    __slots__ = ("_asked", "_outcome", "_send", "_wheel")

    def __init__(self, asked: Asked, outcome: Outcome, wheel: Wheel, send: Send) -> None:
        self._asked = asked
        self._outcome = outcome
        self._wheel = wheel
        self._send = send

    async def checked(self, answer: Answer) -> Checked:
        """The answer held to the request's schema, once something of it may go to the client.

        Raises:
            Fault: it failed before that.
        """
        schema = self._asked.schema
        assert schema is not None  # noqa: S101 - else nothing would be checked
        checked = Checked(answer, schema, self._mend, stream=self._asked.call.stream)
        try:
            checked.start()
            await checked.first
        except BaseException:
            checked.close()
            raise
        return checked

    async def _mend(self, failing: Failing) -> str:
        asked, outcome = self._asked, self._outcome
        endpoint, host = asked.step.endpoint, asked.host
        thinking = endpoint.quirks.thinking
        quick = thinking.known and bool(thinking.off)
        again = asked_again(asked.call, failing.text, failing.problems, quick=quick)
        outgoing = host.side.encode(again, endpoint.quirks, endpoint.upstream_model)
        outcome.adjusted = tuple(dict.fromkeys((*outcome.adjusted, REPAIRED)))
        repair = Asked(Step(endpoint, 0.0, REPAIR), host, again, outgoing, (), asked.key)
        due_s = self._wheel.loop.time() + host.deadlines.first_token_s
        attempt = await self._send(repair, due_s, outcome, self._wheel)
        attempt.close()
        return said(attempt.events)
