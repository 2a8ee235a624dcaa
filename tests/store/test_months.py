from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.ids import ENTROPY_BYTES, month_of, new_id
from glimway.store.months import least_id, month_at

times = st.integers(0, 253_339_228_800_000)  # to the end of 9997


@given(times, st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES))
def test_a_month_holds_its_ids_and_no_others(at_ms: int, entropy: bytes) -> None:
    moment = dt.datetime.fromtimestamp(at_ms // 1000, dt.UTC)
    identity = new_id(at_ms, entropy)
    month = month_at(identity)
    assert month.name == month_of(identity) == f"{moment.year}_{moment.month:02d}"
    assert month.low <= identity < month.high
    assert month_at(month.low) == month
    assert month_at(month.high).name != month.name
    assert month_at(month.high).low == month.high


def test_the_least_id_of_a_time_is_before_all_of_that_time() -> None:
    assert least_id(5) <= new_id(5, bytes(ENTROPY_BYTES))
    assert least_id(5) > new_id(4, b"\xff" * ENTROPY_BYTES)
    assert least_id(-5) == least_id(0)
    assert least_id(10**18) > new_id(10**13, bytes(ENTROPY_BYTES))


@pytest.mark.parametrize("text", ["", "x", "z" * 26, "7" + "z" * 25])
def test_what_is_no_id_has_no_month(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        month_at(text)
