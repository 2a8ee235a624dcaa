"""One model at one host, as data; and how entries of two sources become one.

Knows offers and prices in text form, and how an operator's entry joins the shipped one. Refuses
to know which providers are configured: ``catalog`` joins offers with those.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from glimway.domain.model import Capability, Model
from glimway.domain.money import parse_usd, parse_usd_per_million
from glimway.domain.pricing import Price, RateCard, Rates, Tier, price_version
from glimway.domain.said import NOTHING, Said

OPERATOR = "config"
"""How versions of prices begin that the operator wrote."""


class RatesText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """USD per million tokens as decimal text. None: a kind without a rate of its own, which
    costs the input rate."""

    input: str
    output: str
    cached_input: str | None = None
    cache_write: str | None = None

    def rates(self) -> Rates:
        """As integers; raises ValueError that names the kind."""
        ordinary = _read("input", self.input)
        return Rates(
            input=ordinary,
            output=_read("output", self.output),
            cached_input=_read("cached_input", self.cached_input, ordinary),
            cache_write=_read("cache_write", self.cache_write, ordinary),
        )


class TierText(RatesText, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rates of prompts of ``from_tokens`` input tokens or more."""

    from_tokens: int


class PriceText(RatesText, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One price as a file has it: ``request`` and ``web_search`` are USD for each."""

    request: str = "0"
    web_search: str = "0"
    tiers: tuple[TierText, ...] = ()
    effective: date | None = None
    checked: date | None = None
    source: str = ""

    def price(self) -> Price:
        """As integers.

        Raises:
            ValueError: an amount that is none, or tiers out of order; names the member.
        """
        rates = self.rates()
        tiers = tuple(Tier(tier.from_tokens, tier.rates()) for tier in self.tiers)
        steps = [0, *(tier.from_tokens for tier in tiers)]
        if steps != sorted(set(steps)):
            raise ValueError("tiers: from_tokens must rise from above 0")
        flat = (_flat("request", self.request), _flat("web_search", self.web_search))
        label = self.effective.isoformat() if self.effective is not None else OPERATOR
        return Price(
            version=price_version(label, rates, tiers, flat),
            rates=rates,
            effective=self.effective,
            source=self.source,
            checked=self.checked,
            request=flat[0],
            web_search=flat[1],
            tiers=tiers,
        )


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model at one host.

    Args:
        provider: id of a configured provider, or of a shipped profile.
        model: the host's own id.
        context, max_output: where they differ from the model's.
        quantization: of the weights as served, such as ``fp8``; empty where it is not known.
        regions: where it runs.
        lacks: capabilities of the model that this host does not give.
        quirks: members of ``Quirks`` that differ from the profile's, laid over them.
        prices: over time; none: not known, so prepaid credits cannot pay it.
        said: what the operator says of it; what is shipped says nothing here.
        deprecated: why it should not be used any more, empty otherwise.
        source, checked, unverified: as on a profile.
    """

    provider: str
    model: str
    context: int | None = None
    max_output: int | None = None
    quantization: str = ""
    regions: tuple[str, ...] = ()
    lacks: frozenset[Capability] = frozenset()
    quirks: dict[str, Any] = {}
    prices: tuple[PriceText, ...] = ()
    said: Said = NOTHING
    deprecated: str = ""
    source: str = ""
    checked: date | None = None
    unverified: tuple[str, ...] = ()

    def rate_card(self) -> RateCard | None:
        """Its prices; None: not known.

        Raises:
            ValueError: a price that is none, or two from the same day.
        """
        if not self.prices:
            return None
        return RateCard(price.price() for price in self.prices)


class Entry(msgspec.Struct, frozen=True):
    """A model and where it can be had, the preferred offers first."""

    model: Model
    offers: tuple[Offer, ...] = ()


def joined(configured: Entry, shipped: Entry) -> Entry:
    """An operator's entry laid over the shipped one of the same id.

    What the operator says wins; its offers come first. An operator's offer of a host that the
    shipped entry also has replaces that one and takes over the facts that it leaves out.
    """
    mine, theirs = configured.model, shipped.model
    model = msgspec.structs.replace(
        theirs,
        aliases=(*mine.aliases, *theirs.aliases),
        context=theirs.context if mine.context is None else mine.context,
        max_output=theirs.max_output if mine.max_output is None else mine.max_output,
        tokenizer=mine.tokenizer or theirs.tokenizer,
    )
    known = {(offer.provider, offer.model): offer for offer in shipped.offers}
    offers = []
    for offer in configured.offers:
        other = known.pop((offer.provider, offer.model), None)
        if other is not None:
            prices = offer.prices or other.prices
            offers.append(msgspec.structs.replace(other, prices=prices, said=offer.said))
        else:
            offers.append(offer)
    return Entry(model, (*offers, *known.values()))


def _read(kind: str, text: str | None, otherwise: int = 0) -> int:
    if text is None:
        return otherwise
    try:
        return parse_usd_per_million(text)
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None


def _flat(kind: str, text: str) -> int:
    try:
        return parse_usd(text)
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from None
