"""A fault after the first content ends in the client's own error event, and in nothing else.

Over real sockets: every fault, in every dialect of a host, asked in every dialect of a client,
whether or not another provider would be well. Whoever asks for a whole answer has seen nothing yet
when a host fails in its middle; that is a fault before the first content.
"""

from __future__ import annotations

import pytest

from engine.failover.clients import DIALECTS, ROWS, error_event, understood
from engine.failover.faults import AFTER, TEXTS
from engine.failover.hosts import HOSTS
from engine.failover.ring import SIZES, Case, Ring, Went
from engine.failover.verdict import all_must


def ended_aloud(went: Went) -> None:
    """The text so far, an error event, no mark of success, and nobody else's text."""
    case, response, receipt = went
    kind = AFTER[case.fault].kind
    assert response.status == 200, response.body
    said = understood(case.client, response, stream=True)
    assert said.text == "".join(TEXTS)
    assert said.stop is None
    assert error_event(case.client, response) == getattr(ROWS[kind], case.client)
    (attempt,) = receipt["attempts"]
    assert (attempt["provider"], attempt["outcome"]) == (case.providers()[0], kind)
    assert receipt["status"] == "incomplete"
    assert receipt["end"] == kind


@pytest.mark.parametrize("client", DIALECTS)
def test_a_fault_after_the_first_content_ends_in_an_error_event(matrix: Ring, client: str) -> None:
    asked = [
        Case(fault, host, size, client, stream=True)
        for fault in AFTER
        for host in HOSTS
        for size in SIZES
    ]
    all_must(ended_aloud, matrix.all(asked))
