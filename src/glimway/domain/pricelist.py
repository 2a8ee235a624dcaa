"""How a host lists its prices, as data of its profile.

Knows which forms such lists have. Refuses to know any host, and to read a list.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class PriceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a host lists its prices.

    Args:
        path: what follows the base URL.
        items: the member that holds the models; empty: the answer is the array.
        id: an item's member with the id that calls name.
        input, output, cached_input, cache_write, request: paths of amounts in an item; empty: the
            list does not say.
        per_tokens: for how many tokens an amount is.
        parts_of_usd: how many of an amount's units are one USD.
        source: where this was read.
    """

    path: str = "/models"
    items: str = "data"
    id: str = "id"
    input: str
    output: str
    cached_input: str = ""
    cache_write: str = ""
    request: str = ""
    per_tokens: Literal[1, 1_000, 1_000_000] = 1_000_000
    parts_of_usd: int = 1
    source: str
