"""Getting the first answer.

Knows how an endpoint is called and how long one may wait for its first real frame. Refuses to know
what happens to the answer. This is the only place that may try again, and it does so only before
the first real frame; here that is the replay of a request whose kept socket turned out dead.
"""

from __future__ import annotations

import asyncio

import msgspec

from glimway.domain.catalog import Endpoint
from glimway.engine.attempt import Attempt
from glimway.engine.chorus import Chorus
from glimway.engine.flow import Answer
from glimway.engine.hosts import Host, Hosts
from glimway.engine.provider.connection import Connection
from glimway.engine.reply import Reply
from glimway.engine.settlement import Outcome
from glimway.engine.wheel import Wheel
from glimway.wire.copies import CopyReader
from glimway.wire.dialect import Outgoing, Reader
from glimway.wire.refusal import Fault
from glimway.wire.stops import StoppingReader
from glimway.wire.talk import Call


async def first_answer(hosts: Hosts, call: Call, outcome: Outcome, reply: Reply) -> Answer:
    """Call the endpoint; return its answer once the first real frame (or all of it) is here.

    Args:
        hosts: the providers.
        call: what is asked.
        outcome: learns of every attempt and every adjustment.
        reply: for a stream, its head goes out when the gate's patience ends.

    Raises:
        Fault: the endpoint failed before its first real frame.
    """
    endpoint = outcome.endpoint
    host = hosts.of(endpoint)
    outgoing = host.side.encode(call, endpoint.quirks, endpoint.upstream_model)
    if outgoing.adjusted:
        outcome.adjusted = outgoing.adjusted
        reply.headers.append((b"x-glimway-adjusted", ", ".join(outgoing.adjusted).encode()))
    outcome.tries += 1
    outcome.copies = outgoing.copies
    wheel = hosts.wheel
    deadlines = host.deadlines
    wait_s = deadlines.first_token_s if call.stream else deadlines.answer_s
    asked = Asked(endpoint, host, call, outgoing, wheel.loop.time() + wait_s)
    gate = wheel.after(deadlines.commit_after_s, reply.begin) if call.stream else None
    try:
        if outgoing.copies == 1:
            answer: Answer = await _attempt(asked, outcome, wheel)
        else:
            answer = await _chorus(asked, outcome, wheel)
    finally:
        if gate is not None:
            gate.cancel()
    outcome.answer = answer
    return answer


class Asked(msgspec.Struct, frozen=True):
    """One request to one endpoint; ``due_s`` is when its first real frame is due (loop time)."""

    endpoint: Endpoint
    host: Host
    call: Call
    outgoing: Outgoing
    due_s: float

    def reader(self, stem: str, choice: int | None) -> Reader:
        """Reads one reply; ``choice`` is its number among parallel calls."""
        quirks, outgoing = self.endpoint.quirks, self.outgoing
        if choice is not None:
            stem = f"{stem}{choice}"
        reader = self.host.side.reader(quirks, stem, self.call)
        if outgoing.cut_here:
            reader = StoppingReader(
                reader, outgoing.cut_here, 1 if choice is not None else self.call.n or 1
            )
        return reader if choice is None else CopyReader(reader, choice)


async def _attempt(
    asked: Asked, outcome: Outcome, wheel: Wheel, choice: int | None = None
) -> Attempt:
    """Send the request; return the attempt at its first real frame."""
    host = asked.host
    request = host.request(asked.outgoing.body)
    kept = host.pool.take()
    replayed = False
    while True:
        attempt = Attempt(
            asked.endpoint,
            host.side,
            asked.reader(outcome.opened.id, choice),
            wheel,
            stream=asked.call.stream,
            deadlines=host.deadlines,
        )
        attempt.replayed = replayed
        outcome.attempts.append(attempt)
        try:
            connection = kept or await _dial(host, asked.due_s - wheel.loop.time())
            attempt.start(connection, request, asked.due_s)
            await attempt.first
        except Fault as fault:
            attempt.fault = fault
            attempt.close()
            # A kept socket may have been closed by the provider just before the request: nothing
            # of it was answered, so sending it once more is safe and is no new attempt.
            if kept is None or fault.kind != "unreachable" or attempt.answered:
                raise
            kept, replayed = None, True
            outcome.attempts.remove(attempt)
        except BaseException:
            attempt.close()
            raise
        else:
            return attempt


async def _chorus(asked: Asked, outcome: Outcome, wheel: Wheel) -> Chorus:
    """The same request as often as the host must be asked, all at once; one failure fails all."""
    calls = [
        wheel.loop.create_task(_attempt(asked, outcome, wheel, choice))
        for choice in range(asked.outgoing.copies)
    ]
    try:
        return Chorus(list(await asyncio.gather(*calls)))
    except BaseException:
        for one in calls:
            if one.done() and not one.cancelled() and one.exception() is None:
                one.result().close()
            one.cancel()
        raise


async def _dial(host: Host, left_s: float) -> Connection:
    """Connect, within the connection's own deadline and what is left of the answer's."""
    wait_s = min(host.deadlines.connect_s, left_s)
    try:
        async with asyncio.timeout(wait_s):
            return await host.pool.dial()
    except TimeoutError:
        raise Fault("timeout", f"no connection within {wait_s:.3g} s") from None
