"""Times as the admin API reads and writes them.

Knows ISO 8601 and durations such as ``30d``. Refuses to know the present: ``now_ms`` is a
parameter.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from glimway.wire.check import string, wrong

UNIT_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DURATION_MS_MAX: Final = 100 * 365 * UNIT_MS["d"]

_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION_WORDS: Final = "a duration such as 90s, 30m, 24h, 30d or 2w (100 years at most)"
_MOMENT_WORDS: Final = (
    "a date (2026-12-31), a date with a time (2026-12-31T18:00:00Z) or a duration such as 30d"
)


def duration_ms(param: str, value: object) -> int:
    """``90s``, ``30m``, ``24h``, ``30d`` or ``2w`` in milliseconds.

    Raises:
        Refusal: ``invalid``; it is none of these.
    """
    length = _length(string(param, value))
    if length is None or length > DURATION_MS_MAX:
        wrong(param, value, _DURATION_WORDS)
    return length


def moment_ms(param: str, value: object, now_ms: int, *, ago: bool = False) -> int:
    """A date, a date with a time, or a duration from now, in milliseconds since 1970.

    What has no zone is UTC.

    Args:
        param: the field to name in an error.
        value: as sent.
        now_ms: the present.
        ago: a duration leads into the past.

    Raises:
        Refusal: ``invalid``; it is none of these.
    """
    text = string(param, value)
    length = _length(text)
    if length is not None:
        if length > DURATION_MS_MAX:
            wrong(param, value, _DURATION_WORDS)
        return max(0, now_ms - length) if ago else now_ms + length
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wrong(param, value, _MOMENT_WORDS)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, (moment - _EPOCH) // timedelta(milliseconds=1))


def iso_time(at_ms: int | None) -> str | None:
    """``2026-12-31T18:00:00.250Z``; None stays None."""
    if at_ms is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _length(text: str) -> int | None:
    found = _DURATION.fullmatch(text)
    return int(found[1]) * UNIT_MS[found[2]] if found else None
