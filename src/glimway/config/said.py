"""Reads what an operator says of providers and endpoints: weights, promises, places.

Knows these fields and what can be wrong with them. Refuses to know what a route makes of them.
"""

from __future__ import annotations

import re
from typing import Final

from glimway.config.table import Table
from glimway.domain.routing.rules import WEIGHT_MAX
from glimway.domain.said import Said
from glimway.wire.refusal import shown

TOKENS_MAX: Final = 1_000_000_000

PROVIDER_WORDS: Final = {
    "weight": "Its endpoints' share of the load among endpoints of much the same price; 1 where "
    "nothing is said; 0: only when no other is left.",
    "zdr": "`true`: it keeps no prompts and answers, so requests with `zdr` may go there; `false`: "
    "they may not, whatever its profile says.",
    "no_train": "`true` or `false`: whether it trains no models on them, for requests with "
    "`no_train`.",
    "regions": 'Where it runs, as in `["eu-west-1"]`, for requests with `regions`.',
    "quantization": "Of the weights as served, such as `fp8`, for requests with `quantizations`.",
}
"""Every field that a provider has too, in the words of the reference page."""

ENDPOINT_WORDS: Final = {
    "weight": "As the provider's, and before it.",
    "zdr": "As the provider's, and before it.",
    "no_train": "As the provider's, and before it.",
    "regions": "As the provider's, and before it.",
    "quantization": "As the provider's, and before it.",
    "context": "Input and output tokens together, where they differ from the model's.",
    "max_output": "Output tokens at most, where they differ from the model's.",
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_said(table: Table) -> Said:
    """The operator's words of a provider or an endpoint; a wrong one is told and left out.

    Args:
        table: of either; a provider's has no ``context`` and ``max_output``, which its reader
            refuses as unknown.
    """
    endpoint = "context" in table or "max_output" in table
    return Said(
        weight=table.whole("weight", 0, WEIGHT_MAX),
        zdr=table.truth("zdr"),
        no_train=table.truth("no_train"),
        regions=_regions(table),
        quantization=_quantization(table),
        context=table.whole("context", 1, TOKENS_MAX) if endpoint else None,
        max_output=table.whole("max_output", 1, TOKENS_MAX) if endpoint else None,
    )


def _regions(table: Table) -> tuple[str, ...] | None:
    if "regions" not in table:
        return None
    found = []
    for place, name in enumerate(table.texts("regions")):
        if _NAME.fullmatch(name):
            found.append(name)
        else:
            mend = "use letters, digits, dots, hyphens and underscores"
            table.complain(["regions", place], f"{shown(name)} cannot be a region", mend)
    return tuple(found)


def _quantization(table: Table) -> str | None:
    name = table.text("quantization")
    if name is None or _NAME.fullmatch(name):
        return name
    mend = 'write it as in "fp8"'
    table.complain(["quantization"], f"{shown(name)} cannot be a quantization", mend)
    return None
