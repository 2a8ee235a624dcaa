"""What hosts' own lists of prices would change in the catalog.

Knows how a listed price and a known one compare, and what a list leaves open. Refuses to fetch a
list, and to apply anything: ``refreshed`` keeps what somebody agreed to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from glimway.domain.endpoint import serves
from glimway.domain.offer import Entry, Offer, PriceText
from glimway.domain.pricing import Price
from glimway.domain.provider import Provider


class Row(msgspec.Struct, frozen=True):
    """One offer, and what its host's list says of it.

    Args:
        kind: ``changed``, ``new`` (it had no price), ``same``, or ``unlisted`` (the list does not
            have it: nothing is changed).
        model: the catalog's id.
        provider: whom the offer names.
        upstream: the host's own id.
        before: the price that holds today; None: not known.
        after: the listed one, whole; None: unlisted.
    """

    kind: Literal["changed", "new", "same", "unlisted"]
    model: str
    provider: str
    upstream: str
    before: PriceText | None
    after: PriceText | None


def compare(
    entries: Iterable[Entry], provider: Provider, listed: Mapping[str, PriceText], today: date
) -> list[Row]:
    """Hold the offers of a provider to its own list.

    Args:
        entries: models with their offers.
        provider: whose list it is.
        listed: prices by the provider's own ids.
        today: the day of the new prices, and whose old ones hold.

    Raises:
        ValueError: a listed amount that is no price.
    """
    form = provider.profile.price_list
    source = "" if form is None else (provider.base_url or "") + form.path
    rows = []
    for entry in entries:
        for offer in entry.offers:
            if not serves(provider, offer):
                continue
            before = _today(offer, today)
            found = listed.get(offer.model)
            if found is None:
                kind: Literal["changed", "new", "same", "unlisted"] = "unlisted"
                after = None
            else:
                after = _whole(found, before, today, source)
                kind = "new" if before is None else "changed"
                if before is not None and _equal(before.price(), after.price()):
                    kind = "same"
                    after = msgspec.structs.replace(after, effective=before.effective)
            rows.append(Row(kind, entry.model.id, offer.provider, offer.model, before, after))
    return rows


def _today(offer: Offer, today: date) -> PriceText | None:
    begun = [price for price in offer.prices if price.effective is None or price.effective <= today]
    return max(begun or offer.prices, key=lambda one: one.effective or date.min, default=None)


def _whole(found: PriceText, before: PriceText | None, today: date, source: str) -> PriceText:
    """A listed price with what its list does not tell: that stays as it is known."""
    cached, written = found.cached_input, found.cache_write
    web_search, tiers, request = "0", found.tiers, found.request
    if before is not None:
        cached = before.cached_input if cached is None else cached
        written = before.cache_write if written is None else written
        web_search, tiers = before.web_search, before.tiers
        request = before.request if request == "0" else request
    return msgspec.structs.replace(
        found,
        cached_input=cached,
        cache_write=written,
        request=request,
        web_search=web_search,
        tiers=tiers,
        effective=today,
        checked=today,
        source=source,
    )


def _equal(one: Price, other: Price) -> bool:
    return (one.rates, one.request) == (other.rates, other.request)
