"""Whatever fails, and however often it is tried: one receipt for each request, and no other.

Over real sockets; it counts what the other tests of the folder asked in this process, too.
"""

from __future__ import annotations

from collections import Counter

from engine.failover.faults import FAULTS
from engine.failover.ring import SIZES, Case, Ring


def test_each_request_has_one_receipt(matrix: Ring) -> None:
    asked = [
        Case(fault, "chat", size, client, stream=True)
        for fault in FAULTS
        for size in SIZES
        for client in ("chat", "aisdk")
    ]
    statuses = Counter(went.receipt["status"] for went in matrix.all(asked))
    assert set(statuses) == {"ok", "incomplete", "failed"}
    receipts = matrix.receipts()
    assert len({one["id"] for one in receipts}) == len(receipts) == matrix.asked
    assert not [one for one in receipts if one["status"] == "failed" and one["cost_nanousd"]]
