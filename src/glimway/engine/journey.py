"""One request's journey: the straight line.

Knows the steps and their order: peek at the body, authorize the key, plan the route, admit, get
the first answer, relay, settle. Refuses to know how any step is done; each has its own room.

Two rules hold the line together. Nothing is tried again after the first real frame. And whatever
happens after the journal's first record, exactly one receipt follows: the happy path settles
before its terminal frame leaves, every other way out settles in a synchronous exit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from glimway.domain.keys import Key
from glimway.domain.money import usd_number
from glimway.domain.receipt import Opened, Status
from glimway.domain.routing.route import Plan
from glimway.engine.admission import Stay
from glimway.engine.answer import first_answer
from glimway.engine.client import Ask, Client
from glimway.engine.errors import ErrorEntry
from glimway.engine.flow import Answer
from glimway.engine.house import House
from glimway.engine.peek import peek, seal_of
from glimway.engine.relay import Relay
from glimway.engine.reply import Reply
from glimway.engine.settling import Charge, Outcome
from glimway.engine.tally import Tally
from glimway.store.errors import JournalBroken, JournalFull
from glimway.wire.dialect import Writer
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.renaming import renamed
from glimway.wire.talk import Call

CLIENT_LEFT_STATUS = 499
"""What receipts say of an answer nobody waited for (nginx's number)."""

CAUSE_CHARS_MAX = 500


def travel(house: House, ask: Ask, client: Client) -> Coroutine[Any, Any, None]:
    """Bring one request from its body to its answer.

    The coroutine raises nothing but cancellation. It is one coroutine, not a chain of small ones,
    because every step of a request runs through all that are waiting.
    """
    return Trip(house, ask, client).go()


class Trip:
    """The state of one journey."""

    __slots__ = (
        "_stopped",
        "ask",
        "at_ms",
        "call",
        "client",
        "house",
        "id",
        "key",
        "prompt_tokens",
        "reply",
    )

    def __init__(self, house: House, ask: Ask, client: Client) -> None:
        self.house = house
        self.ask = ask
        self.client = client
        self.at_ms = house.now_ms()
        self.id = house.new_id(self.at_ms)
        self.reply = Reply(client, ask.mount, self.id, house.wheel)
        self.key: Key | None = None
        self.call: Call | None = None
        self.prompt_tokens = 0
        self._stopped: Refusal | None = None

    def stop(self, why: Refusal) -> None:
        """End this request now, with ``why`` as its answer or error event."""
        self._stopped = why
        self.client.cancel()

    async def go(self) -> None:
        """The straight line."""
        house, ask = self.house, self.ask
        house.live.add(self)
        try:
            key = self.key = house.keys.now.identify(ask.token, self.at_ms)
            if ask.origin is not None and key.allows(ask.origin):
                self.reply.headers += ask.origin_headers
            call = self.call = peek(house, ask, key)
            plan = house.routing.plan(call, key, len(ask.body), self.at_ms)
            admission = house.admission
            stay = admission.admit(key, plan, call, ask) or await admission.wait(
                key, plan, call, ask
            )
            self.prompt_tokens = stay.prompt_tokens
            with Owing(self, stay, plan) as owed:
                outcome = owed.open(call, key)
                first = first_answer if house.sharing is None else house.sharing.of(ask, key)
                answer = owed.answer = await first(house, plan, call, outcome, self.reply)
                self.reply.lines.append(outcome.lines())
                if call.stream:
                    relay = self._relay(answer, outcome)
                    await relay.ended
                    self._finish(relay, outcome, owed)
                else:
                    self._answer(answer, outcome, owed)
        except (Refusal, Fault) as error:
            self.refuse(error)
        except asyncio.CancelledError:
            if self._stopped is not None:
                self.refuse(self._stopped)
            elif not self.client.gone:
                self.refuse(Refusal("unavailable", "The server is shutting down.", retry_after_s=1))
                raise
        except Exception as error:  # noqa: BLE001 - the journey's top: a bug of ours must not hang a client
            house.errors.bug(self.id, error)
            self.refuse(Refusal("unavailable", "Something went wrong here.", detail=repr(error)))
        finally:
            house.live.discard(self)
            self.reply.quiet()
            self.client.over()

    def refuse(self, error: Refusal | Fault) -> None:
        """Say no, and remember it for the operator."""
        writer = self._writer() if self.call is not None else None
        if writer is not None and isinstance(error, Refusal):
            error = renamed(error, self.ask.mount.side.names)
        status = self.reply.refuse(error, writer)
        self.house.errors.add(
            ErrorEntry(
                at_ms=self.at_ms,
                trace_id=self.id,
                status=status,
                kind=error.kind,
                cause=(error.detail or str(error))[:CAUSE_CHARS_MAX],
                mount=self.ask.mount.name,
                model=self.call.model if self.call is not None else None,
                key=self.key.id if self.key is not None else None,
            )
        )

    def answered_well(self, plan: Plan, outcome: Outcome, charge: Charge) -> None:
        """Let routing learn from an answer that came to its end."""
        assert self.call is not None  # noqa: S101 - it was answered
        assert self.key is not None  # noqa: S101 - it was let in
        self.house.routing.answered(plan, self.call, self.key, outcome, charge)

    # ---- steps ----------------------------------------------------------------------------------

    def _relay(self, answer: Answer, outcome: Outcome) -> Relay:
        outcome.tally = Tally()
        relay = Relay(answer, self._writer(), self.client, outcome.tally)
        self.reply.begin()
        self.client.on_pace(relay.pace)
        relay.start()
        return relay

    def _finish(self, relay: Relay, outcome: Outcome, owed: Owing) -> None:
        tally = relay.tally
        if relay.answer.fault is not None:
            raise relay.answer.fault
        charge = owed.settle("ok", tally.stops[0].reason, 200)
        cost = usd_number(charge.cost_nanousd)
        self.reply.finish(relay.writer.end(tally.stops, charge.usage, cost))

    def _answer(self, answer: Answer, outcome: Outcome, owed: Owing) -> None:
        tally = outcome.tally = Tally()
        tally.note(answer.events)
        charge = owed.settle("ok", tally.stops[0].reason, 200)
        cost = usd_number(charge.cost_nanousd)
        self.reply.whole(self._writer().whole(answer.events, charge.usage, cost))

    def _writer(self) -> Writer:
        assert self.call is not None  # noqa: S101 - a writer is wanted only for a call
        seal = seal_of(self.house, self.ask, self.key)
        return self.ask.mount.writer(
            self.call, self.id, self.at_ms // 1000, self.prompt_tokens, seal
        )


class Owing:
    """The ``with`` around everything that owes a receipt. Its exit never awaits, because an
    awaiting ``finally`` is lost when a task is cancelled twice."""

    __slots__ = ("_outcome", "_plan", "_stay", "_trip", "answer")

    def __init__(self, trip: Trip, stay: Stay, plan: Plan) -> None:
        self.answer: Answer | None = None
        """Closed at the exit."""
        self._trip = trip
        self._stay = stay
        self._plan = plan
        self._outcome: Outcome | None = None

    def __enter__(self) -> Self:
        return self

    def open(self, call: Call, key: Key) -> Outcome:
        """Write the journal's first record; from here on one receipt is owed.

        Raises:
            Refusal: ``unavailable`` when it could not be written.
        """
        trip, plan = self._trip, self._plan
        trip.reply.lines.append(self._stay.lines(trip.house.loop.time()))
        opened = Opened(
            id=trip.id,
            at_ms=trip.at_ms,
            organization=key.organization,
            project=key.project,
            key=key.id,
            model=plan.model,
            endpoint=plan.endpoints[0].id,
            dialect=trip.ask.mount.side.name,
            mount=trip.ask.mount.name,
            stream=call.stream,
            client_request_id=trip.ask.client_request_id,
        )
        trip.house.admission.open(opened)
        self._outcome = Outcome(
            opened=opened,
            asked=call.model,
            endpoint=plan.endpoints[0],
            request_bytes=len(trip.ask.body),
            arrived_s=trip.ask.arrived_s,
            user=call.user,
        )
        return self._outcome

    def settle(self, status: Status, end: str, http_status: int) -> Charge:
        """Write the receipt, once.

        Raises:
            Refusal: ``unavailable`` when it could not be written: then no success may be shown.
        """
        outcome, self._outcome = self._outcome, None
        assert outcome is not None  # noqa: S101 - settled once
        outcome.status, outcome.end, outcome.http_status = status, end, http_status
        house = self._trip.house
        try:
            charge = house.settlement.settle(outcome, house.loop.time())
        except (JournalFull, JournalBroken) as error:
            raise Refusal(
                "unavailable",
                "The service cannot record requests at present, please retry later.",
                detail=f"journal: {error}",
                retry_after_s=5,
            ) from None
        self._stay.used_tokens = charge.tokens.input + charge.tokens.output
        if status == "ok" and (outcome.shared is None or outcome.shared.asked):
            self._trip.answered_well(self._plan, outcome, charge)
        return charge

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Each for itself: a bug in closing an answer must not cost the receipt, nor that the place.
        try:
            if self.answer is not None:
                self.answer.close()
        finally:
            try:
                if self._outcome is not None:
                    self._settle_otherwise(self._outcome, error)
            finally:
                self._stay.leave()

    def _settle_otherwise(self, outcome: Outcome, error: BaseException | None) -> None:
        """Settle what the happy path did not: a fault, a refusal, a client that left, a bug."""
        trip = self._trip
        if isinstance(error, Refusal | Fault):
            end: str = error.kind
            http_status = 200
            if isinstance(error, Fault) and outcome.answer is not None and outcome.shared is None:
                trip.house.routing.failed(outcome.endpoint, error, late=True)
            if not trip.reply.began:
                http_status = trip.ask.mount.refuse(error, trip.id).status
        elif trip.client.gone:
            end, http_status = "client_left", CLIENT_LEFT_STATUS
        else:
            end, http_status = "stopped", 503
        delivered = outcome.tally is not None and outcome.tally.characters > 0
        try:
            self.settle("incomplete" if delivered else "failed", end, http_status)
        except Refusal as refusal:
            trip.house.errors.note(trip.id, refusal.detail or refusal.message)
