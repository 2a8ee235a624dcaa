"""Reads splits: one name whose requests go to several models, by weight.

Knows how a split is written and what can be wrong with it. Refuses to know who gets which model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, cast

from glimway.config.problem import given, nearest
from glimway.config.shipped import SANDBOX, Shipped
from glimway.config.table import Table
from glimway.config.values import ModelConfig, ProjectConfig
from glimway.domain.names import cut_suffixes, fold
from glimway.domain.routing.rules import WEIGHT_MAX, Split, Variant
from glimway.wire.refusal import shown

By = Literal["request", "conversation", "user"]
BYS: Final[tuple[By, ...]] = ("request", "conversation", "user")

SPLIT_WORDS: Final = {
    "split": 'Its requests go to these models by weight: `{ "lab/a" = 95, "lab/b" = 5 }`; it may '
    "be among them, and needs no endpoints where it is not.",
    "split_by": "What stays with one of them: each `request` is drawn anew (the usual), a "
    "`conversation` or a `user` always gets the same.",
}
"""Fields of a model, in the words of the reference page."""


def read_split(table: Table) -> Split | None:
    """The split of a model; None: it has none, or a problem was noted."""
    by = read_by(table)
    split = table.table("split")
    if split is None:
        if "split_by" in table and "split" not in table:
            table.complain(["split_by"], "has nothing to split", 'add split = { "maker/name" = 1 }')
        return None
    return variants(split, by)


def read_by(table: Table) -> By:
    """What stays with one variant."""
    value = table.values.get("split_by", "request")
    if value in BYS:
        return cast("By", value)
    table.complain(["split_by"], f"is {given(value)}", f"write one of {', '.join(BYS)}")
    return "request"


def variants(split: Table, by: By) -> Split | None:
    """The models of a split, with their weights."""
    found = []
    for name in split.values:
        weight = split.whole(name, 0, WEIGHT_MAX)
        if weight is not None:
            found.append(Variant(name, weight))
    if not any(one.weight for one in found):
        split.complain([], "gives no model a weight", 'write { "maker/name" = 1 }')
        return None
    return Split(tuple(found), by)


def check_splits(
    root: Table,
    models: Iterable[ModelConfig],
    projects: Iterable[ProjectConfig],
    shipped: Shipped,
) -> None:
    """Note every model of a split that does not exist, and splits that lead to splits."""
    models = tuple(models)
    known = dict(shipped.models)
    for model in models:
        known |= {fold(name): model.id for name in (model.id, *model.aliases)}
    listed = root.values.get("models")  # what is no list has been complained of elsewhere
    for place, model in enumerate(listed if isinstance(listed, list) else ()):
        split = model.get("split") if isinstance(model, dict) else None
        if isinstance(split, dict):
            _check(Table(root.scope, ("models", place, "split"), split), known)
    for project in projects:
        for name in project.routing.splits:
            path = ("projects", project.name, "routing", "splits")
            splits = root.values["projects"][project.name]["routing"]["splits"]
            key = next(key for key in splits if fold(key) == name)
            if name not in known and not name.startswith(f"{SANDBOX}/"):
                Table(root.scope, path, splits).complain([key], *_unknown(key, known))
            _check(Table(root.scope, (*path, key), splits[key]), known)


def _check(split: Table, known: dict[str, str]) -> None:
    for name in split.values:
        base = cut_suffixes(name)[0]
        if "@" not in base and fold(base) not in known and not base.startswith(f"{SANDBOX}/"):
            split.complain([name], *_unknown(name, known))


def _unknown(name: str, known: dict[str, str]) -> tuple[str, str]:
    close = nearest(name, known.values())
    mend = f'did you mean "{close}"?' if close else "write the id or an alias of a model"
    return f"{shown(name)} is not a model", mend
