"""What one request says about sharing, in its headers.

Knows two headers and their words. Refuses to know the rules of projects.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, cast, get_args

from glimway.engine.client import Headers
from glimway.wire.check import one_of

CacheWish = Literal["on", "off", "refresh"]
"""on: use a kept answer, and keep this one. off: neither. refresh: keep this one in its place."""

CACHE_HEADER: Final = b"x-glimway-cache"
COALESCE_HEADER: Final = b"x-glimway-coalesce"


class Wish(NamedTuple):
    """What a request says; ``cache`` is None where it says nothing."""

    cache: CacheWish | None = None
    coalesce: bool = True


NO_WISH: Final = Wish()


def wish_of(headers: Headers) -> Wish:
    """Read the two headers.

    Args:
        headers: of the request, names in lower case.

    Raises:
        Refusal: ``invalid``, for a word that is none of theirs.
    """
    cache: CacheWish | None = None
    coalesce = True
    for name, value in headers:
        if name == CACHE_HEADER:
            cache = cast("CacheWish", _word(name, value, get_args(CacheWish)))
        elif name == COALESCE_HEADER:
            coalesce = _word(name, value, ("on", "off")) == "on"
    return NO_WISH if cache is None and coalesce else Wish(cache, coalesce)


def _word(name: bytes, value: bytes, words: tuple[str, ...]) -> str:
    word = value.decode("latin-1").strip().lower()
    one_of(name.decode(), word, words)
    return word
