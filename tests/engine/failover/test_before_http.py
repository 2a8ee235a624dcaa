"""A fault before the first content is another provider's answer, or an explicit error.

Over real sockets: every fault, in every dialect of a host, asked in every dialect of a client, with
one provider, and with one that is well behind one or two that fail.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.failover.clients import DIALECTS, ROWS, error_answer, error_event, understood
from engine.failover.faults import BEFORE
from engine.failover.hosts import HOSTS
from engine.failover.ring import NANOUSD, Case, Ring, Went
from engine.failover.verdict import all_must


def cases(client: str, *sizes: int) -> list[Case]:
    return [
        Case(fault, host, size, client, stream)
        for fault in BEFORE
        for host in HOSTS
        for size in sizes
        for stream in (False, True)
    ]


def answered_well(went: Went) -> None:
    """The last provider answered, and the receipt tells of the others."""
    case, response, receipt = went
    assert response.status == 200, response.body
    said = understood(case.client, response, stream=case.stream)
    assert said.text == f"from {case.size}"
    assert said.stop in {"stop", "end_turn", "completed"}
    assert said.usage is not None
    assert (said.usage.input, said.usage.output) == (7, 5)
    attempts = receipt["attempts"]
    assert [one["provider"] for one in attempts] == case.providers()
    kind = BEFORE[case.fault].kind
    assert [one["outcome"] for one in attempts] == [kind] * (case.size - 1) + ["ok"]
    for before, after in pairwise(attempts):
        assert after["why"] == f"after {kind} at {case.model}@{before['provider']}"
    assert (receipt["status"], receipt["provider"]) == ("ok", case.providers()[-1])
    assert receipt["cost_nanousd"] == case.size * NANOUSD


def failed_aloud(went: Went) -> None:
    """The only provider failed, and the caller is told so in its own dialect, at no cost."""
    case, response, receipt = went
    kind = BEFORE[case.fault].kind
    row = ROWS[kind]
    if response.status == 200:  # the head went out while a deadline was waited for
        assert case.stream
        assert response.body.startswith((b":", b"event: ping"))
        assert understood(case.client, response, stream=True).stop is None
        assert error_event(case.client, response) == getattr(row, case.client)
    else:
        assert response.status == row.status_for(case.client)
        words = "chat" if case.client == "responses" else case.client
        assert error_answer(case.client, response) == getattr(row, words)
        told = response.header("retry-after")
        assert (told is not None) == (row.status in {429, 503})
    attempts = receipt["attempts"]
    assert {one["provider"] for one in attempts} == set(case.providers())
    assert {one["outcome"] for one in attempts} == {kind}
    assert (receipt["status"], receipt["cost_nanousd"]) == ("failed", 0)


@pytest.mark.parametrize("client", DIALECTS)
def test_a_fault_before_the_first_content_is_another_providers_answer(
    matrix: Ring, client: str
) -> None:
    asked = cases(client, 2, 3)
    all_must(answered_well, matrix.all(asked))


@pytest.mark.parametrize("client", DIALECTS)
def test_a_fault_of_the_only_provider_is_an_explicit_error(matrix: Ring, client: str) -> None:
    asked = cases(client, 1)
    all_must(failed_aloud, matrix.all(asked))
