"""From what an answer used to its receipt.

Knows how usage becomes a charge and writes the journal's second record. Refuses to know when: the
journey settles before the terminal frame leaves, and the exit settles whatever ended otherwise.

The rule of charging: the attempt that answered is paid, thinking included. Nothing real
delivered is free. A stream cut later is charged for the input and for what was delivered. Usage
that was never reported is estimated and marked.
"""

from __future__ import annotations

import msgspec

from glimway.domain.estimate import Estimates
from glimway.domain.pricing import cost_nanousd
from glimway.domain.receipt import Attempt as AttemptLine
from glimway.domain.receipt import Receipt, Tokens
from glimway.engine.attempt import Attempt
from glimway.engine.record import Records
from glimway.engine.settling import REPAIR, Charge, Outcome
from glimway.engine.tally import Tally
from glimway.store.journal import Journal
from glimway.wire.events import Usage

_encode = msgspec.json.Encoder().encode


class Settlement:
    """Makes receipts and writes them."""

    def __init__(self, journal: Journal, estimates: Estimates) -> None:
        self._journal = journal
        self._estimates = estimates
        self._records = Records()

    def charge(self, outcome: Outcome) -> Charge:
        """What the outcome costs, at the price of the day the request arrived."""
        tally = outcome.tally
        price = outcome.endpoint.price_at(outcome.opened.at_ms)
        version = price.version if price is not None else None
        if tally is None or outcome.status == "failed":
            return Charge(Usage(), Tokens(), 0, False, version)
        # A client that left between the last frame and the end was still told of by the provider.
        usage = tally.usage
        if usage is None and outcome.answer is not None:
            usage = outcome.answer.usage
        estimated = usage is None
        if usage is None:
            usage = self._estimate(outcome, tally)
        reasoning = usage.reasoning
        if reasoning is None:
            reasoning = self._thinking(usage, tally)
            usage.reasoning = reasoning
        tokens = Tokens(
            input=usage.input,
            output=usage.output,
            cached=usage.cached,
            cache_write=usage.cache_write,
            reasoning=reasoning,
        )
        cost = 0 if price is None else cost_nanousd(price, tokens, outcome.copies)
        return Charge(usage, tokens, cost, estimated, version)

    def settle(self, outcome: Outcome, now_s: float) -> Charge:
        """Write the receipt; one synchronous write.

        Args:
            outcome: how it ended.
            now_s: the loop's clock.

        Raises:
            JournalFull, JournalBroken: it could not be written, so no success may be shown.
        """
        charge = self.charge(outcome)
        if outcome.shared is not None:
            charge = outcome.shared.charged(outcome, charge)
        record = self._records.usual(outcome, charge, now_s)
        if record is None:
            record = _encode(receipt_of(outcome, charge, now_s))
        self._journal.append(record)
        if outcome.status == "ok" and not charge.estimated:
            self._estimates.observe(
                outcome.opened.model,
                outcome.request_bytes,
                charge.tokens.input,
                charge.tokens.output,
            )
        return charge

    def _estimate(self, outcome: Outcome, tally: Tally) -> Usage:
        model = outcome.opened.model
        return Usage(
            input=self._estimates.prompt_tokens(model, outcome.request_bytes),
            output=self._estimates.text_tokens(model, tally.characters),
        )

    @staticmethod
    def _thinking(usage: Usage, tally: Tally) -> int:
        """A host that does not say how much of its output was thinking: split by the text."""
        if not tally.thought_characters or not tally.characters:
            return 0
        return usage.output * tally.thought_characters // tally.characters


def receipt_of(outcome: Outcome, charge: Charge, now_s: float) -> Receipt:
    """The receipt of any end."""
    opened = outcome.opened
    first_s = None if outcome.answer is None else outcome.answer.first_frame_s
    shared = outcome.shared
    return Receipt(
        id=opened.id,
        at_ms=opened.at_ms,
        organization=opened.organization,
        project=opened.project,
        key=opened.key,
        model=opened.model,
        asked=outcome.asked,
        endpoint=outcome.endpoint.id,
        provider=outcome.endpoint.provider.id,
        dialect=opened.dialect,
        mount=opened.mount,
        status=outcome.status,
        end=outcome.end,
        http_status=outcome.http_status,
        stream=opened.stream,
        tokens=charge.tokens,
        estimated=charge.estimated,
        cost_nanousd=charge.cost_nanousd,
        price_version=charge.price_version,
        ttft_ms=None if first_s is None else round((first_s - outcome.arrived_s) * 1000),
        duration_ms=round((now_s - outcome.arrived_s) * 1000),
        attempts=tuple([_line(attempt, outcome, charge, now_s) for attempt in outcome.attempts]),
        adjusted=outcome.adjusted,
        client_request_id=opened.client_request_id,
        user=outcome.user,
        shared=None if shared is None else shared.kind,
        shared_from=None if shared is None else shared.source,
    )


def _version(attempt: Attempt, outcome: Outcome) -> str | None:
    price = attempt.endpoint.price_at(outcome.opened.at_ms)
    return None if price is None else price.version


def _operators_nanousd(attempt: Attempt, outcome: Outcome, charge: Charge) -> int:
    """What a request that lost a race, or a repair, cost whoever runs this, as far as is known:
    what its provider reported; else the prompt alone of one that was stopped before its first
    token, and nothing of a repair."""
    repair = attempt.why == REPAIR
    if not (attempt.outrun or repair) or attempt.connection is None:
        return 0
    price = attempt.endpoint.price_at(outcome.opened.at_ms)
    if price is None:
        return 0
    usage = attempt.usage
    if usage is None and repair:
        return 0
    if usage is None:
        return cost_nanousd(price, Tokens(input=charge.tokens.input), 1)
    tokens = Tokens(
        input=usage.input,
        output=usage.output,
        cached=usage.cached,
        cache_write=usage.cache_write,
    )
    return cost_nanousd(price, tokens, 1)


def _line(attempt: Attempt, outcome: Outcome, charge: Charge, now_s: float) -> AttemptLine:
    """How the receipt tells of one try."""
    fault = attempt.fault
    result: str = "outrun" if attempt.outrun else "ok" if attempt.finished else "left"
    began_s, ended_s = attempt.started_s, attempt.ended_s
    return AttemptLine(
        endpoint=attempt.endpoint.id,
        provider=attempt.endpoint.provider.id,
        outcome=result if fault is None else fault.kind,
        started_ms=outcome.opened.at_ms + round((began_s - outcome.arrived_s) * 1000),
        duration_ms=round(((now_s if ended_s is None else ended_s) - began_s) * 1000),
        status=attempt.status,
        detail=None if fault is None else fault.detail,
        provider_request_id=attempt.provider_request_id,
        provider_answer_id=attempt.reader.answer_id,
        replayed=attempt.replayed,
        why=attempt.why,
        wait_ms=round(attempt.wait_s * 1000),
        operator_cost_nanousd=_operators_nanousd(attempt, outcome, charge),
        price_version=None if attempt.endpoint is outcome.endpoint else _version(attempt, outcome),
    )
