"""Ids that sort by time.

Knows the one shape of an id: 26 characters, 48 bits of milliseconds before 80 bits of entropy, in
Crockford's base32 written in lower case (the layout of https://github.com/ulid/spec).
Refuses to know a clock or a source of entropy; both are parameters.

Every id of one request shares its body: ``chatcmpl-01k9…``, ``req_01k9…`` and ``msg_01k9…`` name
the same request, so any of them finds the same receipt, and its month without an index.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

ID_CHARS: Final = 26
ENTROPY_BYTES: Final = 16
TIME_MS_MAX: Final = (1 << 48) - 1
"""Some day in the year 10889."""
PREFIX_CHARS_MAX: Final = 24

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
"""Ten bits at a time: five look-ups write a time."""
_CHARS: Final = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
"""What each byte of entropy becomes."""
_TO_PYTHON: Final = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
"""Python's own base 32 digits, which ``int`` reads."""
_TIME_CHARS: Final = 10
_BODY: Final = re.compile(rf"[0-7][{_ALPHABET}]{{25}}")
_PUBLIC: Final = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9_-]{{0,{PREFIX_CHARS_MAX - 2}}}[_-])?([0-7][{_ALPHABET}]{{25}})"
)
_DAY_MS: Final = 86_400_000
_ERA_DAYS: Final = 146_097
"""Days in 400 years."""
_DAYS_BEFORE_1970: Final = 719_468
"""Days from 1 March 0000 to 1 January 1970."""


def new_id(now_ms: int, entropy: bytes) -> str:
    """Make the body of an id.

    Args:
        now_ms: milliseconds since 1970, at most ``TIME_MS_MAX``.
        entropy: ``ENTROPY_BYTES`` bytes, used once; the low five bits of each become a character.

    Raises:
        ValueError: a time or an amount of entropy that does not fit.
    """
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"an id takes {ENTROPY_BYTES} bytes of entropy, not {len(entropy)}")
    # A translation and a look-up: shifting eighty bits cost fifteen times as much.
    return _time_chars(now_ms) + entropy.translate(_CHARS).decode("ascii")


@lru_cache(maxsize=8)  # a busy server makes several ids in a millisecond
def _time_chars(now_ms: int) -> str:
    if not 0 <= now_ms <= TIME_MS_MAX:
        raise ValueError(f"{now_ms} ms does not fit into an id")
    pairs = _PAIRS
    return (
        f"{pairs[now_ms >> 40]}{pairs[now_ms >> 30 & 1023]}{pairs[now_ms >> 20 & 1023]}"
        f"{pairs[now_ms >> 10 & 1023]}{pairs[now_ms & 1023]}"
    )


def id_time_ms(body: str) -> int:
    """When the id was made, milliseconds since 1970.

    Raises:
        ValueError: not the body of an id.
    """
    if not _BODY.fullmatch(body):
        raise ValueError("not an id")
    return int(body[:_TIME_CHARS].translate(_TO_PYTHON), 32)


def month_of(body: str) -> str:
    """The month (UTC) in which the id was made, as ``2026_11``.

    Raises:
        ValueError: not the body of an id.
    """
    return month_at(id_time_ms(body))


def month_at(at_ms: int) -> str:
    """The month (UTC) of a time, as ``2026_11``.

    Counts in eras of 400 years from 1 March 0000, where each leap day is the last of its year:
    so no table of months is needed, and years after 9999 work, which ``datetime`` refuses.

    Args:
        at_ms: milliseconds since 1970.
    """
    era, day = divmod(at_ms // _DAY_MS + _DAYS_BEFORE_1970, _ERA_DAYS)
    year = (day - day // 1460 + day // 36524 - day // (_ERA_DAYS - 1)) // 365
    day_of_year = day - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    if month >= 10:  # January and February close the year that began in March
        year += 1
        month -= 12
    return f"{year + 400 * era:04d}_{month + 3:02d}"


def strip_prefix(public_id: str) -> str:
    """The body of an id as callers see it: ``chatcmpl-01k9…`` becomes ``01k9…``.

    Any short word that ends in ``-`` or ``_`` is taken for a prefix, and none is needed, so that
    whatever a caller has at hand finds its request.

    Raises:
        ValueError: no id of ours ends this text.
    """
    match = _PUBLIC.fullmatch(public_id)
    if match is None:
        raise ValueError("not an id")
    return match[1]
