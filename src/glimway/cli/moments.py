"""Times as people write and read them on the command line.

Knows durations (``30d``), dates and the way a time is shown, all in UTC. Refuses to know the
present: ``now_ms`` is a parameter.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import click

UNIT_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DURATION_MS_MAX: Final = 100 * 365 * UNIT_MS["d"]

_DURATION = re.compile(r"(\d{1,9})([smhdw])")


def duration_ms(text: str) -> int:
    """``90s``, ``30m``, ``24h``, ``30d`` or ``2w`` in milliseconds.

    Raises:
        click.BadParameter: it is none of these.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    length = int(found[1]) * UNIT_MS[found[2]] if found else DURATION_MS_MAX + 1
    if length > DURATION_MS_MAX:
        raise click.BadParameter(f"{text!r} is not a duration; write 90s, 30m, 24h, 30d or 2w")
    return length


def moment_ms(text: str, now_ms: int, *, ago: bool = False) -> int:
    """A date, a date with a time, or a duration from now, in milliseconds since 1970.

    Args:
        text: as written.
        now_ms: the present.
        ago: a duration leads into the past.

    Raises:
        click.BadParameter: it is none of these.
    """
    if _DURATION.fullmatch(text.strip().lower()):
        length = duration_ms(text)
        return max(0, now_ms - length) if ago else now_ms + length
    return date_ms(text)


def date_ms(text: str) -> int:
    """``2026-12-31`` (its beginning) or ``2026-12-31T18:00``, with an offset or in UTC.

    Raises:
        click.BadParameter: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        words = f"{text!r} is no time; write 2026-12-31, 2026-12-31T18:00 or a duration such as 30d"
        raise click.BadParameter(words) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def shown_time(at_ms: int | None) -> str:
    """``2026-12-31 18:00`` for a table; ``never`` for None."""
    if at_ms is None:
        return "never"
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def iso_time(at_ms: int | None) -> str | None:
    """``2026-12-31T18:00:00Z`` for a document."""
    if at_ms is None:
        return None
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
