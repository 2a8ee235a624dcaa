"""Receipts that are settled in the journal and not in the tables yet.

Knows how to look through the undrained part. Refuses to know the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from glimway.domain.receipt import Receipt
from glimway.store.drain import Drain
from glimway.store.journal import Journal

SCAN_SEGMENTS_MAX: Final = 2
"""How many segments are looked through, the newest; more wait only while the database is away."""

_decode = msgspec.json.Decoder(Receipt).decode
_SETTLED: Final = b'"record":"settled"'


class Tail:
    """The undrained end of the journal, as receipts.

    Args:
        journal: to look through.
        drain: knows where the undrained part begins.
    """

    def __init__(self, journal: Journal, drain: Drain) -> None:
        self._journal = journal
        self._drain = drain

    def receipt(self, request_id: str) -> Receipt | None:
        """The undrained receipt of one request."""
        needle = f'"id":"{request_id}"'.encode()
        for payload in self._settled():
            if needle in payload:
                receipt = _read(payload)
                if receipt is not None and receipt.id == request_id:
                    return receipt
        return None

    def receipts(self, wanted: Callable[[Receipt], bool]) -> list[Receipt]:
        """The undrained receipts that are wanted, in no order; one per request."""
        found: dict[str, Receipt] = {}
        for payload in self._settled():
            receipt = _read(payload)
            if receipt is not None and wanted(receipt):
                found.setdefault(receipt.id, receipt)
        return list(found.values())

    def _settled(self) -> Iterator[bytes]:
        newest = self._journal.starts()[-SCAN_SEGMENTS_MAX:]
        start = max(self._drain.cursor, newest[0])
        for _place, payload in self._journal.read(start, durable=False):
            if _SETTLED in payload:
                yield payload


def _read(payload: bytes) -> Receipt | None:
    """A receipt, or None for one in a shape that this release cannot read (it is set aside)."""
    try:
        return _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
