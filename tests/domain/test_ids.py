"""Ids: shape, order, time, month, prefixes."""

from __future__ import annotations

import datetime as dt
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.ids import (
    ENTROPY_BYTES,
    ID_CHARS,
    TIME_MS_MAX,
    id_time_ms,
    month_at,
    month_of,
    new_id,
    strip_prefix,
)

times = st.integers(0, TIME_MS_MAX)
entropies = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
ZERO = bytes(ENTROPY_BYTES)


def test_known_ids() -> None:
    # The time and the first of these are the example of the ULID specification's layout.
    assert new_id(0, ZERO) == "0" * 26
    assert new_id(TIME_MS_MAX, b"\xff" * ENTROPY_BYTES) == "7" + "z" * 25
    assert new_id(1_469_918_176_385, ZERO)[:10] == "01aryz6s41"
    assert new_id(0, bytes(ENTROPY_BYTES - 1) + b"\x01") == "0" * 25 + "1"


@given(times, entropies)
def test_an_id_is_26_characters_that_hold_its_time_and_entropy(now_ms: int, entropy: bytes) -> None:
    body = new_id(now_ms, entropy)
    assert len(body) == ID_CHARS
    assert set(body) <= set(CROCKFORD)
    assert id_time_ms(body) == now_ms
    value = 0
    for char in body:
        value = value * 32 + CROCKFORD.index(char)
    wanted = now_ms
    for byte in entropy:
        wanted = wanted << 5 | byte & 31
    assert value == wanted


fives = st.lists(st.integers(0, 31), min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES).map(bytes)


@given(times, fives, times, fives)
def test_text_order_is_time_order(t1: int, e1: bytes, t2: int, e2: bytes) -> None:
    assert (new_id(t1, e1) < new_id(t2, e2)) == ((t1, e1) < (t2, e2))
    assert (new_id(t1, e1) == new_id(t2, e2)) == ((t1, e1) == (t2, e2))


@pytest.mark.parametrize("now_ms", [-1, TIME_MS_MAX + 1])
def test_a_time_that_does_not_fit_is_refused(now_ms: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        new_id(now_ms, ZERO)


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_wrong_amount_of_entropy_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        new_id(0, bytes(size))


@given(st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(9999, 12, 31)))  # noqa: DTZ001
def test_months_agree_with_the_calendar(moment: dt.datetime) -> None:
    at_ms = int(moment.replace(tzinfo=dt.UTC).timestamp()) * 1000
    assert month_of(new_id(at_ms, ZERO)) == f"{moment.year:04d}_{moment.month:02d}"


def test_months_turn_at_midnight_utc() -> None:
    for year in (1970, 1999, 2000, 2024, 2026, 2027, 2100, 2400):
        for month in range(1, 13):
            first = dt.datetime(year, month, 1, tzinfo=dt.UTC)
            at_ms = int(first.timestamp()) * 1000
            assert month_at(at_ms) == f"{year}_{month:02d}"
            before = first - dt.timedelta(days=1)
            assert month_at(at_ms - 1) == f"{before.year}_{before.month:02d}"


def test_the_last_id_has_a_month() -> None:
    assert month_of(new_id(TIME_MS_MAX, ZERO)) == "10889_08"


@given(
    entropies,
    st.sampled_from(
        ["", "chatcmpl-", "req_", "resp_", "msg_", "key_", "gen-", "toolu_", "call_", "aisdk-x-"]
    ),
)
def test_prefixes_come_off(entropy: bytes, prefix: str) -> None:
    body = new_id(1_790_000_000_000, entropy)
    assert strip_prefix(prefix + body) == body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chatcmpl-",
        "0" * 25,
        "0" * 27,
        "8" + "0" * 25,  # more than 128 bits
        "0" * 25 + "u",  # not in the alphabet
        "0" * 25 + "A",
        "req" + "0" * 26,  # no end of the prefix
        "-" + "0" * 26,
        "req_" + "0" * 26 + "\n",
        " req_" + "0" * 26,
        "a" * 24 + "_" + "0" * 26,  # longer than any prefix
        "re q_" + "0" * 26,
        "réq_" + "0" * 26,
        "req_" + "٣" * 26,  # digits, but not ours
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        strip_prefix(text)
    with pytest.raises(ValueError, match="not an id"):
        id_time_ms(text)


@given(st.text(string.printable, max_size=60))
def test_reading_any_text_raises_only_value_error(text: str) -> None:
    for read in (strip_prefix, month_of, id_time_ms):
        try:
            read(text)
        except ValueError:
            continue
