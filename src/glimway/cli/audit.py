"""What makes a receipt right.

Knows the rules that each receipt keeps, and says in plain words which one is broken. Refuses to
know where receipts come from and how findings are printed.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from glimway.cli.terminal import counted
from glimway.domain.catalog import Catalog
from glimway.domain.ids import id_time_ms
from glimway.domain.money import ATTOUSD_PER_NANOUSD, usd_number
from glimway.domain.pricing import Price, cost_nanousd
from glimway.domain.receipt import Receipt

FINDINGS_KEPT_MAX: Final = 1000
"""Wrong receipts that are kept by name; the count is of all."""


class Wrong(msgspec.Struct, frozen=True):
    """One receipt that breaks a rule."""

    id: str
    message: str


class Audit:
    """Looks at receipts, newest first, and adds up.

    Args:
        catalog: for the prices that receipts name.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.receipts = 0
        self.wrong = 0
        self.findings: list[Wrong] = []
        self.cost_nanousd = 0
        self.statuses: Counter[str] = Counter()
        self.unpriced = 0
        """Receipts that cost something by a price that is not known any more."""
        self._prices = _prices(catalog)
        self._last_id: str | None = None

    def look_at(self, receipt: Receipt) -> None:
        """Check one receipt. It must come after all receipts that are newer."""
        self.receipts += 1
        self.statuses[receipt.status] += 1
        self.cost_nanousd += receipt.cost_nanousd
        broken = [*self._order(receipt), *_sense(receipt), *self._cost(receipt)]
        self._last_id = receipt.id
        if broken:
            self.wrong += 1
            if len(self.findings) < FINDINGS_KEPT_MAX:
                self.findings.append(Wrong(receipt.id, "; ".join(broken)))

    def document(self) -> dict[str, Any]:
        """Everything as one document."""
        return {
            "ok": not self.wrong,
            "receipts": self.receipts,
            "statuses": dict(sorted(self.statuses.items())),
            "cost_nanousd": self.cost_nanousd,
            "cost_usd": msgspec.Raw(usd_number(self.cost_nanousd)),
            "prices_unknown": self.unpriced,
            "wrong": self.wrong,
            "findings": self.findings,
        }

    def lines(self, findings_max: int) -> list[str]:
        """Everything in plain words.

        Args:
            findings_max: how many wrong receipts are named.
        """
        lines = [f"{finding.id}: {finding.message}" for finding in self.findings[:findings_max]]
        if self.wrong > len(lines):
            lines.append(f"and {self.wrong - len(lines)} more")
        usd = usd_number(self.cost_nanousd).decode()
        lines.append(f"{counted(self.receipts, 'receipt')}, {usd} USD in all.")
        if self.statuses:
            most_first = sorted(self.statuses.items(), key=lambda item: (-item[1], item[0]))
            counts = ", ".join(f"{count} {name}" for name, count in most_first)
            lines.append(f"By status: {counts}.")
        if self.unpriced:
            count = counted(self.unpriced, "receipt")
            lines.append(f"Not computed, because the price is not configured now: {count}.")
        if self.wrong:
            lines.append(f"Wrong: {counted(self.wrong, 'receipt')}.")
        else:
            lines.append("Every receipt is right: one for each request, its cost as priced.")
        return lines

    def _order(self, receipt: Receipt) -> list[str]:
        if self._last_id is not None and receipt.id >= self._last_id:
            return ["its request has more than one receipt"]
        return []

    def _cost(self, receipt: Receipt) -> list[str]:
        if receipt.price_version is None:
            if receipt.cost_nanousd:
                return [f"it costs {receipt.cost_nanousd} nano-USD and names no price"]
            return []
        price = self._prices.get((receipt.endpoint, receipt.price_version))
        if price is None:
            self.unpriced += receipt.cost_nanousd > 0
            return []
        return _price_complaint(receipt, price)


def _sense(receipt: Receipt) -> list[str]:
    """What holds for every receipt, whatever its price."""
    # Token counts are the provider's word, also where they make no sense; the cost is ours
    broken = []
    if receipt.cost_nanousd < 0:
        broken.append("it costs less than nothing")
    if receipt.status in ("failed", "lost") and receipt.cost_nanousd:
        broken.append(f"it is {receipt.status} and costs {receipt.cost_nanousd} nano-USD")
    try:
        made_ms = id_time_ms(receipt.id)
    except ValueError:
        return [*broken, "its id is none"]
    if made_ms != receipt.at_ms:
        broken.append("its id and its time differ")
    return broken


def _price_complaint(receipt: Receipt, price: Price) -> list[str]:
    if receipt.status in ("failed", "lost"):
        return []
    least = cost_nanousd(price, receipt.tokens)
    cost = receipt.cost_nanousd
    if cost == least or (cost == 0 and not any(msgspec.structs.astuple(receipt.tokens))):
        return []
    if price.web_search and cost > least:
        # Searches are not on the receipt: the rest must be a whole number of them
        searches = round((cost - least) * ATTOUSD_PER_NANOUSD / price.web_search)
        if cost == cost_nanousd(price, receipt.tokens, searches=searches):
            return []
    return [f"it costs {cost} nano-USD; its tokens times the price {price.version} are {least}"]


def _prices(catalog: Catalog) -> dict[tuple[str, str], Price]:
    """Every price that a receipt may name, by endpoint and version."""
    return {
        (endpoint.id, price.version): price
        for model in catalog.all_models
        for endpoint in catalog.endpoints_of(model.id)
        if endpoint.rates is not None
        for price in endpoint.rates.prices
    }
