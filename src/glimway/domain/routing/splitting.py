"""Which of several models a request for one name gets.

Knows splits of the operator and of projects. Refuses to know endpoints and chance: a draw is a
parameter, and who stays with one variant is found by a hash that is the same in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from glimway.domain.catalog import Resolved
from glimway.domain.names import cut_suffixes, fold
from glimway.domain.routing.affinity import heads_of
from glimway.domain.routing.rules import Split
from glimway.wire.talk import Call

_SPREAD: Final = 1 << 64


def split_of(resolved: Resolved, *places: Mapping[str, Split]) -> tuple[str, Split] | None:
    """The split that holds for a name and its key; the first place that has one counts.

    A split of the name as it was written (an alias) comes before one of its model. A name that is
    pinned to a provider is not split: the caller asked for just that.
    """
    if resolved.pin is not None:
        return None
    names = (fold(cut_suffixes(resolved.asked.strip())[0]), fold(resolved.model_id))
    for splits in places:
        for name in names if splits else ():
            found = splits.get(name)
            if found is not None:
                return name, found
    return None


def variant(
    resolved: Resolved, found: tuple[str, Split], call: Call, project: str, chance: float
) -> tuple[str, float]:
    """The model that a request gets, with the suffixes of the name that was asked.

    Args:
        resolved: the name.
        found: its split.
        call: who asks what.
        project: whose request it is.
        chance: 0 to 1.

    Returns:
        A model's name, and what is left of ``chance``.
    """
    key, split = found
    if split.by == "request":
        model, chance = split.pick(chance)
    elif split.by == "user" and call.user is not None:
        model = split.pick(steady((key, project, call.user)))[0]
    else:
        model = split.pick(steady((key, *heads_of(call, project))))[0]
    return "".join((model, *(f":{one}" for one in resolved.suffixes))), chance


def steady(texts: tuple[str, ...]) -> float:
    """A number from 0 to 1 that is the same for the same texts, everywhere and always."""
    seed = "\0".join(texts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(seed, digest_size=8).digest()) / _SPREAD
