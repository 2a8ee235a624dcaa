"""What a batch of journal records means for the tables, before any of it is written.

Knows the kinds of records and which rows they become. Refuses to know the journal and SQL. Only the
members that become columns are decoded: the receipt itself is stored as the journal had it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from glimway.store.months import Month, month_at


class _Opened(msgspec.Struct, tag_field="record", tag="opened", gc=False):
    id: str


class _Settled(msgspec.Struct, tag_field="record", tag="settled", gc=False):
    id: str
    organization: str
    project: str
    key: str
    model: str
    status: str
    cost_nanousd: int = 0


_BREAK: Final = ord("\n")
"""``bytes in bytes`` would raise and forget an exception for each record."""

_decoder: Final[msgspec.json.Decoder[_Opened | _Settled]] = msgspec.json.Decoder(_Opened | _Settled)


@dataclass(slots=True)
class Plan:
    """Rows to write, each list flat: the parameters of all rows one after the other.

    Args:
        receipts: by month, in the columns' order of ``schema.receipts_table``.
        receipt_count: rows in ``receipts``.
        opened: requests that begin in this batch and do not end in it.
        closed: ids of requests that end in this batch and began before it.
        aside: records of kinds that this release does not know, or cannot read.
    """

    receipts: dict[str, list[Any]] = field(default_factory=dict)
    receipt_count: int = 0
    opened: list[Any] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    aside: list[Any] = field(default_factory=list)


class Planner:
    """Makes plans; remembers the month that it saw last."""

    def __init__(self) -> None:
        self._month = Month("", "", "")

    def plan(self, payloads: list[bytes], first_sequence: int) -> Plan:
        """What these consecutive records mean.

        Args:
            payloads: as the journal gave them.
            first_sequence: of the first of them.
        """
        plan = Plan()
        begun: dict[str, int] = {}
        low, high = self._month.low, self._month.high
        rows = plan.receipts.setdefault(self._month.name, [])
        for index, record in enumerate(_decode(payloads)):
            payload = payloads[index]
            if type(record) is _Settled:
                identity = record.id
                if not low <= identity < high:
                    month = self._turn(identity)
                    if month is None:
                        plan.aside += (first_sequence + index, payload)
                        continue
                    low, high = month.low, month.high
                    rows = plan.receipts.setdefault(month.name, [])
                rows += (
                    identity,
                    record.organization,
                    record.project,
                    record.key,
                    record.model,
                    record.status,
                    record.cost_nanousd,
                    str(payload, "utf-8"),
                )
                plan.receipt_count += 1
                if begun.pop(identity, None) is None:
                    plan.closed.append(identity)
            elif type(record) is _Opened:
                begun[record.id] = index
            else:
                plan.aside += (first_sequence + index, payload)
        for identity, index in begun.items():
            plan.opened += (identity, first_sequence + index, str(payloads[index], "utf-8"))
        return plan

    def _turn(self, identity: str) -> Month | None:
        """Make the month of ``identity`` the known one; None when it is no request's id."""
        try:
            self._month = month_at(identity)
        except ValueError:
            return None
        return self._month


def _decode(payloads: list[bytes]) -> list[_Opened | _Settled | None]:
    """Each record, or None where it is of no kind that is known here."""
    lines = b"\n".join(payloads)
    try:
        records: list[_Opened | _Settled | None] = [*_decoder.decode_lines(lines)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [_decode_one(payload) for payload in payloads]
    # A payload with a line break, or a blank one, would shift all that follow.
    if len(records) != len(payloads) or any(_BREAK in payload for payload in payloads):
        return [_decode_one(payload) for payload in payloads]
    return records


def _decode_one(payload: bytes) -> _Opened | _Settled | None:
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
