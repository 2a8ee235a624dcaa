"""Getting the first answer.

Knows how endpoints are called and how long one may wait for a first real frame. Refuses to know
what happens to the answer, and who is asked next: the course says that. This is the only place
that tries again, and it does so only before the first real frame.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NamedTuple, Self

import msgspec

from glimway.domain.routing.course import Course
from glimway.domain.routing.route import Plan
from glimway.domain.routing.steps import Step
from glimway.engine.asked import Asked, ask_of
from glimway.engine.attempt import Attempt
from glimway.engine.checked import Checked
from glimway.engine.chorus import Chorus
from glimway.engine.flow import Answer
from glimway.engine.hedging import Hedging
from glimway.engine.hosts import Host
from glimway.engine.house import House
from glimway.engine.mending import Mender
from glimway.engine.provider.connection import Connection
from glimway.engine.race import Race
from glimway.engine.reply import Head
from glimway.engine.rotating import other_key
from glimway.engine.settling import Outcome
from glimway.engine.wheel import Wheel
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.talk import Call


async def first_answer(
    house: House, plan: Plan, call: Call, outcome: Outcome, reply: Head
) -> Answer:
    """Call the plan's endpoints in turn until one answers; return its answer once the first real
    frame (or all of it) is here.

    All tries share one budget of time. While another endpoint may follow, one try gets half of
    what is left, so that a silent provider leaves enough for the others.

    Args:
        house: the providers, and what is known of them.
        plan: whom to ask.
        call: what is asked.
        outcome: learns of every attempt and every adjustment.
        reply: for a stream, its head goes out when the gate's patience ends.

    Raises:
        Fault: no endpoint gave a first real frame; the fault that says most.
        Refusal: no endpoint can be asked this; what the first one lacks.
    """
    wheel, routing = house.wheel, house.routing
    loop = wheel.loop
    course = routing.course(plan)
    deadlines = house.hosts.of(plan.endpoints[0]).deadlines
    due_s = loop.time() + (deadlines.first_token_s if call.stream else deadlines.answer_s)
    gate = wheel.after(deadlines.commit_after_s, reply.begin_early) if call.stream else None
    field = Field.of(house, plan, course, outcome) if plan.hedge_percent and call.stream else None
    step: Step | None = course.begin(loop.time())
    try:
        while step is not None:
            if step.wait_s:
                await asyncio.sleep(step.wait_s)
            asked = _asked(house, course, step, call, outcome, plan)
            step = asked.step
            asked.counts(outcome)
            share = 2 if course.others else 1
            if share == 2 and call.stream and routing.slow_start is not None:
                asked = msgspec.structs.replace(asked, slow_start=routing.slow_start)
            now_s = loop.time()
            try:
                ask = _way(asked, field)
                answer = await ask(asked, now_s + (due_s - now_s) / share, outcome, wheel)
            except Fault as fault:
                step = _after(house, course, asked, fault)
                if step is None or loop.time() + step.wait_s >= due_s:
                    raise course.worst or fault from None
            else:
                course.answered(loop.time())
                if asked.host.rotation is not None and course.endpoint is step.endpoint:
                    asked.host.rotation.answered(asked.key)
                outcome.answer = answer
                if outcome.adjusted:
                    named = ", ".join(outcome.adjusted).encode()
                    reply.headers.append((b"x-glimway-adjusted", named))
                return answer
        raise AssertionError("a course has a first step")
    finally:
        course.left()
        if gate is not None:
            gate.cancel()


def _asked(
    house: House, course: Course, step: Step, call: Call, outcome: Outcome, plan: Plan
) -> Asked:
    """The request as the next endpoint gets it that can be asked this at all."""
    unable: Refusal | None = None
    while True:
        outcome.endpoint = step.endpoint
        try:
            return ask_of(house, step, call, outcome, plan)
        except Refusal as refusal:
            if refusal.kind != "unsupported":
                raise
            unable = unable or refusal
            following = course.unable(house.loop.time())
            if following is None:
                raise course.worst or unable from None
            step = following


def _way(
    asked: Asked, field: Field | None
) -> Callable[[Asked, float, Outcome, Wheel], Awaitable[Answer]]:
    """How it is asked: alone, in parallel calls, in a race, or held to a schema here."""
    if asked.schema is not None:
        return _checked
    if asked.outgoing.copies > 1:
        return _chorus
    return _attempt if field is None else field.raced


def _after(house: House, course: Course, asked: Asked, fault: Fault) -> Step | None:
    """What follows a try that failed: another key, another endpoint, the same one, or nothing."""
    words = ""
    if course.endpoint is asked.step.endpoint:
        fault, words = _judged(house, asked, fault)
    now_s = house.loop.time()
    if words:
        return course.other_key(fault, now_s, words)
    house.routing.failed(course.endpoint, fault)
    return course.failed(fault, now_s, house.routing.chance())


def _blamed(house: House, asked: Asked, fault: Fault) -> Fault | None:
    """What an endpoint is blamed for, whose try failed while another went on; None: its provider
    has another key that is free, so only this key has failed."""
    fault, words = _judged(house, asked, fault)
    if words:
        return None
    house.routing.failed(asked.step.endpoint, fault)
    return fault


def _judged(house: House, asked: Asked, fault: Fault) -> tuple[Fault, str]:
    """The fault as it concerns the endpoint, once the key it came by is judged; and, where the
    provider has another key that is free, words that say which."""
    rotation, now_s = asked.host.rotation, house.loop.time()
    if rotation is None:
        return fault, ""
    words = other_key(asked.step.endpoint, rotation, asked.key, fault, now_s)
    return (fault, words) if words else (rotation.mildest(fault, now_s), "")


async def _attempt(
    asked: Asked, due_s: float, outcome: Outcome, wheel: Wheel, choice: int | None = None
) -> Attempt:
    """Send the request; return the attempt at its first real frame, due at ``due_s``."""
    host, step = asked.host, asked.step
    request = host.request(asked.outgoing.body, asked.outgoing.headers, asked.key)
    kept = host.pool.take()
    replayed = False
    make: Callable[..., Attempt] = Attempt
    if asked.slow_start is not None:
        make = asked.slow_start.attempt(step.endpoint)
        due_s = asked.slow_start.due_s(step.endpoint, wheel.loop.time(), due_s)
    while True:
        attempt = make(
            step.endpoint,
            host.side,
            asked.reader(outcome.opened.id, choice),
            wheel,
            stream=asked.call.stream,
            deadlines=host.deadlines,
        )
        attempt.replayed = replayed
        attempt.why, attempt.wait_s = step.why, step.wait_s
        outcome.attempts.append(attempt)
        try:
            connection = kept or await _dial(host, due_s - wheel.loop.time())
            attempt.start(connection, request, due_s)
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


class Field(NamedTuple):
    """What a race needs beside its first request."""

    house: House
    plan: Plan
    course: Course
    hedging: Hedging

    @classmethod
    def of(cls, house: House, plan: Plan, course: Course, outcome: Outcome) -> Self:
        """For one request, which is counted."""
        return cls(house, plan, course, house.routing.hedging(plan, outcome.opened.project))

    async def raced(self, asked: Asked, due_s: float, outcome: Outcome, wheel: Wheel) -> Attempt:
        """As ``_attempt``; when the first token is late, a second request may race the first."""
        late_s = self.hedging.late_s(asked.step.endpoint)
        if late_s is None:
            return await _attempt(asked, due_s, outcome, wheel)
        rivals: list[Asked] = []

        def second() -> Coroutine[Any, Any, Attempt] | None:
            rival = self._rival(asked, late_s, outcome)
            if rival is None:
                return None
            rivals.append(rival)
            return _attempt(rival, due_s, outcome, wheel)

        def blamed(fault: Fault, *, lead: bool) -> Fault | None:
            return _blamed(self.house, asked if lead else rivals[0], fault)

        def took_over() -> None:
            rivals[0].counts(outcome)

        race = Race(self.course, self.house.routing, outcome, took_over, blamed)
        return await race.run(_attempt(asked, due_s, outcome, wheel), late_s, second)

    def _rival(self, asked: Asked, late_s: float, outcome: Outcome) -> Asked | None:
        """The second request, where there may be one."""
        if not self.hedging.ready:
            return None
        why = f"no first token from {asked.step.endpoint.id} within {late_s * 1000:.0f} ms"
        step = self.course.race(self.house.wheel.loop.time(), why)
        if step is None:
            return None
        try:
            rival = ask_of(self.house, step, asked.call, outcome, self.plan)
        except (Refusal, Fault):  # what it cannot be asked is no reason to stop the first
            self.course.outlasted()
            return None
        if rival.outgoing.copies != 1 or rival.schema is not None:
            self.course.outlasted()
            return None
        self.hedging.take()
        return rival


async def _chorus(asked: Asked, due_s: float, outcome: Outcome, wheel: Wheel) -> Chorus:
    """The same request as often as the host must be asked, all at once; one failure fails all."""
    calls = [
        wheel.loop.create_task(_attempt(asked, due_s, outcome, wheel, choice))
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


async def _checked(asked: Asked, due_s: float, outcome: Outcome, wheel: Wheel) -> Checked:
    """An answer whose text fits the request's schema; an answer that must be repaired is not raced,
    because two would have to be."""
    ask = _chorus if asked.outgoing.copies > 1 else _attempt
    answer: Answer = await ask(asked, due_s, outcome, wheel)
    return await Mender(asked, outcome, wheel, _attempt).checked(answer)


async def _dial(host: Host, left_s: float) -> Connection:
    """Connect, within the connection's own deadline and what is left of the answer's."""
    return await host.pool.dial(min(host.deadlines.connect_s, left_s))
