"""Prices that hosts' own lists brought, kept in a file beside the database.

Knows the file and how its prices join the shipped ones: they add to them, by day, and never change
what a receipt was charged by. Refuses to know where they came from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from glimway.config.shipped import Shipped
from glimway.domain.offer import Entry, Offer, PriceText

FILE_NAME: Final = "prices.json"
FILE_BYTES_MAX: Final = 16 * 1024 * 1024
FILE_MODE: Final = 0o600


class Refreshed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One price of one offer: ``provider`` and ``model`` as the offer has them."""

    provider: str
    model: str
    price: PriceText


class _Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prices: tuple[Refreshed, ...] = ()


def price_file(data: Path) -> Path:
    """The file in a data folder."""
    return data / FILE_NAME


def read_prices(data: Path) -> tuple[Refreshed, ...]:
    """The kept prices of a data folder; none where there is no file.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds something else; names it.
    """
    file = price_file(data)
    try:
        with file.open("rb") as opened:
            text = opened.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return ()
    if len(text) > FILE_BYTES_MAX:
        raise ValueError(f"{file} is larger than {FILE_BYTES_MAX} bytes")
    try:
        kept = msgspec.json.decode(text, type=_Content).prices
        for one in kept:
            one.price.price()
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{file}: {error}. Remove it and refresh again.") from None
    return kept


def keep_prices(data: Path, brought: Iterable[Refreshed]) -> Path:
    """Add prices to the file, whole or not at all; one of the same day takes the other's place.

    Raises:
        OSError: it cannot be written.
        ValueError: the file that is there cannot be read.
    """
    known = {_key(one): one for one in read_prices(data)}
    known.update({_key(one): one for one in brought})
    file = price_file(data)
    text = msgspec.json.format(msgspec.json.encode(_Content(tuple(known.values()))), indent=2)
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as to:
        to.write(text + b"\n")
        to.flush()
        os.fsync(to.fileno())
    fresh.replace(file)
    return file


def with_prices(shipped: Shipped, kept: Iterable[Refreshed]) -> Shipped:
    """The shipped models with the kept prices in their offers."""
    by_offer: dict[tuple[str, str], list[PriceText]] = {}
    for one in kept:
        by_offer.setdefault((one.provider, one.model), []).append(one.price)
    if not by_offer:
        return shipped
    entries = [
        Entry(entry.model, tuple(_priced(offer, by_offer) for offer in entry.offers))
        for entry in shipped.entries
    ]
    return Shipped(shipped.profiles, entries)


def _priced(offer: Offer, by_offer: dict[tuple[str, str], list[PriceText]]) -> Offer:
    brought = by_offer.get((offer.provider, offer.model))
    if brought is None:
        return offer
    days = {price.effective for price in brought}
    kept = [price for price in offer.prices if price.effective not in days]
    return msgspec.structs.replace(offer, prices=(*kept, *brought))


def _key(one: Refreshed) -> tuple[str, str, str]:
    return one.provider, one.model, str(one.price.effective)
