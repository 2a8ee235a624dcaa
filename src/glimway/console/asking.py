"""How the loop asks the store.

Knows that the store answers on its own threads, and what its failures mean to a caller (503).
Refuses to know what is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

import sqlalchemy as sa

from glimway.store.errors import StoreError
from glimway.wire.refusal import Refusal

RETRY_AFTER_S: Final = 5.0
"""When to come back after the store could not answer."""

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


async def ask(lane: Callable[[Work[T]], Future[T]], work: Work[T]) -> T:
    """Run ``work(connection)`` on one of the store's threads and wait for it.

    Args:
        lane: ``Database.read`` or ``Database.write``.
        work: one transaction.

    Raises:
        Refusal: ``unavailable`` when the store cannot; what ``work`` raises.
    """
    return await told(lambda: lane(work))


async def told(start: Callable[[], Future[T]]) -> T:
    """Wait for what ``start`` began.

    Args:
        start: a call that gives a future of the store's threads; it may fail at once.

    Raises:
        Refusal: ``unavailable`` when the store cannot; what the future raises.
    """
    try:
        return await asyncio.wrap_future(start())
    except StoreError as error:
        raise away(error) from None


def away(error: StoreError) -> Refusal:
    """What a failure of the store is to a caller."""
    return Refusal(
        "unavailable",
        "The records cannot be reached at present, please retry later.",
        detail=f"{type(error).__name__}: {error}",
        retry_after_s=RETRY_AFTER_S,
    )
