"""Rules of sharing, and how one price is divided."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.sharing import ALONE, Bill, Coalescing, Keeping, Sharing, of_project

OPERATORS = Sharing(
    coalesce=Coalescing(use="always", window_ms=120), cache=Keeping(use="asked", ttl_s=60)
)


def test_nothing_is_shared_unless_somebody_says_so() -> None:
    assert ALONE.idle
    assert not OPERATORS.idle
    assert of_project({}, ALONE) is ALONE


def test_a_project_changes_what_it_names_and_keeps_the_rest() -> None:
    said = {"sharing": {"coalesce": {"twins_pay": "split"}, "cache": {"use": "always"}}}
    rules = of_project(said, OPERATORS)
    assert rules.coalesce == Coalescing(use="always", window_ms=120, twins_pay="split")
    assert rules.cache == Keeping(use="always", ttl_s=60)


@pytest.mark.parametrize(
    "said",
    [
        "always",
        {"cache": "always"},
        {"cache": {"use": "sometimes"}},
        {"cache": {"ttl_s": 0}},
        {"coalesce": {"window_ms": 50000}},
        {"coalesce": {"window": 5}},
        {"others": {}},
    ],
)
def test_what_no_rule_may_be_is_told(said: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        of_project({"sharing": said}, OPERATORS)


@given(st.integers(0, 10**12), st.integers(1, 50))
def test_the_parts_of_one_price_sum_up_exactly(price: int, payers: int) -> None:
    bill = Bill()
    for _ in range(payers):
        bill.join()
    parts = [bill.part(price) for _ in range(payers)]
    assert sum(parts) == price
    assert max(parts) - min(parts) <= 1


@given(st.integers(0, 10**9), st.lists(st.floats(0, 1), max_size=9))
def test_who_leaves_early_pays_its_part_and_the_rest_is_still_exact(
    price: int, left_at: list[float]
) -> None:
    bill = Bill()
    alone = [int(price * share) for share in left_at]
    for _ in range(len(alone) + 1):
        bill.join()
    parts = [bill.part(one) for one in alone]
    parts.append(bill.part(price))
    assert sum(parts) == price
    assert all(part <= one for part, one in zip(parts, [*alone, price], strict=True))


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_all_together_never_pay_more_than_one_alone(alone: list[int]) -> None:
    bill = Bill()
    for _ in alone:
        bill.join()
    assert sum(bill.part(one) for one in alone) <= max(alone)


def test_nobody_pays_who_did_not_join() -> None:
    with pytest.raises(RuntimeError):
        Bill().part(1)
