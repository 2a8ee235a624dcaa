"""Reads ``[[models]]``.

Knows every field of a model, its endpoints and prices, and what can be wrong with them. Refuses to
know how a price is computed with and how an entry joins the shipped one of the same id.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from glimway.config.problem import given, listed, nearest
from glimway.config.said import ENDPOINT_WORDS, read_said
from glimway.config.shipped import SANDBOX, Shipped
from glimway.config.splits import SPLIT_WORDS, read_split
from glimway.config.table import Table
from glimway.config.tokenizers import read_tokenizer
from glimway.config.values import EndpointConfig, ModelConfig, PriceConfig
from glimway.domain.names import fold
from glimway.wire.refusal import shown

FIELDS: Final = {
    "id": "`maker/name`. A shipped id merges with the shipped entry: what stands here wins.",
    "aliases": "Other names for it; they compare without case, dots and underscores as hyphens.",
    "context": "Input and output tokens together.",
    "max_output": "Output tokens at most.",
    "tokenizer": "Path of its `tokenizer.json`, by which `count_tokens` is exact; needs the extra "
    "`tokenizers`. Without it prompts are estimated.",
    **SPLIT_WORDS,
    "endpoints": "Where it can be had: `[[models.endpoints]]`, in the order of preference.",
}
ENDPOINT_FIELDS: Final = {
    "provider": "Id of a provider.",
    "model": "The provider's own id of the model.",
    "price": "A table of prices; without it the price is not known, so no budget can pay for it.",
    **ENDPOINT_WORDS,
}
PRICE_FIELDS: Final = {
    "input": "USD per million input tokens.",
    "cached_input": "For input tokens read from a cache; without it, as `input`.",
    "cache_write": "For input tokens written to a cache; without it, as `input`.",
    "output": "USD per million output tokens, thinking included.",
    "request": "USD for each request.",
    "web_search": "USD for each web search.",
}
"""Every field, in the words of the reference page. ``PriceConfig`` has the same names."""

TOKENS_MAX: Final = 1_000_000_000

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_USD = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")


def read_models(
    root: Table, shipped: Shipped, providers: Collection[str]
) -> tuple[ModelConfig, ...]:
    """All models of the file; one whose id is missing or taken is told and left out.

    Args:
        root: the whole file.
        shipped: for the shipped models and their aliases.
        providers: ids that endpoints may name.
    """
    found: dict[str, ModelConfig] = {}
    tables = []
    for table in root.tables("models"):
        table.refuse_unknown(FIELDS)
        name = _id(table, shipped, found)
        model = _model(table, name, shipped, providers)
        if name is not None:
            found[fold(name)] = model
            tables.append((table, model))
    _check_names(tables, shipped)
    return tuple(found.values())


def _id(table: Table, shipped: Shipped, found: dict[str, ModelConfig]) -> str | None:
    if "id" not in table:
        table.complain([], "has no id", 'write id = "maker/name"')
        return None
    name = table.text("id")
    if name is None:
        return None
    if not _ID.fullmatch(name):
        mend = 'write id = "maker/name" with letters, digits, dots, hyphens and underscores'
        table.complain(["id"], f"{shown(name)} cannot be a model id", mend)
    elif name.lower().startswith(f"{SANDBOX}/"):
        table.complain(["id"], "sandbox/ belongs to the sandbox", "choose another maker")
    elif (other := found.get(fold(name))) is not None:
        message = f"{shown(name)} is already a model (line {other.line})"
        table.complain(["id"], message, "put all its endpoints under one [[models]]")
    else:
        return name
    return None


def _model(
    table: Table, name: str | None, shipped: Shipped, providers: Collection[str]
) -> ModelConfig:
    context = table.whole("context", 1, TOKENS_MAX)
    max_output = table.whole("max_output", 1, TOKENS_MAX)
    if context is not None and max_output is not None and max_output > context:
        message = f"is {max_output}, more than the context of {context}"
        table.complain(["max_output"], message, f"write at most {context}")
    endpoints = _endpoints(table, providers)
    split = read_split(table)
    nowhere = not table.values.get("endpoints") and split is None
    if name and nowhere and fold(name) not in shipped.models:
        close = nearest(name, shipped.models.values())
        mend = "add [[models.endpoints]] with provider and model" + (
            f', or did you mean id = "{close}"?' if close else ""
        )
        table.complain([], "has no endpoint, and no shipped model has its id", mend)
    return ModelConfig(
        id=name or "?",
        aliases=_aliases(table),
        context=context,
        max_output=max_output,
        tokenizer=read_tokenizer(table),
        endpoints=endpoints,
        split=split,
        line=table.line(),
    )


def _aliases(table: Table) -> tuple[str, ...]:
    found = []
    for place, alias in enumerate(table.texts("aliases")):
        if _ALIAS.fullmatch(alias):
            found.append(alias)
        else:
            mend = "use letters, digits, dots, hyphens, underscores and slashes"
            table.complain(["aliases", place], f"{shown(alias)} cannot be a name", mend)
    return tuple(found)


def _endpoints(table: Table, providers: Collection[str]) -> tuple[EndpointConfig, ...]:
    found: dict[tuple[str, str], EndpointConfig] = {}
    for entry in table.tables("endpoints"):
        entry.refuse_unknown(ENDPOINT_FIELDS)
        provider, model = entry.text("provider"), entry.text("model")
        for name in ("provider", "model"):
            if name not in entry:
                what = "the id of a provider" if name == "provider" else "the provider's own id"
                entry.complain([], f"has no {name}", f'write {name} = "...", {what}')
        price, said = _price(entry), read_said(entry)
        if provider is not None:
            _check_provider(entry, provider, providers)
        if provider is None or model is None:
            continue
        other = found.get((provider, model))
        if other is not None:
            message = f"is the same endpoint as in line {other.line}"
            entry.complain([], message, "remove one of them")
            continue
        found[provider, model] = EndpointConfig(provider, model, price, said, entry.line())
    return tuple(found.values())


def _check_provider(entry: Table, provider: str, providers: Collection[str]) -> None:
    if provider == SANDBOX:
        message = f"{shown(provider)} only serves {SANDBOX}/*"
        entry.complain(["provider"], message, "name another provider")
    elif provider not in providers:
        close = nearest(provider, providers)
        add = f"add [[providers]] with id = {shown(provider)}"
        mend = f'did you mean "{close}"?' if close else add
        entry.complain(["provider"], f"{shown(provider)} is not a provider", mend)


def _price(entry: Table) -> PriceConfig | None:
    price = entry.table("price")
    if price is None:
        return None
    price.refuse_unknown(PRICE_FIELDS)
    values: dict[str, str] = {}
    for name in PRICE_FIELDS:
        value = price.values.get(name)
        if value is None:
            continue
        if isinstance(value, str) and _USD.fullmatch(value):
            values[name] = value
            continue
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        # A TOML float is binary: 0.07 is not 0.07, and prices are exact.
        mend = "write it in quotes, as decimal digits" if numeric else 'write USD, as in "0.40"'
        price.complain([name], f"is {given(value)}", mend)
    missing = [name for name in ("input", "output") if name not in price]
    if missing:
        mend = f'add {listed(missing)}; "0" says that it is free'
        price.complain([], f"has no {listed(missing)}", mend)
    return PriceConfig(**values)


def _check_names(tables: list[tuple[Table, ModelConfig]], shipped: Shipped) -> None:
    """Note every alias that already means another model.

    A shipped model's alias is no obstacle: the file wins, so that a new release with a new shipped
    model cannot make an old file wrong.
    """
    owners = dict(shipped.models)
    owners |= {fold(model.id): model.id for _, model in tables}
    for table, model in tables:
        for place, alias in enumerate(model.aliases):
            owner = owners.setdefault(fold(alias), model.id)
            if fold(owner) != fold(model.id):
                message = f"{shown(alias)} already means {owner}"
                table.complain(["aliases", place], message, "choose another name")
