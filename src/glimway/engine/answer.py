"""Getting the first answer.

Knows how an endpoint is called and how long one may wait for its first real frame. Refuses to know
what happens to the answer. This is the only place that may try again, and it does so only before
the first real frame; here that is the replay of a request whose kept socket turned out dead.
"""

from __future__ import annotations

import asyncio

from glimway.engine.attempt import Attempt
from glimway.engine.hosts import Host, Hosts
from glimway.engine.provider.connection import Connection
from glimway.engine.reply import Reply
from glimway.engine.settlement import Outcome
from glimway.engine.wheel import Wheel
from glimway.wire.refusal import Fault
from glimway.wire.talk import Call


async def first_answer(
    hosts: Hosts, wheel: Wheel, call: Call, outcome: Outcome, reply: Reply
) -> Attempt:
    """Call the endpoint; return the attempt once its first real frame (or whole answer) is here.

    Args:
        hosts: the providers.
        wheel: rings the deadlines.
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
    request = host.request(outgoing.body)
    loop = wheel.loop
    deadlines = host.deadlines
    due_s = loop.time() + (deadlines.first_token_s if call.stream else deadlines.answer_s)
    gate = wheel.after(deadlines.commit_after_s, reply.begin) if call.stream else None
    kept = host.pool.take()
    try:
        while True:
            reader = host.side.reader(endpoint.quirks, outcome.opened.id, call)
            attempt = Attempt(
                endpoint, host.side, reader, wheel, stream=call.stream, deadlines=deadlines
            )
            attempt.replayed = bool(outcome.attempts)
            outcome.attempts[:] = [attempt]
            try:
                connection = kept or await _dial(host, due_s - loop.time())
                attempt.start(connection, request, due_s)
                await attempt.first
            except Fault as fault:
                attempt.fault = fault
                attempt.close()
                # A kept socket may have been closed by the provider just before the request:
                # nothing of it was answered, so sending it once more is safe and is no new attempt.
                if kept is None or fault.kind != "unreachable" or attempt.answered:
                    raise
                kept = None
            except BaseException:
                attempt.close()
                raise
            else:
                return attempt
    finally:
        if gate is not None:
            gate.cancel()


async def _dial(host: Host, left_s: float) -> Connection:
    """Connect, within the connection's own deadline and what is left of the answer's."""
    wait_s = min(host.deadlines.connect_s, left_s)
    try:
        async with asyncio.timeout(wait_s):
            return await host.pool.dial()
    except TimeoutError:
        raise Fault("timeout", f"no connection within {wait_s:.3g} s") from None
