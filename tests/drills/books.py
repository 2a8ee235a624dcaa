"""What the books must say: prices, tokens and costs of the drills, and the receipts as they are.

Knows the arithmetic of a price list, spelled out here once more so that a drill does not agree with
the program by birth, and where receipts are kept. Refuses to know how a request went.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from glimway.config.places import database_url
from glimway.domain.receipt import Receipt
from glimway.store.database import Database
from glimway.store.receipts import PAGE_MAX, Filter, Receipts
from kit.gateway import Gateway

PRICE = {"input": "0.0715", "cached_input": "0.0105", "output": "0.4003"}
"""USD per million tokens; one token costs a fraction of a nano-dollar, so that rounding shows."""

_INPUT, _CACHED, _OUTPUT, _PER_NANOUSD = 715, 105, 4003, 10
"""The same in tenths of a nano-dollar per token."""

ADMIN_KEY = "glimadmin_of_these_drills"
ENVIRONMENT = {"GLIMWAY_ADMIN_KEY": ADMIN_KEY}
"""For the gateways of the drills, whose receipts are read while they run."""

POLL_S = 0.02
"""How often the books are looked at while receipts are awaited."""


@dataclass(frozen=True)
class Used:
    """Tokens of one answer; ``prompt`` includes ``cached``."""

    prompt: int
    cached: int
    completion: int

    @property
    def cost_nanousd(self) -> int:
        """The exact sum, rounded up once."""
        tenths = (self.prompt - self.cached) * _INPUT + self.cached * _CACHED
        return -(-(tenths + self.completion * _OUTPUT) // _PER_NANOUSD)


def used(number: int) -> Used:
    """What the provider says that request ``number`` used: different for neighbours."""
    return Used(10 + number % 1009, number % 10, 1 + number % 499)


def name(number: int) -> str:
    """The request id that the client gives request ``number``."""
    return f"drill-{number}"


def number_of(receipt: Receipt) -> int:
    """Which request a receipt is of."""
    assert receipt.client_request_id is not None
    return int(receipt.client_request_id.removeprefix("drill-"))


def receipts(gateway: Gateway) -> list[Receipt]:
    """All receipts, newest first: from the gateway where it runs, else from its database."""
    return _told(gateway) if gateway.running else _kept(gateway)


def _told(gateway: Gateway) -> list[Receipt]:
    found: list[Receipt] = []
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    cursor = ""
    while True:
        page = gateway.get(f"/admin/v1/requests?limit={PAGE_MAX}{cursor}", headers)
        assert page.status == 200, page.body
        document = page.json()
        found += [msgspec.convert(one, Receipt) for one in document["data"]]
        if document["next"] is None:
            return found
        cursor = "&cursor=" + document["next"]


def _kept(gateway: Gateway) -> list[Receipt]:
    database = Database.open(database_url(gateway.data))
    try:
        reader, wanted = Receipts(database, None), Filter()
        found: list[Receipt] = []
        while True:
            page = reader.list(wanted, PAGE_MAX).result()
            found += page.receipts
            if page.next_before is None:
                return found
            wanted = Filter(before=page.next_before)
    finally:
        database.close()


def wait_for_receipts(
    gateway: Gateway, enough: Callable[[list[Receipt]], bool], within_s: float = 5.0
) -> list[Receipt]:
    """Look at the books until they have enough, and return all receipts.

    Raises:
        TimeoutError: they did not in time; what there is is in the message.
    """
    deadline_s = time.monotonic() + within_s
    while not enough(found := receipts(gateway)):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"only these receipts within {within_s} s: {found}")
        time.sleep(POLL_S)
    return found
