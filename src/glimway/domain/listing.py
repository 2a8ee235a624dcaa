"""A host's own list of models with their prices, read as its profile says.

Knows ids and amounts in such lists, and turns them into prices. Refuses to know hosts, and to
guess: an amount that is none, or negative (prices that depend on something), makes no price.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from glimway.domain.offer import PriceText
from glimway.domain.pricelist import PriceList

MILLION = 1_000_000
STEP = Decimal("0.000000001")
"""Amounts are rounded to this many USD per million tokens: floats leave noise behind."""
DIGITS_MAX = 40
"""An amount with more digits is none."""
ITEMS_MAX = 100_000
"""A longer list is none."""


def read_list(form: PriceList, body: bytes) -> dict[str, PriceText]:
    """The prices of a list by the host's own ids; members that it does not tell are empty.

    Raises:
        ValueError: it is no list of models.
    """
    try:
        value = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {str(error)[:80]}") from None
    items = _at(value, form.items) if form.items else value
    if type(items) is not list or len(items) > ITEMS_MAX:
        raise ValueError(f"no list of models in {form.items or 'the answer'!r}")
    found: dict[str, PriceText] = {}
    for item in items:
        name = _at(item, form.id)
        price = _price(form, item)
        if type(name) is str and price is not None:
            found[name] = price
    return found


def _price(form: PriceList, item: Any) -> PriceText | None:
    scale = Decimal(MILLION) / form.per_tokens / form.parts_of_usd
    given = _amount(item, form.input, scale)
    taken = _amount(item, form.output, scale)
    if given is None or taken is None:
        return None
    return PriceText(
        input=given,
        output=taken,
        cached_input=_amount(item, form.cached_input, scale),
        cache_write=_amount(item, form.cache_write, scale),
        request=_amount(item, form.request, Decimal(1) / form.parts_of_usd) or "0",
    )


def _amount(item: Any, path: str, scale: Decimal) -> str | None:
    """An amount as decimal text of USD; None: there is none."""
    value = _at(item, path) if path else None
    if type(value) is str and len(value) <= DIGITS_MAX:
        try:
            value = Decimal(value)
        except InvalidOperation:
            return None
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        return None
    if len(value.as_tuple().digits) > DIGITS_MAX or abs(value.adjusted()) > DIGITS_MAX:
        return None
    try:
        usd = (value * scale).quantize(STEP)
    except InvalidOperation:
        return None
    text = f"{usd:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value
