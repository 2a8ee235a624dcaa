from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from drills.ward import IDS, SICK, Patient, Ward, ward

WARM = 60
"""Requests while all are well."""
FAILURES_MAX = 5
LEFT_ALONE_S_MAX = 1.0
"""Who begins to fail is asked no more after so many failures, or after so long."""
LONG_REST_S = 60.0
SHORT_REST_S = 0.3
CLOCKS_S = 0.02
"""The gateway's clock and this one are not read in the same moment."""
PROBES = 3
PATIENT_S = 0.8
"""How long a try waits where a provider is to be slow without being ill."""
SHARE_MIN = 0.05
"""Of the requests, for one of three that are well: who is asked is left to chance, and two of 60
instead of 20 come once in millions of times."""


def warm(own: Ward) -> None:
    """Ask while all are well, so that each is known."""
    own.ask(WARM, 4)
    assert not own.failures
    for patient in own.patients.values():
        assert len(patient.asked) >= SHARE_MIN * WARM
        patient.asked.clear()


def falls_ill(own: Ward, patient: Patient, sickness: str, callers: int) -> int:
    """It begins to fail, and is soon left alone; how often it was tried until then."""
    kept = patient.provider.connections_total
    patient.asked.clear()
    began_s = time.monotonic()
    patient.sickness = sickness
    own.ask(100, callers)
    # A kept connection that breaks at once may have been idle for too long: what was sent on it is
    # sent once more on a new one, and only that counts.
    tries = [one for one in patient.asked if sickness != "reset" or one.connection >= kept]
    assert tries
    assert len(tries) <= FAILURES_MAX or tries[-1].at_s - began_s <= LEFT_ALONE_S_MAX
    return len(tries)


@pytest.mark.parametrize("sickness", SICK)
def test_who_begins_to_fail_is_soon_left_alone(sickness: str) -> None:
    with ward(LONG_REST_S) as own:
        warm(own)
        first, second, _ = own.patients.values()
        tries = falls_ill(own, first, sickness, 1)
        assert tries == (1 if sickness == "429" else FAILURES_MAX)
        falls_ill(own, second, sickness, 8)
        assert not own.failures


@pytest.mark.parametrize(
    ("requests", "callers", "suddenly"),
    [
        (1000, 16, False),
        pytest.param(10_000, 48, False, marks=pytest.mark.drill),
        pytest.param(10_000, 48, True, marks=pytest.mark.drill),
    ],
)
@pytest.mark.parametrize("sickness", ["500", "reset", "silent"])
def test_while_one_of_three_is_well_callers_see_no_failure(
    sickness: str, requests: int, callers: int, suddenly: bool
) -> None:
    with ward() as own:
        if suddenly:
            warm(own)
        for id_ in IDS[:2]:
            own.patients[id_].sickness = sickness
        own.ask(requests, callers)
        assert len(own.failures) <= requests // 1000, own.failures[:3]


@pytest.mark.parametrize("sickness", SICK)
def test_who_is_ill_is_tried_by_one_request_at_a_time_and_well_again_asked_by_all(
    sickness: str,
) -> None:
    with ward(SHORT_REST_S, PATIENT_S) as own:
        warm(own)
        patient, other, _ = own.patients.values()
        patient.sickness = sickness
        own.ask(60, 8)
        assert patient.asked
        patient.asked.clear()
        with own.asking(4):
            patient.provider.wait_until(lambda: len(patient.asked) >= PROBES)
        lasts_s = PATIENT_S if sickness == "silent" else 0.0
        gaps_s = [after.at_s - before.at_s for before, after in pairwise(patient.asked)]
        assert min(gaps_s) >= lasts_s + SHORT_REST_S - CLOCKS_S, gaps_s

        patient.asked.clear()
        patient.held = threading.Event()
        patient.sickness = None
        with own.asking(4):
            patient.provider.wait_until(lambda: len(patient.asked) > 0)
            more = len(other.asked) + 50
            other.provider.wait_until(lambda: len(other.asked) >= more)
            assert len(patient.asked) == 1, "another came while the first was under way"
            patient.held.set()
            patient.provider.wait_until(lambda: len(patient.asked) > 1)
        patient.asked.clear()
        own.ask(WARM, 4)
        assert len(patient.asked) >= SHARE_MIN * WARM
        assert not own.failures
