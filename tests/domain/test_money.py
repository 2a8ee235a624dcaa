"""Money: exact text in, whole units inside, plain digits out."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.money import (
    nanousd_of,
    parse_usd,
    parse_usd_nanousd,
    parse_usd_per_million,
    usd_number,
    usd_per_million_text,
    usd_text,
)

digits = st.text("0123456789", min_size=1, max_size=9)
picousd = st.integers(0, 10**20)


@pytest.mark.parametrize(
    ("text", "attousd"),
    [
        ("0", 0),
        ("0.0", 0),
        ("0.07", 70_000_000_000),
        ("2.20", 2_200_000_000_000),
        ("0.000000000001", 1),
        ("999999999", 999_999_999 * 10**12),
        ("007.5", 7_500_000_000_000),
    ],
)
def test_a_price_per_million_is_whole_attousd_per_token(text: str, attousd: int) -> None:
    assert parse_usd_per_million(text) == attousd


def test_a_flat_price_and_an_amount() -> None:
    assert parse_usd("0.033") == 33 * 10**15
    assert parse_usd("1") == 10**18
    assert parse_usd_nanousd("0.37") == 370_000_000
    assert parse_usd_nanousd("0.000000001") == 1


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (0.07, "is not text: write an amount in quotes"),
        (7, "is not text"),
        (True, "is not text"),
        (None, "is not text"),
        ("-1", "must not have a sign"),
        ("+1", "must not have a sign"),
        ("1e-3", "must not have an exponent"),
        ("1E3", "must not have an exponent"),
        ("1,5", "write the decimal point as a point"),
        ("", 'write decimal digits, as in "0.40"'),
        (".5", "write decimal digits"),
        ("5.", "write decimal digits"),
        (" 1", "write decimal digits"),
        ("1\n", "write decimal digits"),
        ("1_000", "write decimal digits"),
        ("\u0661", "write decimal digits"),
        ("nan", "write decimal digits"),
        ("infinity", "write decimal digits"),
        ("0x10", "write decimal digits"),
        ("1234567890", "more than 9 digits before the point"),
        ("0.1234567890123", "more than 12 decimals"),
    ],
)
def test_what_is_no_amount_is_refused_with_the_reason(value: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("(", r"\(")):
        parse_usd_per_million(value)


def test_an_amount_of_credit_has_at_most_nine_decimals() -> None:
    with pytest.raises(ValueError, match="more than 9 decimals"):
        parse_usd_nanousd("0.1234567890")


def test_a_long_wrong_value_is_shown_shortened() -> None:
    with pytest.raises(ValueError, match="…") as caught:
        parse_usd("x" * 10_000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (0, b"0"),
        (1, b"0.000000001"),
        (70, b"0.00000007"),
        (10**9, b"1"),
        (1_500_000_000, b"1.5"),
        (-370_000_000, b"-0.37"),
        (123_456_789_012_345, b"123456.789012345"),
    ],
)
def test_a_cost_is_plain_decimal_digits(nanousd: int, text: bytes) -> None:
    assert usd_number(nanousd) == text


@given(st.integers(-(10**18), 10**18))
def test_a_cost_is_a_json_number_of_the_same_value(nanousd: int) -> None:
    number = usd_number(nanousd)
    assert b"e" not in number
    assert b"E" not in number
    assert json.loads(number, parse_float=Decimal) * 10**9 == nanousd


@given(st.integers(0, 10**18 - 1))
def test_credit_reads_back(nanousd: int) -> None:
    assert parse_usd_nanousd(usd_number(nanousd).decode()) == nanousd


@given(picousd)
def test_prices_read_back(amount: int) -> None:
    assert parse_usd_per_million(usd_per_million_text(amount)) == amount
    assert parse_usd(usd_text(amount * 10**6)) == amount * 10**6


@given(digits, st.text("0123456789", min_size=1, max_size=12))
def test_parsing_is_exact(whole: str, fraction: str) -> None:
    text = f"{whole}.{fraction}"
    assert parse_usd_per_million(text) == Decimal(text) * 10**12
    assert parse_usd(text) == Decimal(text) * 10**18


@given(st.integers(0, 10**30))
def test_rounding_goes_up_and_never_by_a_whole_nanousd(attousd: int) -> None:
    over = nanousd_of(attousd) * 10**9 - attousd
    assert 0 <= over < 10**9
