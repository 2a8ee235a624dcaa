"""Which month a request belongs to, and which ids a stretch of time has.

Knows that ids begin with their time. Refuses to know tables. Months are those of UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from glimway.domain.ids import ENTROPY_BYTES, TIME_MS_MAX, month_of, new_id

_LEAST: Final = bytes(ENTROPY_BYTES)
_MS: Final = 1000


class Month(NamedTuple):
    """One month and the ids in it: ``low <= id < high``."""

    name: str
    low: str
    high: str


def least_id(at_ms: int) -> str:
    """The smallest id that a request of the millisecond ``at_ms`` can have."""
    return new_id(min(max(0, at_ms), TIME_MS_MAX), _LEAST)


def month_at(request_id: str) -> Month:
    """The month of a request.

    Raises:
        ValueError: not the id of a request.
    """
    return month_named(month_of(request_id))


def month_named(name: str) -> Month:
    """A month by its name, as ``2026_11``.

    Raises:
        ValueError: no month is called so.
    """
    year, _, number = name.partition("_")
    first = datetime(int(year), int(number), 1, tzinfo=UTC)
    months = first.year * 12 + first.month  # counted from 0, this is the month after
    after = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    return Month(name, _first_id(first), _first_id(after))


def _first_id(moment: datetime) -> str:
    return least_id(int(moment.timestamp()) * _MS)
