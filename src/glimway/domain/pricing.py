"""What tokens cost.

Knows prices, the day from which each holds, and how usage becomes nano-USD. Refuses to know
whose request it was and what it may cost at most.

All rates are atto-USD (1e-18 USD), per token, request or search; a sum is exact and rounded up
once. Thinking is output and costs the output rate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

import msgspec

from glimway.domain.money import nanousd_of
from glimway.domain.receipt import Tokens

STALE_AFTER_DAYS = 30
"""A price that nobody has looked at for longer warns."""

DAY_MS = 86_400_000
_FIRST_DAY = date(1970, 1, 1).toordinal()
_VERSION_DIGITS = 8


class Rates(msgspec.Struct, frozen=True):
    """Atto-USD per token by kind. ``input`` is for tokens that were neither cached nor written to
    a cache; where a host has no rate of its own for those, they cost the input rate."""

    input: int
    output: int
    cached_input: int
    cache_write: int


class Tier(msgspec.Struct, frozen=True):
    """Rates of a long prompt: with ``from_tokens`` input tokens or more (cached ones included),
    the whole request costs these."""

    from_tokens: int
    rates: Rates


class Price(msgspec.Struct, frozen=True):
    """One price of one endpoint.

    Args:
        version: names this price on receipts; other numbers have another version.
        rates: per token.
        effective: the day from which it holds (UTC); None: since ever.
        source: link to where it was read, or where else it comes from.
        checked: the day somebody last saw it there; None: the operator's own price.
        request: atto-USD for each request.
        web_search: atto-USD for each web search.
        tiers: by ``from_tokens``, ascending.
    """

    version: str
    rates: Rates
    effective: date | None = None
    source: str = ""
    checked: date | None = None
    request: int = 0
    web_search: int = 0
    tiers: tuple[Tier, ...] = ()

    @property
    def free(self) -> bool:
        """Whether tokens and requests cost nothing (a web search may)."""
        rates = (self.rates, *(tier.rates for tier in self.tiers))
        return not self.request and not any(
            one.input or one.output or one.cached_input or one.cache_write for one in rates
        )

    def rates_for(self, input_tokens: int) -> Rates:
        """The rates of a request with so many input tokens."""
        found = self.rates
        for tier in self.tiers:
            if input_tokens < tier.from_tokens:
                break
            found = tier.rates
        return found


def cost_attousd(price: Price, tokens: Tokens, requests: int = 1, searches: int = 0) -> int:
    """The exact cost in atto-USD.

    Args:
        price: what holds.
        tokens: as counted. What a host reports wrongly is read in the payer's favour: cached
            and cache-written tokens are parts of the input, and no count is below zero.
        requests: requests that one receipt covers.
        searches: web searches.
    """
    total = max(tokens.input, 0)
    rates = price.rates if not price.tiers else price.rates_for(total)
    cost = total * rates.input
    cached = tokens.cached
    if cached > 0:
        cached = min(cached, total)
        cost += cached * (rates.cached_input - rates.input)
    else:
        cached = 0
    written = tokens.cache_write
    if written > 0:
        cost += min(written, total - cached) * (rates.cache_write - rates.input)
    if tokens.output > 0:
        cost += tokens.output * rates.output
    if requests > 0:
        cost += requests * price.request
    if searches > 0:
        cost += searches * price.web_search
    return cost


def cost_nanousd(price: Price, tokens: Tokens, requests: int = 1, searches: int = 0) -> int:
    """The cost in nano-USD, rounded up; call it once per receipt, on summed tokens."""
    return nanousd_of(cost_attousd(price, tokens, requests, searches))


class RateCard:
    """The prices of one endpoint over time; immutable.

    Args:
        prices: at least one, with distinct effective days.

    Raises:
        ValueError: there is none, or two hold from the same day.
    """

    __slots__ = ("_days", "prices")

    def __init__(self, prices: Iterable[Price]) -> None:
        self.prices = tuple(sorted(prices, key=_first_day))
        """Oldest first."""
        if not self.prices:
            raise ValueError("a rate card needs at least one price")
        self._days = tuple(_first_day(price) for price in self.prices)
        if len(set(self._days)) < len(self._days):
            raise ValueError("two prices hold from the same day")

    def at(self, day: date) -> Price:
        """The price of a day; before the first known one, that one, since none is older."""
        return self._at(day.toordinal() - _FIRST_DAY)

    def at_ms(self, now_ms: int) -> Price:
        """The price at a time, milliseconds since 1970; days begin at midnight UTC."""
        if len(self.prices) == 1:
            return self.prices[0]
        return self._at(now_ms // DAY_MS)

    def _at(self, day: int) -> Price:
        for place in range(len(self._days) - 1, 0, -1):
            if self._days[place] <= day:
                return self.prices[place]
        return self.prices[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RateCard) and self.prices == other.prices

    def __hash__(self) -> int:
        return hash(self.prices)

    def __repr__(self) -> str:
        return f"RateCard({', '.join(price.version for price in self.prices)})"


def age_days(price: Price, today: date) -> int | None:
    """Days since somebody saw the price at its source; None for an operator's own."""
    return None if price.checked is None else (today - price.checked).days


def stale(price: Price, today: date) -> bool:
    """Whether a shipped price is so old that using it should warn."""
    age = age_days(price, today)
    return age is not None and age > STALE_AFTER_DAYS


def price_version(label: str, rates: Rates, tiers: tuple[Tier, ...], flat: tuple[int, int]) -> str:
    """A name that changes whenever a number does.

    Args:
        label: its readable beginning, such as the effective day.
        rates: per token.
        tiers: of long prompts.
        flat: per request, per search.
    """
    numbers = msgspec.json.encode((rates, tiers, flat))
    return f"{label}.{hashlib.sha256(numbers).hexdigest()[:_VERSION_DIGITS]}"


def _first_day(price: Price) -> int:
    return -1 if price.effective is None else price.effective.toordinal() - _FIRST_DAY
