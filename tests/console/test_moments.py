"""Times as administrators write and read them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.console.moments import duration_ms, iso_time, moment_ms
from glimway.wire.refusal import Refusal

NOW_MS = 1_795_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0s", 0), ("90s", 90_000), ("30m", 1_800_000), ("24h", 86_400_000), ("2w", 1_209_600_000)],
)
def test_durations(text: str, expected: int) -> None:
    assert duration_ms("a", text) == expected
    assert moment_ms("a", text, NOW_MS) == NOW_MS + expected
    assert moment_ms("a", text, NOW_MS, ago=True) == NOW_MS - expected


@pytest.mark.parametrize(
    "value", ["", "1", "d", "-1d", "1.5h", "1y", "30 d", "٣d", 5, None, [], "6000w"]
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(Refusal) as caught:
        duration_ms("a", value)
    assert (caught.value.kind, caught.value.param) == ("invalid", "a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1969-01-01", 0),
        ("2026-11-18T11:06:40Z", NOW_MS),
        ("2026-11-18T11:06:40.0019", NOW_MS + 1),
        ("2026-11-18 13:06:40+02:00", NOW_MS),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("0001-01-01T00:00+23:59", 0),
    ],
)
def test_moments(text: str, expected: int) -> None:
    assert moment_ms("a", text, NOW_MS) == expected


def test_a_time_before_the_first_is_the_first() -> None:
    assert moment_ms("a", "3000w", 5, ago=True) == 0


@given(st.one_of(st.text(max_size=40), st.integers(), st.none()))
def test_whatever_is_sent_is_read_or_refused(value: object) -> None:
    with contextlib.suppress(Refusal):
        assert moment_ms("a", value, NOW_MS) >= 0


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_that_is_shown_reads_back(at_ms: int) -> None:
    shown = iso_time(at_ms)
    assert shown is not None
    assert moment_ms("a", shown, NOW_MS) == at_ms


def test_no_time_is_shown_as_none() -> None:
    assert iso_time(None) is None
