"""Reads ``[projects.NAME.routing]``: how one project's requests are routed.

Knows the fields and what can be wrong with them. Refuses to know which projects there are: they
are kept in the database, and may be made later.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from glimway.config.problem import given, nearest
from glimway.config.splits import read_by, variants
from glimway.config.table import Table
from glimway.config.values import ProjectConfig
from glimway.domain.names import fold
from glimway.domain.routing.preferences import NONE, Preferences, laid_over
from glimway.domain.routing.rules import WEIGHT_MAX, Project, Split
from glimway.domain.routing.wishes import read_preferences
from glimway.wire.refusal import Refusal, shown

FIELDS: Final = {
    "order, only, ignore, allow_fallbacks, sort, require_parameters, zdr, no_train, regions, "
    "quantizations, max_price, max_ttft_p90_ms, min_tokens_per_second, models, hedge": "As in the "
    "`provider` object of a request, and under it: a request may narrow what stands here, and "
    "never widen it.",
    "weights": 'Shares by the id of an endpoint or a provider: `{ "lab/m@rack2" = 5 }`. Who is '
    "named with a weight shares the load at any price.",
    "splits": 'Models whose requests go to several: `{ "lab/m" = { "lab/m" = 95, "lab/n" = 5 } }`; '
    "before those of `[[models]]`.",
    "split_by": "As for a model.",
    "hedge_percent": "Second requests in a hundred that may race a late first token.",
}
"""Every field, in the words of the reference page."""

_OWN: Final = ("weights", "splits", "split_by", "hedge_percent")


def read_projects(root: Table, providers: Collection[str]) -> tuple[ProjectConfig, ...]:
    """All projects of the file.

    Args:
        root: the whole file.
        providers: ids that weights may name.
    """
    projects = root.table("projects")
    found = []
    for name in projects.values if projects is not None else ():
        project = projects.table(name) if projects is not None else None
        if project is None:
            continue
        project.refuse_unknown(("routing",))
        routing = project.table("routing")
        if routing is not None:
            found.append(ProjectConfig(name, _routing(routing, providers), project.line()))
    return tuple(found)


def _routing(table: Table, providers: Collection[str]) -> Project:
    return Project(
        preferences=_preferences(table),
        weights=_weights(table, providers),
        splits=_splits(table),
        hedge_percent=_percent(table),
    )


def _preferences(table: Table) -> Preferences:
    found = NONE
    for name, value in table.values.items():
        if name in _OWN:
            continue
        try:
            found = laid_over(found, read_preferences({name: value}, "routing"))
        except Refusal as refusal:
            # The words are those that a request would get: one reader serves both.
            table.complain([name], f"is not right: {refusal.message.rstrip('.')}", _mend(name))
    if found.idle:
        table.complain([found.idle[0]], "has no effect here", "remove it")
        found = msgspec.structs.replace(found, idle=())
    return found


def _mend(name: str) -> str:
    known = (*(part.strip() for part in next(iter(FIELDS)).split(",")), *_OWN)
    close = nearest(name, known) if name not in known else None
    return f"did you mean {close}?" if close else "see docs/routing.md"


def _weights(table: Table, providers: Collection[str]) -> dict[str, int]:
    weights = table.table("weights")
    found: dict[str, int] = {}
    for name in weights.values if weights is not None else ():
        assert weights is not None  # noqa: S101 - else nothing is walked through
        weight = weights.whole(name, 0, WEIGHT_MAX)
        provider = name.rpartition("@")[2] if "@" in name else name
        if provider not in providers and provider.partition("/")[0] not in providers:
            close = nearest(provider, providers)
            mend = f'did you mean "{close}"?' if close else "name a provider or MODEL@PROVIDER"
            weights.complain([name], f"{shown(name)} is no endpoint or provider", mend)
        elif weight is not None:
            found[name] = weight
    return found


def _splits(table: Table) -> dict[str, Split]:
    by = read_by(table)
    splits = table.table("splits")
    found: dict[str, Split] = {}
    for name in splits.values if splits is not None else ():
        one = splits.table(name) if splits is not None else None
        split = None if one is None else variants(one, by)
        if split is not None:
            found[fold(name)] = split
    return found


def _percent(table: Table) -> float:
    value: Any = table.values.get("hedge_percent", 0)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return float(value)
    table.complain(["hedge_percent"], f"is {given(value)}", "write a number from 0 to 100")
    return 0.0
