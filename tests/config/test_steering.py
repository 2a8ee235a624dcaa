"""The numbers of routing: their defaults are the domain's own, and what is wrong is told."""

from __future__ import annotations

import pytest

from config.conftest import Read
from glimway.config.health import health_rules
from glimway.config.settings import Settings
from glimway.domain.health import Rules
from glimway.domain.retry import ATTEMPTS_MAX, PATIENCE, PER_SECOND_MILLI, SHARE_MILLI
from glimway.domain.routing.rules import BAND_PERCENT_DEFAULT


def test_the_defaults_are_the_domains_own() -> None:
    settings = Settings()
    assert health_rules(settings) == Rules()
    assert settings.routing.attempts == ATTEMPTS_MAX
    assert settings.routing.band_percent == BAND_PERCENT_DEFAULT
    retry = settings.routing_retry
    assert (retry.percent * 10, retry.per_second * 1000) == (SHARE_MILLI, PER_SECOND_MILLI)
    waits_ms = (retry.backoff_ms, retry.backoff_most_ms, retry.wait_most_ms)
    assert waits_ms == tuple(wait_s * 1000 for wait_s in PATIENCE)


def test_each_number_reaches_its_place(read: Read) -> None:
    text = """
[routing.health]
failures_in_a_row = 2
window_s = 9
window_requests = 4
failures_percent = 7
forgiven_s = 5
[routing.cooldown]
rate_limited_s = 40
quota_s = 1
quota_most_s = 2
auth_most_s = 3
"""
    rules = health_rules(read(text).usable().settings)
    assert (rules.in_a_row, rules.window_s, rules.volume_min) == (2, 9, 4)
    assert (rules.failures_percent, rules.forgiven_s) == (7, 5)
    assert rules.rests["rate_limited"][:2] == (40, 40)
    assert rules.rests["quota"][:2] == (1, 2)
    assert rules.rests["auth"][:2] == (3, 3)
    assert rules.rests["broken"] == Rules().rests["broken"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[routing]\nband_percent = -1",
            "2: routing.band_percent: is -1; write a whole number from 0 to 10000",
        ),
        ('[routing]\naffinity = "no"', '2: routing.affinity: is "no" (a string); write "on"'),
        ("[routing]\nbands = 1", "2: routing.bands: is not a setting"),
        (
            "[routing.health]\nfailures_in_a_row = 0",
            "2: routing.health.failures_in_a_row: is 0; write a whole number from 1 to 1000",
        ),
        (
            "[routing.health]\nfailures_percent = 101",
            "2: routing.health.failures_percent: is 101; write a whole number from 1 to 100",
        ),
        (
            "[routing.cooldown]\nquota_s = 9\nquota_most_s = 3",
            "3: routing.cooldown.quota_most_s: is 3, shorter than the first rest of 9; "
            "write at least 9",
        ),
        (
            "[routing.cooldown]\nquotas_s = 9",
            "routing.cooldown.quotas_s: is not a setting; did you",
        ),
        ("[routing.retry]\npercent = 101", "2: routing.retry.percent: is 101; write a number from"),
    ],
)
def test_wrong_numbers_are_told(read: Read, text: str, told: str) -> None:
    (problem,) = read(text).problems
    assert told in str(problem)
