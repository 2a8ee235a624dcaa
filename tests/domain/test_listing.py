"""Hosts' own lists of prices, in the forms they have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.data import load_profiles
from glimway.domain.listing import read_list
from glimway.domain.pricelist import PriceList

FORMS = {name: one.price_list for name, one in load_profiles().items() if one.price_list}
PLAIN = PriceList(input="in", output="out", source="here")

ITEMS: dict[str, Any] = {
    "openrouter": {
        "id": "m",
        "pricing": {
            "prompt": "0.00000006",
            "completion": "0.0000004",
            "input_cache_read": "0.00000001",
            "request": "0.001",
        },
    },
    "deepinfra": {
        "id": "m",
        "metadata": {
            "pricing": {"input_tokens": 0.06, "output_tokens": 0.4, "cache_read_tokens": 0.01}
        },
    },
    "novita": {"id": "m", "input_token_price_per_m": 600, "output_token_price_per_m": 4000},
    "ai-gateway": {
        "id": "m",
        "pricing": {
            "input": "0.00000006",
            "output": "0.0000004",
            "input_cache_read": "0.00000001",
        },
    },
}


def one(form: PriceList, **item: Any) -> Any:
    return read_list(form, json.dumps({"data": [{"id": "m", **item}]}).encode()).get("m")


@pytest.mark.parametrize("host", FORMS)
def test_each_hosts_form(host: str) -> None:
    price = one(FORMS[host], **ITEMS[host])
    assert (price.input, price.output) == ("0.06", "0.4")
    assert price.cached_input == (None if host == "novita" else "0.01")
    assert price.request == ("0.001" if host == "openrouter" else "0")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        ("0", "0"),
        (0.43000000000000005, "0.43"),
        ("1e-2", "0.01"),
        (10, "10"),
        ("00.070", "0.07"),
        (-1, None),
        ("-1", None),
        ("free", None),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999999", None),
        ("9" * 41, None),
        ("1e30", None),
    ],
)
def test_an_amount_is_exact_or_none(amount: Any, text: str | None) -> None:
    price = one(PLAIN, **{"in": amount, "out": "1"})
    assert (None if price is None else price.input) == text
    if price is not None:
        price.price()


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"data": {}}', b'{"models": []}', b"\xff", b"[" * 100_000, b"NaN"],
)
def test_what_is_no_list_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"not JSON|no list of models"):
        read_list(PLAIN, body)


def test_items_that_say_nothing_are_passed_over() -> None:
    form = PriceList(items="", input="in", output="out", source="here")
    items = [7, None, {"in": 1, "out": 1}, {"id": 3, "in": 1, "out": 1}, {"id": "m", "in": 1}]
    assert read_list(form, json.dumps(items).encode()) == {}
