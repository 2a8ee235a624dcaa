"""The rules of routing that a configuration makes.

Knows which setting is which rule. Refuses to know what routes come of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from glimway.config.values import Config
from glimway.domain.names import fold
from glimway.domain.routing.rules import Policy, Project


def policy_of(config: Config) -> Policy:
    """What holds for every request."""
    settings = config.settings
    hedge = settings.routing_hedge
    return Policy(
        emulated=frozenset({"json_schema"}),
        band_percent=settings.routing.band_percent,
        affinity=settings.routing.affinity == "on",
        hedging=hedge.use,
        hedge_percent=hedge.percent,
        splits={fold(model.id): model.split for model in config.models if model.split is not None},
    )


def projects_by_id(config: Config, known: Mapping[str, str]) -> dict[str, Project]:
    """What single projects add.

    Args:
        config: names them by id or by name.
        known: ids of the projects that exist, by id and by name; others wait until they do.
    """
    return {known[one.name]: one.routing for one in config.projects if one.name in known}
