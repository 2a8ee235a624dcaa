"""The ``provider`` object of a request, as preferences.

Knows its members in their own spelling and in those of OpenRouter and of Vercel's AI Gateway, and
what is wrong with a value. Refuses to know endpoints.

Sources: https://openrouter.ai/docs/features/provider-routing,
https://vercel.com/docs/ai-gateway/models-and-providers/provider-options.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from glimway.domain.money import parse_usd, parse_usd_per_million
from glimway.domain.names import fold
from glimway.domain.routing.preferences import (
    NONE,
    SORTS,
    Cutoff,
    MaxPrice,
    Preferences,
    Sort,
)
from glimway.domain.statistics.figures import PERCENTILES, Percentile
from glimway.wire import check
from glimway.wire.refusal import Refusal, shown

PARAM: Final = "provider"
"""The member of a request, for messages."""
NAMES_MAX: Final = 100
"""Entries of one list."""
NAME_CHARS_MAX: Final = 256

_SORTS_ELSEWHERE: Final[dict[str, Sort]] = {
    "cost": "price",
    "ttft": "latency",
    "tps": "throughput",
}


def read_preferences(value: Mapping[str, Any], param: str = PARAM) -> Preferences:
    """Read the ``provider`` object.

    Args:
        value: as it came; ``null`` members count as left out.
        param: how the caller's dialect names it, for messages.

    Raises:
        Refusal: ``invalid`` for a wrong or unknown member, ``unsupported`` for one that asks for
            what this gateway does not do; each names the member.
    """
    found: dict[str, Any] = {}
    idle: list[str] = []
    for name, member in value.items():
        if member is None:
            continue
        place = f"{param}.{name}"
        reader = _READERS.get(name)
        if reader is not None:
            found.update(reader(place, member))
        elif name in _IDLE:
            idle.append(name)
        else:
            _unknown(param, name)
    if idle:
        found["idle"] = tuple(idle)
    return Preferences(**found) if found else NONE


_Found = dict[str, Any]
_Reader = Callable[[str, Any], _Found]


def _names(member: str) -> _Reader:
    def read(place: str, value: Any) -> _Found:
        items = [value] if type(value) is str else check.sequence(place, value, "names")
        if len(items) > NAMES_MAX:
            check.wrong(place, f"{len(items)} entries", f"an array of at most {NAMES_MAX}")
        read = [
            check.string(f"{place}[{at}]", item, NAME_CHARS_MAX) for at, item in enumerate(items)
        ]
        return {member: tuple(dict.fromkeys(fold(item.strip()) for item in read))}

    return read


def _flag(member: str) -> _Reader:
    return lambda place, value: {member: check.boolean(place, value)}


def _sort(place: str, value: Any) -> _Found:
    found: _Found = {}
    if type(value) is dict:
        for name in value:
            if name not in ("by", "partition"):
                check.wrong(f"{place}.{name}", value[name], 'left out: "by" and "partition" exist')
        if value.get("partition") is not None:
            partition = check.one_of(f"{place}.partition", value["partition"], ("model", "none"))
            found["across_models"] = partition == "none"
        if value.get("by") is None:
            return found
        place, value = f"{place}.by", value["by"]
    word = _SORTS_ELSEWHERE.get(value, value) if type(value) is str else value
    return {**found, "sort": check.one_of(place, word, SORTS)}


def _collection(place: str, value: Any) -> _Found:
    word = check.one_of(place, value, ("allow", "deny"))
    return {"no_train": True} if word == "deny" else {}


_PRICES: Final[dict[str, tuple[str, Callable[[object], int]]]] = {
    "input": ("input", parse_usd_per_million),
    "prompt": ("input", parse_usd_per_million),
    "output": ("output", parse_usd_per_million),
    "completion": ("output", parse_usd_per_million),
    "request": ("request", parse_usd),
    "web_search": ("web_search", parse_usd),
}
_NEVER_CHARGED: Final = frozenset({"image", "audio"})
"""Kinds that OpenRouter has and nobody is charged for here: any bound on them is kept."""


def _max_price(place: str, value: Any) -> _Found:
    members = check.mapping(place, value, '{"prompt": 0.5, "completion": 2} in USD per 1M tokens')
    found: dict[str, int] = {}
    for name, amount in members.items():
        if amount is None:
            continue
        if name not in _PRICES and name not in _NEVER_CHARGED:
            check.wrong(f"{place}.{name}", amount, f"one of {', '.join(_PRICES)}")
        if name in _NEVER_CHARGED:
            continue
        member, parse = _PRICES[name]
        text = amount
        if type(amount) is not str:
            # As digits: a float may write itself as 1e-07.
            text = format(Decimal(str(check.number(f"{place}.{name}", amount, 0))), "f")
        try:
            found[member] = parse(text)
        except ValueError:
            check.wrong(f"{place}.{name}", amount, 'an amount of USD such as 0.5 or "0.5"')
    return {"max_price": MaxPrice(**found)} if found else {}


def _models(place: str, value: Any) -> _Found:
    items = check.sequence(place, value, "model names")
    if len(items) > NAMES_MAX:
        check.wrong(place, f"{len(items)} entries", f"an array of at most {NAMES_MAX}")
    return {
        "models": tuple(
            check.string(f"{place}[{at}]", item, NAME_CHARS_MAX) for at, item in enumerate(items)
        )
    }


def _cutoffs(member: str, usual: Percentile, scale: float = 1.0) -> _Reader:
    """A number, or numbers by percentile; ``scale`` brings them to the unit used here."""

    def read(place: str, value: Any) -> _Found:
        given = value if type(value) is dict else {usual: value}
        cutoffs: list[Cutoff] = []
        for name, amount in given.items():
            if amount is None:
                continue
            inner = place if given is not value else f"{place}.{name}"
            if name not in PERCENTILES:
                check.wrong(inner, amount, f"by one of {', '.join(PERCENTILES)}")
            cutoffs.append((name, check.number(inner, amount, 0) * scale))
        return {member: tuple(cutoffs)}

    return read


def _not_here(words: str) -> _Reader:
    def read(place: str, value: Any) -> _Found:
        if value is False:
            return {}
        raise Refusal("unsupported", f"'{place}' cannot be used here: {words}.", param=place)

    return read


def _unknown(param: str, name: str) -> NoReturn:
    close = difflib.get_close_matches(name[:64].lower(), list(_READERS), n=1, cutoff=0.6)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    raise Refusal(
        "invalid",
        f"'{param}' has no member {shown(name)}.{hint}",
        code="unknown_parameter",
        param=f"{param}.{name[:64]}",
    )


_TERMS: Final = "what may be done with answers is not known of any endpoint"

_FLAGS = ("allow_fallbacks", "require_parameters", "zdr", "no_train", "hedge")
_LISTS = ("order", "only", "ignore", "regions", "quantizations")

_READERS: Final[dict[str, _Reader]] = {
    **{name: _flag(name) for name in _FLAGS},
    **{name: _names(name) for name in _LISTS},
    "allowFallbacks": _flag("allow_fallbacks"),
    "requireParameters": _flag("require_parameters"),
    "zeroDataRetention": _flag("zdr"),
    "disallowPromptTraining": _flag("no_train"),
    "noTrain": _flag("no_train"),
    "data_collection": _collection,
    "dataCollection": _collection,
    "sort": _sort,
    "max_price": _max_price,
    "maxPrice": _max_price,
    **{f"max_ttft_{name}_ms": _cutoffs("max_ttft_ms", name) for name in PERCENTILES},
    "min_tokens_per_second": _cutoffs("min_tokens_per_second", "p50"),
    "preferred_max_latency": _cutoffs("prefer_ttft_ms", "p50", 1000.0),
    "preferredMaxLatency": _cutoffs("prefer_ttft_ms", "p50", 1000.0),
    "preferred_min_throughput": _cutoffs("prefer_tokens_per_second", "p50"),
    "preferredMinThroughput": _cutoffs("prefer_tokens_per_second", "p50"),
    "models": _models,
    "byok": _not_here("providers' keys belong to the operator's configuration"),
    "enforce_distillable_text": _not_here(_TERMS),
    "enforceDistillableText": _not_here(_TERMS),
}

_IDLE: Final = frozenset(
    {
        "cacheControl",
        "caching",
        "experimental",
        "experimental_streamingImageDecoding",
        "idempotencyKey",
        "providerTimeouts",
        "quotaEntityId",
        "serviceTier",
        "tags",
        "user",
    }
)
"""Members of others' gateways that change no route here."""
