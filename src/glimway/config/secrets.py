"""A secret that does not show itself.

Knows how to hold a value so that no log line, error page, JSON document or pickle carries it by
accident. Refuses to know where the value comes from and what it opens.
"""

from __future__ import annotations

import hmac
from typing import NoReturn

HIDDEN = "Secret(…)"
"""What is seen of every secret, so that two of them cannot even be told apart by length."""


class Secret:
    """A secret value; ``reveal`` is the only way to it.

    It has no JSON form (``msgspec`` and ``json`` raise ``TypeError``) and cannot be pickled.

    Args:
        value: the secret itself.
        source: where it was found (a variable's name, a file's path); this is no secret.
    """

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "") -> None:
        self._value = value
        self.source = source

    def reveal(self) -> str:
        """The value, for the one place that must send or hash it."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (one.reveal().encode("utf-8", "surrogatepass") for one in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")
