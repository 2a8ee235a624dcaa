"""How a caller wants to be routed.

Knows every wish there is, the suffixes of a model's name, and how one set of wishes lies over
another. Refuses to know how a request spells them (``wishes`` reads that) and endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from glimway.domain.statistics.figures import Percentile

Sort = Literal["price", "latency", "throughput"]
SORTS: Final[tuple[Sort, ...]] = ("price", "latency", "throughput")
_SUFFIX_SORTS: Final[dict[str, Sort]] = {"floor": "price", "nitro": "throughput"}

Cutoff = tuple[Percentile, float]
"""A percentile and the value that it is held to."""


class MaxPrice(msgspec.Struct, frozen=True):
    """Atto-USD per token (``input``, ``output``), request and search at most; None: any."""

    input: int | None = None
    output: int | None = None
    request: int | None = None
    web_search: int | None = None


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's wishes. Hashable, so that what follows from them can be remembered.

    Args:
        order: providers to be asked first, in this order. Like all names here: a provider's id,
            its profile's, an endpoint's, or ``provider/quantization`` or ``provider/region``;
            folded.
        only: no others than these; empty: any.
        ignore: none of these.
        allow_fallbacks: False: those of ``order`` alone, or without it the first endpoint alone.
        sort: by what endpoints are ordered; None: the operator's policy.
        across_models: with ``sort``, endpoints of the fallback models are ordered among the others
            rather than after them.
        require_parameters: leave out endpoints that would ignore or change a member.
        zdr: prompts and answers are not kept there.
        no_train: they train no model there.
        regions, quantizations: one of these; empty: any. Folded.
        max_price: dearer endpoints are left out.
        free: endpoints that cost anything are left out.
        max_ttft_ms, min_tokens_per_second: limits by percentile: endpoints that are known to be
            slower are left out.
        prefer_ttft_ms, prefer_tokens_per_second: the same, but slower endpoints come last.
        models: fallback models, as they were written (the AI Gateway's place for them).
        hedge: whether a second request may race a late first token; None: as the operator has it.
        idle: members that are understood and change nothing here, to be told to the caller.
    """

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True
    sort: Sort | None = None
    across_models: bool = False
    require_parameters: bool = False
    zdr: bool = False
    no_train: bool = False
    regions: tuple[str, ...] = ()
    quantizations: tuple[str, ...] = ()
    max_price: MaxPrice | None = None
    free: bool = False
    max_ttft_ms: tuple[Cutoff, ...] = ()
    min_tokens_per_second: tuple[Cutoff, ...] = ()
    prefer_ttft_ms: tuple[Cutoff, ...] = ()
    prefer_tokens_per_second: tuple[Cutoff, ...] = ()
    models: tuple[str, ...] = ()
    hedge: bool | None = None
    idle: tuple[str, ...] = ()

    @property
    def timed(self) -> bool:
        """Whether live statistics decide anything."""
        return bool(
            self.sort in ("latency", "throughput")
            or self.max_ttft_ms
            or self.min_tokens_per_second
            or self.prefer_ttft_ms
            or self.prefer_tokens_per_second
        )


NONE: Final = Preferences()
_DEFAULTS: Final = {name: getattr(NONE, name) for name in Preferences.__struct_fields__}


def with_suffixes(wishes: Preferences, suffixes: Iterable[str]) -> Preferences:
    """The wishes of a name's suffixes added: ``:floor``, ``:nitro`` and ``:free``.

    What the ``provider`` object says more precisely counts more. ``:online`` is no wish of routing
    alone: see ``wants``.
    """
    for suffix in suffixes:
        if suffix == "free":
            wishes = msgspec.structs.replace(wishes, free=True)
        elif suffix in _SUFFIX_SORTS and wishes.sort is None and not wishes.order:
            wishes = msgspec.structs.replace(wishes, sort=_SUFFIX_SORTS[suffix])
    return wishes


def laid_over(below: Preferences, above: Preferences) -> Preferences:
    """A caller's wishes over a project's. A caller may narrow what the project set and never
    widen it: refusals to be kept, trained on or overcharged hold, and lists of ``only`` meet.

    A list that names what the project does not allow leaves nothing over, so the request is
    refused rather than routed elsewhere.
    """
    if below == NONE:
        return above
    if above == NONE:
        return below
    own = {
        name: getattr(above, name)
        for name, default in _DEFAULTS.items()
        if getattr(above, name) != default
    }
    own["ignore"] = tuple(dict.fromkeys((*below.ignore, *above.ignore)))
    for name in ("only", "regions", "quantizations"):
        mine, theirs = getattr(below, name), getattr(above, name)
        if mine and theirs:
            # An empty tuple would mean "any": what meets nothing must match nothing.
            own[name] = tuple(one for one in theirs if one in mine) or (_NOTHING,)
    for name in ("zdr", "no_train", "require_parameters", "free"):
        own[name] = getattr(below, name) or getattr(above, name)
    own["allow_fallbacks"] = below.allow_fallbacks and above.allow_fallbacks
    if below.max_price is not None and above.max_price is not None:
        own["max_price"] = _cheaper(below.max_price, above.max_price)
    own["max_ttft_ms"] = below.max_ttft_ms + above.max_ttft_ms
    own["min_tokens_per_second"] = below.min_tokens_per_second + above.min_tokens_per_second
    return msgspec.structs.replace(below, **own)


_NOTHING: Final = "\0"
"""A name that nothing has."""


def _cheaper(one: MaxPrice, other: MaxPrice) -> MaxPrice:
    def least(mine: int | None, theirs: int | None) -> int | None:
        given = [amount for amount in (mine, theirs) if amount is not None]
        return min(given) if given else None

    return MaxPrice(
        *(least(getattr(one, name), getattr(other, name)) for name in MaxPrice.__struct_fields__)
    )
