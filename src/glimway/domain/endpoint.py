"""One model at one configured provider: where a request can go.

Knows how an offer and a provider become an endpoint. Refuses to know names and routes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from glimway.domain.model import Capability, Model
from glimway.domain.offer import Offer
from glimway.domain.pricing import Price, RateCard
from glimway.domain.provider import Provider
from glimway.domain.strict import laid_over, read
from glimway.wire.quirks import Quirks, Range

_CAP = "max_tokens"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One model at one configured provider.

    Args:
        id: ``model@provider``; where a provider has a model twice, the later ones end in its own
            id.
        model: the catalog's id, or the provider's own behind a pin.
        provider: who serves it.
        upstream_model: what the provider is asked for.
        quirks: how this endpoint spells its dialect: the profile's, with the offer's laid over.
        rates: its prices; None: not known.
        context, max_output: None: not known.
        capabilities: what it can do; None: not known.
        quantization, regions, unverified: as on the offer.
        weight, zdr, no_train: the operator's word; None: not said.
        passed: its name is the caller's own and in no catalog. Callers can invent as many of these
            as they like, so nothing is remembered of one.
    """

    id: str
    model: str
    provider: Provider
    upstream_model: str
    quirks: Quirks
    rates: RateCard | None = None
    context: int | None = None
    max_output: int | None = None
    capabilities: frozenset[Capability] | None = None
    quantization: str = ""
    regions: tuple[str, ...] = ()
    weight: int | None = None
    zdr: bool | None = None
    no_train: bool | None = None
    unverified: tuple[str, ...] = ()
    passed: bool = False

    @property
    def priced(self) -> bool:
        """Whether it has a price (0 is one)."""
        return self.rates is not None

    @property
    def holds_to_schemas(self) -> bool:
        """Whether its host makes answers fit a JSON Schema; what is not known is taken as yes."""
        return self._takes("json_schema")

    @property
    def has_json_mode(self) -> bool:
        """Whether its host can be told to answer with any JSON object."""
        return self._takes("json_object")

    def price_at(self, now_ms: int) -> Price | None:
        """The price at a time, milliseconds since 1970."""
        return None if self.rates is None else self.rates.at_ms(now_ms)

    def _takes(self, form: Literal["json_object", "json_schema"]) -> bool:
        listed = self.capabilities is None or form in self.capabilities
        return listed and form in self.quirks.formats


def serves(provider: Provider, offer: Offer) -> bool:
    """An offer of a shipped profile holds for each provider that calls that host itself."""
    if offer.provider == provider.id:
        return True
    return offer.provider == provider.profile.id and provider.at_home


def endpoint_of(
    model: Model, offer: Offer, provider: Provider, earlier: Iterable[Endpoint]
) -> Endpoint:
    """Join an offer with a provider.

    Args:
        model: what it is.
        offer: one of the model's.
        provider: whom the offer holds for.
        earlier: endpoints of the model so far.

    Raises:
        ValueError: an amount that is none, or quirks that do not exist.
    """
    name = f"{model.id}@{provider.id}"
    if any(one.id == name for one in earlier):
        name = f"{name}/{offer.model}"
    said = offer.said.over(provider.said)
    max_output = _first(said.max_output, offer.max_output, model.max_output)
    quirks = capped(narrowed(provider.quirks, offer.quirks, name), max_output)
    return Endpoint(
        id=name,
        model=model.id,
        provider=provider,
        upstream_model=offer.model,
        quirks=quirks,
        rates=offer.rate_card(),
        context=_first(said.context, offer.context, model.context),
        max_output=max_output,
        capabilities=_able(model.capabilities - offer.lacks, quirks),
        quantization=offer.quantization if said.quantization is None else said.quantization,
        regions=offer.regions if said.regions is None else said.regions,
        weight=said.weight,
        zdr=said.zdr,
        no_train=said.no_train,
        unverified=offer.unverified,
    )


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _able(capabilities: frozenset[Capability], quirks: Quirks) -> frozenset[Capability] | None:
    """What is left where the host's own spelling rules something out; None: nothing is known."""
    if not capabilities:
        return None
    thinking, out = quirks.thinking, set[Capability]()
    if "json_schema" not in quirks.formats:
        out.add("json_schema")
    if "json_object" not in quirks.formats:
        out.add("json_object")
    if "required" not in quirks.tool_choice:
        out.add("tool_choice")
    if "parallel_tool_calls" in quirks.reject:
        out.add("parallel_tools")
    if thinking.known and thinking.keep is None:
        out.add("preserved_thinking")
    if thinking.known and thinking.effort is None:
        out.add("reasoning_effort")
    if quirks.web_search.form == "none":
        out.add("web_search")
    return capabilities - out


def capped(quirks: Quirks, max_output: int | None) -> Quirks:
    """Quirks that lower a cap on output to what the endpoint can give: hosts refuse a higher one,
    and many programs send one figure to every model."""
    bounds = quirks.ranges.get(_CAP, Range())
    if max_output is None or (bounds.high is not None and bounds.high <= max_output):
        return quirks
    bounds = msgspec.structs.replace(bounds, high=max_output)
    return msgspec.structs.replace(quirks, ranges={**quirks.ranges, _CAP: bounds})


def narrowed(quirks: Quirks, changes: dict[str, Any], where: str) -> Quirks:
    """Quirks of a host with some members changed for one of its models.

    Raises:
        ValueError: a member that quirks do not have, or of a wrong type.
    """
    if not changes:
        return quirks
    return read(Quirks, laid_over(msgspec.to_builtins(quirks), changes), f"quirks of {where}")
