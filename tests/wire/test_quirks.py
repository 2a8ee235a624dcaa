"""Quirks: harmless by default, and ranges that fit values."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.quirks import Quirks, Range

values = st.floats(-100, 100, allow_nan=False) | st.integers(-100, 100)


@pytest.mark.parametrize(
    ("bounds", "value", "fitted"),
    [
        (Range(low=0, high=1), 0.5, 0.5),
        (Range(low=0, high=1), 2, 1),
        (Range(low=0, high=1), -0.1, 0),
        (Range(low=0.01, high=1), 0, 0.01),
        (Range(above=0, high=1), 0, 0.01),
        (Range(above=0, high=1), 0.005, 0.005),
        (Range(above=0, below=1), 1, 0.99),
        (Range(above=0, below=1), 7, 0.99),
        (Range(), 7, 7),
        (Range(high=4096), 9999, 4096),
    ],
)
def test_a_value_is_put_inside(bounds: Range, value: float, fitted: float) -> None:
    assert bounds.fit(value) == fitted
    assert bounds.holds(value) == (value == fitted)


@given(values)
def test_what_was_fitted_is_inside(value: float) -> None:
    for bounds in (Range(low=0, high=1), Range(above=0, below=1), Range(low=-3), Range(below=2)):
        assert bounds.holds(bounds.fit(value))


def test_a_whole_bound_stays_whole() -> None:
    assert type(Range(high=4096).fit(9999)) is int


def test_without_quirks_nothing_is_refused_renamed_or_clamped() -> None:
    plain = Quirks()
    assert not plain.reject
    assert not plain.rename
    assert not plain.ranges
    assert not plain.lengths
    assert not plain.strict
    assert not plain.thinking.known
    assert plain.web_search.form == "none"
    assert plain.tools_max is None


def test_quirks_read_back() -> None:
    full = Quirks(
        reject=frozenset({"seed"}),
        ranges={"top_p": Range(low=0.01)},
        reasoning_out=("typed_parts",),
    )
    assert msgspec.convert(msgspec.to_builtins(full), Quirks) == full
