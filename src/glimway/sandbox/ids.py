"""Ids of answers and calls: made from the request, in a host's form.

Knows forms such as ``{stamp}{hex:.16}``. Refuses to use a clock or chance: the same request gets
the same ids.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

EPOCH_S: Final = 1_768_780_800
"""2026-01-19 00:00 UTC, when GLM-4.7-Flash came out; answers are dated in the year after it."""

YEAR_S: Final = 31_536_000

_ALNUM: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


class Ids:
    """The ids of one answer.

    Args:
        seed: of the request.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.created = EPOCH_S + seed % YEAR_S

    def made(self, form: str, salt: int = 0) -> str:
        """An id.

        Args:
            form: ``str.format`` text with ``stamp``, ``hex``, ``digits`` and ``alnum``.
            salt: another number makes another id.
        """
        digest = blake2b(f"{self._seed}/{salt}".encode(), digest_size=32).digest()
        return form.format(
            stamp=datetime.fromtimestamp(self.created, UTC).strftime("%Y%m%d%H%M%S"),
            hex=digest.hex(),
            digits="".join(str(byte % 10) for byte in digest),
            alnum="".join(_ALNUM[byte % len(_ALNUM)] for byte in digest),
        )
