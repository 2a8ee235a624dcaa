"""What tokens cost: a golden table, clamps, tiers, days, speed."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.offer import PriceText, TierText
from glimway.domain.pricing import (
    DAY_MS,
    Price,
    RateCard,
    age_days,
    cost_attousd,
    cost_nanousd,
    price_version,
    stale,
)
from glimway.domain.receipt import Tokens

FLASHX = PriceText(input="0.07", cached_input="0.01", output="0.40").price()
FULL = PriceText(
    input="1",
    cached_input="0.1",
    cache_write="1.25",
    output="10",
    request="0.002",
    web_search="0.033",
).price()
FREE = PriceText(input="0", output="0").price()

counts = st.integers(0, 10**7)


@pytest.mark.parametrize(
    ("price", "tokens", "requests", "searches", "nanousd"),
    [
        (FLASHX, Tokens(), 1, 0, 0),
        (FLASHX, Tokens(input=1), 1, 0, 70),
        (FLASHX, Tokens(output=1), 1, 0, 400),
        (FLASHX, Tokens(input=10, output=437, reasoning=427), 1, 0, 700 + 174_800),
        (FLASHX, Tokens(input=1_000_000, output=1_000_000), 1, 0, 470_000_000),
        (FLASHX, Tokens(input=1000, cached=1000), 1, 0, 10_000),
        (FLASHX, Tokens(input=1000, cached=400), 1, 0, 600 * 70 + 400 * 10),
        (FULL, Tokens(input=100, cached=50, cache_write=30), 0, 0, 20_000 + 5_000 + 37_500),
        (FULL, Tokens(input=100), 3, 2, 100_000 + 6_000_000 + 66_000_000),
        (FREE, Tokens(input=10**9, output=10**9), 1, 0, 0),
        # What a host reports wrongly is read in the payer's favour.
        (FULL, Tokens(input=100, cached=500), 0, 0, 10_000),
        (FULL, Tokens(input=100, cached=80, cache_write=80), 0, 0, 8_000 + 25_000),
        (FULL, Tokens(input=-5, output=-5, cached=-5, cache_write=-5), 0, 0, 0),
        (FULL, Tokens(input=100, cached=-5), 0, 0, 100_000),
    ],
)
def test_golden_costs(
    price: Price, tokens: Tokens, requests: int, searches: int, nanousd: int
) -> None:
    assert cost_nanousd(price, tokens, requests, searches) == nanousd


def test_a_rate_that_a_host_does_not_have_is_the_input_rate() -> None:
    price = PriceText(input="0.43", output="1.75").price()
    assert cost_nanousd(price, Tokens(input=100, cached=60, cache_write=40)) == 43_000


def test_a_sum_is_rounded_up_once() -> None:
    price = PriceText(input="0.0000001", output="0.0000001").price()
    assert cost_attousd(price, Tokens(input=1, output=1)) == 200_000
    assert cost_nanousd(price, Tokens(input=1, output=1)) == 1
    assert cost_nanousd(price, Tokens(input=5_000, output=5_000)) == 1
    assert cost_nanousd(price, Tokens(input=5_000, output=5_001)) == 2


def test_a_long_prompt_has_the_rates_of_its_tier_for_the_whole_request() -> None:
    price = PriceText(
        input="1",
        output="2",
        tiers=(
            TierText(from_tokens=1000, input="3", output="4", cached_input="0.5"),
            TierText(from_tokens=5000, input="5", output="6"),
        ),
    ).price()
    assert cost_nanousd(price, Tokens(input=999, output=10)) == 999_000 + 20_000
    assert cost_nanousd(price, Tokens(input=1000, output=10)) == 3_000_000 + 40_000
    assert cost_nanousd(price, Tokens(input=1000, cached=1000)) == 500_000
    assert cost_nanousd(price, Tokens(input=5000)) == 25_000_000
    assert not price.free


def test_tiers_out_of_order_are_refused() -> None:
    tiers = tuple(TierText(from_tokens=n, input="1", output="1") for n in (5000, 1000))
    with pytest.raises(ValueError, match="from_tokens must rise"):
        PriceText(input="1", output="1", tiers=tiers).price()


@pytest.mark.parametrize("kind", ["input", "output", "cached_input", "cache_write"])
def test_a_wrong_amount_names_its_kind(kind: str) -> None:
    amounts = {"input": "1", "output": "1", kind: "-1"}
    with pytest.raises(ValueError, match=f"{kind}: '-1'"):
        PriceText(**amounts).price()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["request", "web_search"])
def test_a_wrong_flat_amount_names_its_kind(kind: str) -> None:
    amounts = {"input": "1", "output": "1", kind: "1e3"}
    with pytest.raises(ValueError, match=f"{kind}: '1e3'"):
        PriceText(**amounts).price()  # type: ignore[arg-type]


@given(counts, counts, counts, counts)
def test_the_cost_is_never_negative_and_never_above_the_dearest_reading(
    total: int, cached: int, written: int, output: int
) -> None:
    tokens = Tokens(input=total, cached=cached, cache_write=written, output=output)
    cost = cost_attousd(FULL, tokens, requests=0)
    assert 0 <= cost <= total * FULL.rates.cache_write + output * FULL.rates.output


@given(counts, counts)
def test_a_cost_is_additive_without_caches(one: int, other: int) -> None:
    both = cost_attousd(FLASHX, Tokens(input=one + other))
    assert both == cost_attousd(FLASHX, Tokens(input=one)) + cost_attousd(
        FLASHX, Tokens(input=other)
    )


def _price(day: date | None, amount: str) -> Price:
    return PriceText(input=amount, output=amount, effective=day).price()


def test_each_day_has_its_price() -> None:
    card = RateCard(
        [
            _price(date(2026, 7, 2), "2"),
            _price(date(2026, 1, 19), "1"),
            _price(date(2026, 11, 1), "3"),
        ]
    )
    inputs = [price.rates.input for price in card.prices]
    assert inputs == [10**12, 2 * 10**12, 3 * 10**12]
    assert card.at(date(2025, 1, 1)) is card.prices[0]
    assert card.at(date(2026, 1, 19)) is card.prices[0]
    assert card.at(date(2026, 7, 1)) is card.prices[0]
    assert card.at(date(2026, 7, 2)) is card.prices[1]
    assert card.at(date(2030, 1, 1)) is card.prices[2]


def test_a_price_begins_at_midnight_utc() -> None:
    card = RateCard([_price(date(2026, 1, 1), "1"), _price(date(2026, 7, 2), "2")])
    midnight_ms = (date(2026, 7, 2) - date(1970, 1, 1)).days * DAY_MS
    assert card.at_ms(midnight_ms - 1) is card.prices[0]
    assert card.at_ms(midnight_ms) is card.prices[1]
    assert card.at_ms(0) is card.prices[0]


def test_an_operators_price_holds_since_ever() -> None:
    card = RateCard([_price(None, "1"), _price(date(2026, 7, 2), "2")])
    assert card.at(date(1999, 1, 1)).version.startswith("config.")


def test_a_card_needs_prices_of_distinct_days() -> None:
    with pytest.raises(ValueError, match="at least one"):
        RateCard([])
    with pytest.raises(ValueError, match="same day"):
        RateCard([_price(date(2026, 7, 2), "1"), _price(date(2026, 7, 2), "2")])


def test_cards_compare_by_their_prices() -> None:
    one, same, other = (RateCard([_price(None, amount)]) for amount in ("1", "1.0", "2"))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != "1"
    assert "config." in repr(one)


def test_a_version_names_the_day_and_changes_with_any_number() -> None:
    base = {"input": "1", "output": "2"}
    day = date(2026, 7, 2)
    versions = {
        PriceText(**base, effective=day, **more).price().version  # type: ignore[arg-type]
        for more in (
            {},
            {"cached_input": "0.1"},
            {"cache_write": "0.1"},
            {"request": "1"},
            {"web_search": "1"},
            {"tiers": (TierText(from_tokens=9, input="1", output="1"),)},
        )
    }
    assert len(versions) == 6
    assert all(version.startswith("2026-07-02.") for version in versions)
    again = PriceText(**base, effective=day, source="elsewhere").price()  # type: ignore[arg-type]
    assert again.version in versions, "where it was read is no part of a price"
    plain = PriceText(input="1", output="2").price()
    assert plain.version == price_version("config", plain.rates, (), (0, 0))


def test_a_shipped_price_goes_stale_after_30_days() -> None:
    price = PriceText(input="1", output="1", checked=date(2026, 7, 2)).price()
    assert not stale(price, date(2026, 8, 1))
    assert stale(price, date(2026, 8, 2))
    assert age_days(price, date(2026, 8, 2)) == 31
    own = PriceText(input="1", output="1").price()
    assert not stale(own, date(2099, 1, 1))
    assert age_days(own, date(2099, 1, 1)) is None


def test_free_is_about_tokens_and_requests() -> None:
    assert FREE.free
    assert PriceText(input="0", output="0", web_search="0.033").price().free
    assert not PriceText(input="0", output="0", request="1").price().free
    assert not PriceText(input="0", output="0.1").price().free


def test_a_cost_is_quick_enough_for_every_request() -> None:
    tokens = Tokens(input=1000, output=300, cached=200, reasoning=100)
    rounds = 5_000

    def one_us() -> float:
        began = time.perf_counter()
        for _ in range(rounds):
            cost_nanousd(FLASHX, tokens)
        return (time.perf_counter() - began) / rounds * 1e6

    # The budget is 1.5 us; the best of several rounds says what it costs on a busy machine too.
    assert min(one_us() for _ in range(7)) < 3
