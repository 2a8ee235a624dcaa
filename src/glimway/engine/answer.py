"""Getting the first answer.

Knows how an endpoint is called and how long one may wait for its first real frame. Refuses to know
what happens to the answer. This is the only place that may try again, and it does so only before
the first real frame; here that is the replay of a request whose kept socket turned out dead.
"""

from __future__ import annotations

import asyncio

from glimway.domain.catalog import Endpoint
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
        reply: for a stream, its head goes out when the gate's patience ends (design 5.3).

    Raises:
        Fault: the endpoint failed before its first real frame.
    """
    endpoint = outcome.endpoint
    host = hosts.of(endpoint)
    outgoing = host.side.encode(call, endpoint.quirks, endpoint.upstream_model)
    outcome.adjusted = outgoing.adjusted
    if outgoing.adjusted:
        reply.headers.append((b"x-glimway-adjusted", ", ".join(outgoing.adjusted).encode()))
    gate = wheel.after(host.deadlines.commit_after_s, reply.begin) if call.stream else None
    try:
        return await _call(host, endpoint, call, host.request(outgoing.body), outcome, wheel)
    finally:
        if gate is not None:
            gate.cancel()


async def _call(
    host: Host, endpoint: Endpoint, call: Call, request: bytes, outcome: Outcome, wheel: Wheel
) -> Attempt:
    loop = asyncio.get_running_loop()
    wait_s = host.deadlines.first_token_s if call.stream else host.deadlines.answer_s
    due_s = loop.time() + wait_s
    replayed = False
    while True:
        reader = host.side.reader(endpoint.quirks, outcome.opened.id, call)
        attempt = Attempt(
            endpoint, host.side, reader,
            stream=call.stream, loop=loop, deadlines=host.deadlines,
        )  # fmt: skip
        attempt.replayed = replayed
        outcome.attempts[:] = [attempt]
        try:
            connection = None if replayed else host.pool.take()
            kept = connection is not None
            if connection is None:
                connection = await _dial(host)
            attempt.start(connection, request, wheel, due_s)
            await attempt.first
        except Fault as fault:
            attempt.fault = fault
            attempt.close()
            # A kept socket may have been closed by the provider just before the request: nothing
            # of it was answered, so sending it once more is safe and counts as no attempt.
            if kept and not replayed and fault.kind == "unreachable" and not attempt.answered:
                replayed = True
                continue
            raise
        except BaseException:
            attempt.close()
            raise
        return attempt


async def _dial(host: Host) -> Connection:
    try:
        async with asyncio.timeout(host.deadlines.connect_s):
            return await host.pool.dial()
    except TimeoutError:
        raise Fault("timeout", f"no connection within {host.deadlines.connect_s:g} s") from None
