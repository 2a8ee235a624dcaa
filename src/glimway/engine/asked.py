"""One request as one endpoint gets it.

Knows what is written for whom, and how the reply is read. Refuses to know how it is sent and
whether it is sent again.
"""

from __future__ import annotations

import msgspec

from glimway.domain.routing.route import Plan
from glimway.domain.routing.steps import Step
from glimway.engine.hosts import Host
from glimway.engine.house import House
from glimway.engine.settling import Outcome
from glimway.engine.slowstart import SlowStart
from glimway.wire.copies import CopyReader
from glimway.wire.dialect import Outgoing, Reader
from glimway.wire.searching import searching
from glimway.wire.stops import StoppingReader
from glimway.wire.structured.schema import Schema
from glimway.wire.structured.words import ADJUSTED, in_words, schema_of
from glimway.wire.talk import Call


class Asked(msgspec.Struct, frozen=True):
    """One request to one endpoint, with one of its provider's keys; ``schema`` is set where its
    answer is held to one here."""

    step: Step
    host: Host
    call: Call
    outgoing: Outgoing
    adjusted: tuple[str, ...]
    key: int = 0
    slow_start: SlowStart | None = None
    """Watches how it starts, where somebody else could be asked."""
    schema: Schema | None = None

    def counts(self, outcome: Outcome) -> None:
        """This is the one whose answer is waited for."""
        outcome.endpoint = self.step.endpoint
        outcome.adjusted = self.adjusted
        outcome.copies = self.outgoing.copies

    def reader(self, stem: str, choice: int | None) -> Reader:
        """Reads one reply; ``choice`` is its number among parallel calls."""
        quirks, outgoing = self.step.endpoint.quirks, self.outgoing
        if choice is not None:
            stem = f"{stem}{choice}"
        reader = self.host.side.reader(quirks, stem, self.call)
        if outgoing.cut_here:
            reader = StoppingReader(
                reader, outgoing.cut_here, 1 if choice is not None else self.call.n or 1
            )
        return reader if choice is None else CopyReader(reader, choice)


def ask_of(house: House, step: Step, call: Call, outcome: Outcome, plan: Plan) -> Asked:
    """The request as the next endpoint gets it.

    Args:
        house: the providers.
        step: whom to ask.
        call: what is asked.
        outcome: counts the endpoints that are asked.
        plan: what it wishes beside the call, and has changed already.

    Raises:
        Refusal: the endpoint cannot do what is asked.
    """
    endpoint = step.endpoint
    host = house.hosts.of(endpoint)
    adjusted = plan.adjusted
    if plan.online:
        call = searching(call, endpoint.quirks)
    schema = None
    form = call.format
    if form is not None and form.kind == "json_schema" and not endpoint.holds_to_schemas:
        schema = schema_of(form)
        call = in_words(call, schema, json_mode=endpoint.has_json_mode)
        adjusted = (*adjusted, ADJUSTED)
    outgoing = host.side.encode(call, endpoint.quirks, endpoint.upstream_model)
    outcome.tries += 1
    key = 0 if host.rotation is None else host.rotation.pick(house.loop.time())
    named = adjusted + outgoing.adjusted
    return Asked(step, host, call, outgoing, named, key, schema=schema)
