"""Records of requests for the tests of the store.

Knows how a request's records look. The same number always makes the same request.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.domain.ids import new_id
from glimway.domain.receipt import Attempt, Opened, Receipt, Tokens
from kit.ids import entropy_of

NOVEMBER_MS = 1_763_640_000_000
"""20 November 2025, 12:00 UTC."""
DECEMBER_MS = 1_765_000_000_000
"""6 December 2025."""

raw = msgspec.json.encode
"""A record as the journal carries it."""


def request_id(number: int, at_ms: int = NOVEMBER_MS) -> str:
    """Id of request ``number``, which came so many milliseconds after ``at_ms``."""
    return new_id(at_ms + number, entropy_of(number))


def opened(number: int, at_ms: int = NOVEMBER_MS) -> Opened:
    """Its first record."""
    return Opened(
        id=request_id(number, at_ms),
        at_ms=at_ms + number,
        organization="default",
        project="default",
        key="key1",
        model="zai/glm-4.7-flash",
        endpoint="zai/glm-4.7-flash@zai",
        dialect="chat",
        mount="/v1",
        stream=True,
        client_request_id=f"theirs-{number}",
    )


def settled(number: int, at_ms: int = NOVEMBER_MS, **changes: Any) -> Receipt:
    """Its last record."""
    receipt = Receipt(
        id=request_id(number, at_ms),
        at_ms=at_ms + number,
        organization="default",
        project="default",
        key="key1",
        model="zai/glm-4.7-flash",
        asked="glm-4.7-flash",
        endpoint="zai/glm-4.7-flash@zai",
        provider="zai",
        dialect="chat",
        mount="/v1",
        status="ok",
        end="stop",
        http_status=200,
        tokens=Tokens(input=10, output=number),
        cost_nanousd=1000 + number,
        attempts=(Attempt("zai/glm-4.7-flash@zai", "zai", "ok", at_ms + number, 12),),
    )
    return msgspec.structs.replace(receipt, **changes)
