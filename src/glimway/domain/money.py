"""Money as integers, and its decimal text.

Knows two units: nano-USD (1e-9 USD, what receipts and books hold) and atto-USD (1e-18 USD, in
which a price per token is exact). Refuses to know floats: an amount enters as decimal text and
leaves as decimal digits.

A price of USD per million tokens with up to 12 decimals is a whole number of atto-USD per token,
so sums of price times tokens are exact; they are rounded up once, by ``nanousd_of``.
"""

from __future__ import annotations

import re

NANOUSD_PER_USD = 10**9
ATTOUSD_PER_NANOUSD = 10**9
ATTOUSD_DECIMALS = 18

PRICE_DECIMALS_MAX = 12
"""Decimals of a price: USD per million tokens stays whole in atto-USD per token."""
NANOUSD_DECIMALS_MAX = 9
USD_DIGITS_MAX = 9
"""Digits before the point: below a billion dollars, so that sums stay far from any 64-bit bound."""

_ATTOUSD_PER_PICOUSD = 10**6
_USD = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_SHOWN_CHARS_MAX = 40


def parse_usd_per_million(text: object) -> int:
    """A price in USD per million tokens, as atto-USD per token: ``"0.07"`` is 70_000_000_000.

    Args:
        text: decimal digits with at most 12 decimals.

    Raises:
        ValueError: it is no text, is negative, has an exponent or too many digits; says which.
    """
    return _parse(text, PRICE_DECIMALS_MAX)


def parse_usd(text: object) -> int:
    """A price in USD per request or search, as atto-USD: ``"0.033"`` is 33 * 10**15.

    Raises:
        ValueError: as for ``parse_usd_per_million``.
    """
    return _parse(text, PRICE_DECIMALS_MAX) * _ATTOUSD_PER_PICOUSD


def parse_usd_nanousd(text: object) -> int:
    """An amount of money in USD, as nano-USD: ``"0.37"`` is 370_000_000.

    Raises:
        ValueError: as for ``parse_usd_per_million``, with at most 9 decimals.
    """
    return _parse(text, NANOUSD_DECIMALS_MAX)


def nanousd_of(attousd: int) -> int:
    """Atto-USD rounded up to nano-USD; done once per receipt."""
    return -(-attousd // ATTOUSD_PER_NANOUSD)


def usd_number(nanousd: int) -> bytes:
    """Nano-USD as a JSON number of USD in plain decimal digits: 70 is ``b"0.00000007"``."""
    return _digits(nanousd, NANOUSD_DECIMALS_MAX).encode()


def usd_text(attousd: int) -> str:
    """Atto-USD as decimal text of USD, exact: the text that ``parse_usd`` reads."""
    return _digits(attousd, ATTOUSD_DECIMALS)


def usd_per_million_text(attousd_per_token: int) -> str:
    """A price per token as USD per million tokens, exact: reads back to the same integer."""
    return _digits(attousd_per_token, PRICE_DECIMALS_MAX)


def _parse(text: object, decimals_max: int) -> int:
    if type(text) is not str:
        raise ValueError(
            f'{_shown(text)} is not text: write an amount in quotes, as in "0.40", '
            "because a binary number is not exact"
        )
    match = _USD.fullmatch(text)
    if match is None:
        raise ValueError(f"{_shown(text)} is not an amount of USD: {_complaint(text)}")
    whole, fraction = match[1], match[2] or ""
    if len(whole) > USD_DIGITS_MAX:
        raise ValueError(f"{_shown(text)} has more than {USD_DIGITS_MAX} digits before the point")
    if len(fraction) > decimals_max:
        raise ValueError(f"{_shown(text)} has more than {decimals_max} decimals")
    return int(whole + fraction.ljust(decimals_max, "0"))


def _complaint(text: str) -> str:
    if text[:1] in ("-", "+"):
        return "it must not have a sign"
    if re.search(r"[0-9.][eE]", text):
        return "it must not have an exponent"
    if "," in text:
        return "write the decimal point as a point, without separators"
    return 'write decimal digits, as in "0.40"'


def _digits(amount: int, decimals: int) -> str:
    if amount < 0:
        return "-" + _digits(-amount, decimals)
    digits = str(amount).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}".rstrip("0").rstrip(".")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS_MAX else text[: _SHOWN_CHARS_MAX - 1] + "…"
