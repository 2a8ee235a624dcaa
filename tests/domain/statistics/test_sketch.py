"""The sketch: near the exact quantiles, additive, bounded, and readable again."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.statistics.sketch import (
    ACCURACY,
    BUCKETS_MAX,
    VALUE_MAX,
    VALUE_MIN,
    Sketch,
)

PARTS = (0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
values = st.lists(st.floats(VALUE_MIN, VALUE_MAX), min_size=1, max_size=300)


def sketch_of(stream: list[float]) -> Sketch:
    sketch = Sketch()
    for value in stream:
        sketch.add(value)
    return sketch


def exact(stream: list[float], part: float) -> float:
    return sorted(stream)[int(part * (len(stream) - 1))]


@given(values)
def test_quantiles_are_within_two_percent_of_the_exact_ones(stream: list[float]) -> None:
    sketch = sketch_of(stream)
    for part, found in zip(PARTS, sketch.quantiles(PARTS), strict=True):
        assert found is not None
        assert found == pytest.approx(exact(stream, part), rel=ACCURACY + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_a_long_tail_keeps_its_percentiles(seed: int) -> None:
    chance = random.Random(seed)
    stream = [chance.lognormvariate(6, 1) + chance.paretovariate(1.5) for _ in range(20_000)]
    sketch = sketch_of(stream)
    for part in PARTS:
        assert sketch.quantile(part) == pytest.approx(exact(stream, part), rel=ACCURACY + 1e-9)


@given(values, values)
def test_two_merged_are_one_of_both(one: list[float], other: list[float]) -> None:
    merged = sketch_of(one)
    merged.merge(sketch_of(other))
    assert merged == sketch_of(one + other)
    assert merged.count == len(one) + len(other)


@given(values)
def test_a_packed_sketch_reads_back(stream: list[float]) -> None:
    sketch = sketch_of(stream)
    assert Sketch.unpacked(sketch.packed()) == sketch


def test_an_empty_sketch_knows_nothing() -> None:
    assert Sketch().quantile(0.5) is None
    assert Sketch().quantiles((0.1, 0.9)) == [None, None]
    assert Sketch.unpacked([]).count == 0


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, -math.inf])
def test_what_is_too_small_or_no_number_counts_as_the_smallest(value: float) -> None:
    assert sketch_of([value]).quantile(0.5) == pytest.approx(VALUE_MIN, rel=ACCURACY)


def test_what_is_too_large_counts_as_the_largest() -> None:
    assert sketch_of([math.inf]).quantile(0.5) == pytest.approx(VALUE_MAX, rel=ACCURACY)


def test_no_stream_needs_more_buckets_than_the_bound() -> None:
    steps = [VALUE_MIN * 1.001**n for n in range(30_000)]
    assert len(sketch_of(steps).packed()) // 2 <= BUCKETS_MAX < 600


@pytest.mark.parametrize("flat", [[1], [5, 0], [5, -1], [BUCKETS_MAX, 1], [3, 1, 0, 1], [-1, 1]])
def test_what_was_never_packed_is_refused(flat: list[int]) -> None:
    with pytest.raises(ValueError, match="packed sketch"):
        Sketch.unpacked(flat)
