"""The operator's part in routing: one policy, and what each project adds.

Knows weights, bands and promises by name. Refuses to know where they were configured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from glimway.domain.endpoint import Endpoint
from glimway.domain.routing.preferences import NONE, Preferences

BAND_PERCENT_DEFAULT: Final = 20
WEIGHT_DEFAULT: Final = 1
WEIGHT_MAX: Final = 1_000_000

Promise = Literal["zdr", "no_train"]


Hedging = Literal["never", "asked", "always"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every request.

    Args:
        band_percent: endpoints that cost at most so much more than the cheapest share the load.
        emulated: capabilities that this gateway supplies itself (``json_schema``).
        affinity: keep conversations where their prompt is cached.
        hedging: whether a second request may race a late first token; ``asked``: where the request
            asks for it.
        hedge_percent: second requests in a hundred of each project.
        splits: by the name or the model that is asked for, folded.
    """

    band_percent: int = BAND_PERCENT_DEFAULT
    emulated: frozenset[str] = frozenset()
    affinity: bool = True
    hedging: Hedging = "never"
    hedge_percent: float = 5.0
    splits: Mapping[str, Split] = {}


class Variant(msgspec.Struct, frozen=True):
    """One arm of a split: a model's name and its weight."""

    model: str
    weight: int


class Split(msgspec.Struct, frozen=True):
    """Requests for one model that go to several.

    Args:
        variants: with weights of which at least one is above 0.
        by: what stays with one variant: each ``request`` is drawn anew, a ``conversation`` (its
            first turns) or a ``user`` (the request's ``user``; without one, as ``conversation``)
            always gets the same.
    """

    variants: tuple[Variant, ...]
    by: Literal["request", "conversation", "user"] = "request"

    def pick(self, chance: float) -> tuple[str, float]:
        """Draw a variant.

        Args:
            chance: 0 to 1.

        Returns:
            Its model, and what is left of ``chance``, again 0 to 1: so that one draw serves both
            this choice and the next.
        """
        total = sum(variant.weight for variant in self.variants)
        at = chance * total
        for variant in self.variants:
            if at < variant.weight:
                return variant.model, at / variant.weight
            at -= variant.weight
        last = next(variant for variant in reversed(self.variants) if variant.weight)
        return last.model, 0.0


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """What one project adds to the policy.

    Args:
        preferences: laid under those of each request.
        weights: shares by an endpoint's or else a provider's id, before the operator's own. Who
            is named here shares the load with the others that are, whatever they cost.
        splits: by the name or the model that is asked for, folded; before the policy's.
        hedge_percent: second requests in a hundred that may race a late first token, whatever the
            policy says; 0: as the policy says.
    """

    preferences: Preferences = NONE
    weights: Mapping[str, int] = {}
    splits: Mapping[str, Split] = {}
    hedge_percent: float = 0.0


ORDINARY: Final = Project()


def named_weight(endpoint: Endpoint, project: Project) -> int | None:
    """The share that a project gives an endpoint by name; None: it names it not."""
    for name in (endpoint.id, endpoint.provider.id) if project.weights else ():
        found = project.weights.get(name)
        if found is not None:
            return min(max(found, 0), WEIGHT_MAX)
    return None


def hedged_percent(wishes: Preferences, project: Project, policy: Policy) -> float:
    """How many second requests in a hundred may race, 0 for none: a request can always say no, a
    project has its own word, and the policy the last."""
    if wishes.hedge is False:
        return 0.0
    if project.hedge_percent:
        return project.hedge_percent
    if policy.hedging == "always" or (policy.hedging == "asked" and wishes.hedge):
        return policy.hedge_percent
    return 0.0


def weight_of(endpoint: Endpoint, project: Project) -> int:
    """The share of an endpoint: the project's word before the operator's, an endpoint's before
    its provider's."""
    found = named_weight(endpoint, project)
    if found is None:
        found = WEIGHT_DEFAULT if endpoint.weight is None else endpoint.weight
    return min(max(found, 0), WEIGHT_MAX)


def promised(endpoint: Endpoint, promise: Promise) -> bool:
    """Whether a host does what ``promise`` says: by the operator's word, else by its own; what is
    unknown counts as no."""
    said = endpoint.zdr if promise == "zdr" else endpoint.no_train
    if said is not None:
        return said
    stated = endpoint.provider.profile.policy
    stance = stated.zdr if promise == "zdr" else stated.no_train
    return stance.answer == "yes"
