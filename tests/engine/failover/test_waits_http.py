"""How long one request waits before it asks the same provider again, as the operator set it."""

from __future__ import annotations

import pytest

from engine.failover.pack import pack
from kit import answers


@pytest.mark.parametrize(("most_ms", "tries"), [(900, 1), (1100, 2)])
def test_a_provider_that_asks_for_a_longer_wait_is_not_tried_again(
    most_ms: int, tries: int
) -> None:
    settings = f"[routing.retry]\nwait_most_ms = {most_ms}\nbackoff_ms = 0\n"
    with pack(1, settings) as one:
        (provider,) = one.providers
        provider.script(answers.error(503, "away", {"retry-after": "1"}))
        if tries > 1:
            provider.script(*one.well(0))
        answer = one.ask()
        assert answer.status == (200 if tries > 1 else 503)
        assert len(one.asked(answer)) == tries


def test_tries_at_the_same_provider_wait_as_long_as_was_set() -> None:
    with pack(1, "[routing.retry]\nbackoff_ms = 0\n\n[routing]\nattempts = 10\n") as one:
        (provider,) = one.providers
        for _ in range(9):
            provider.script(answers.error(503, "away"))
        provider.script(*one.well(0))
        answer = one.ask()
        assert answer.status == 200
        found = one.gateway.get("/v1/generations/" + str(answer.header("x-request-id")))
        assert [tried["wait_ms"] for tried in found.json()["attempts"]] == [0] * 10
