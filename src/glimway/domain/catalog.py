"""What can be asked for and who serves it: one immutable snapshot.

Knows every name of every model, and joins offers with configured providers to endpoints. Refuses
to know how a route is chosen, what an endpoint did lately, and where the data come from.

To build one::

    Catalog(
        entries,  # configured ones first: between two aliases the first one wins
        providers,  # configured providers; offers of others are left out
        stand_in=None,  # a provider for every model that nobody serves (the sandbox)
    )

``joined(configured, shipped)`` lays an operator's entry over the shipped one of the same id
before. A snapshot is replaced whole when anything changes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import NoReturn

import msgspec

from glimway.domain.endpoint import Endpoint, endpoint_of, serves
from glimway.domain.model import Model
from glimway.domain.names import cut_pin, cut_suffixes, fold
from glimway.domain.offer import Entry, Offer, PriceText, joined
from glimway.domain.profile import Profile
from glimway.domain.provider import Provider, Sealed
from glimway.wire.refusal import Refusal, shown

__all__ = [
    "Catalog",
    "Endpoint",
    "Entry",
    "Model",
    "Offer",
    "PriceText",
    "Profile",
    "Provider",
    "Resolved",
    "Sealed",
    "joined",
]

ANSWERS_KEPT_MAX = 4096
"""Names whose answer is remembered; at more, all are forgotten."""
NEAREST_SHOWN_MAX = 3
NAME_CHARS_COMPARED_MAX = 64
FAMILY_NAME_CHARS_MAX = 64
"""How much of a name below a family's prefix becomes part of an id."""
_FREE = PriceText(input="0", output="0")


class Resolved(msgspec.Struct, frozen=True):
    """What a name means.

    Args:
        asked: the name as it came.
        model_id: the catalog's id, or the provider's own behind a pin.
        model: None: a name that the catalog does not know.
        endpoints: where it can be had, in the catalog's order; none: no provider of it is
            configured.
        pin: the provider that the name asks for.
        suffixes: routing suffixes, in their order.
    """

    asked: str
    model_id: str
    model: Model | None
    endpoints: tuple[Endpoint, ...]
    pin: str | None = None
    suffixes: tuple[str, ...] = ()

    @property
    def suffix(self) -> str | None:
        """The first routing suffix."""
        return self.suffixes[0] if self.suffixes else None


class Catalog:
    """An immutable snapshot; what it remembers about names is only a copy of what it would say.

    Args:
        entries: models and their offers.
        providers: who is configured, by distinct ids.
        stand_in: serves, at price 0, every model that nobody else serves.

    Raises:
        ValueError: two providers or two models of one id, an amount that is none, or quirks of
            an offer that do not exist.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        providers: Iterable[Provider],
        *,
        stand_in: Provider | None = None,
    ) -> None:
        self.providers: Mapping[str, Provider] = _by_id(providers)
        """Who is configured, by id."""
        self._by_fold = {fold(name): one for name, one in self.providers.items()}
        self._entries: dict[str, Entry] = {}
        self._endpoints: dict[str, tuple[Endpoint, ...]] = {}
        self._families: dict[str, str] = {}
        self._of_upstream: dict[tuple[str, str], Endpoint] = {}
        for entry in entries:
            self._add(entry, stand_in)
        self._names = _names(self._entries.values())
        self._answers: dict[str, Resolved] = {}

    # ---- what there is ----------------------------------------------------------------------

    @property
    def models(self) -> tuple[Model, ...]:
        """Models that at least one configured provider serves."""
        return tuple(self._entries[name].model for name, found in self._endpoints.items() if found)

    @property
    def all_models(self) -> tuple[Model, ...]:
        """Every model, served or not."""
        return tuple(entry.model for entry in self._entries.values())

    def endpoints_of(self, model_id: str) -> tuple[Endpoint, ...]:
        """Endpoints of a catalog id; none for an id that the catalog does not have."""
        return self._endpoints.get(model_id, ())

    def offers_of(self, model_id: str) -> tuple[Offer, ...]:
        """Where a model can be had at all, also at hosts that are not configured."""
        entry = self._entries.get(model_id)
        return entry.offers if entry is not None else ()

    # ---- what a name means ------------------------------------------------------------------

    def resolve(self, name: str) -> Resolved:
        """Say what a client's model name means.

        Args:
            name: an id or alias in any spelling, with ``@provider`` and routing suffixes.

        Raises:
            Refusal: ``not_found`` with the nearest names.
        """
        answer = self._answers.get(name)
        if answer is None:
            answer = self._resolve(name)
            if len(self._answers) >= ANSWERS_KEPT_MAX:
                self._answers.clear()
            self._answers[name] = answer
        return answer

    def _resolve(self, name: str) -> Resolved:
        text = name.strip()
        found = self._find(name, text)
        if found is not None:
            return found
        base, suffixes = cut_suffixes(text)
        rest, pin = cut_pin(base)
        if pin is not None:
            return self._pinned(name, rest, pin, suffixes)
        found = self._find(name, base, suffixes) if suffixes else None
        if found is None:
            self._unknown(base)
        return found

    def _find(self, asked: str, text: str, suffixes: tuple[str, ...] = ()) -> Resolved | None:
        """The model of an exact name, or of a name below a family's prefix."""
        folded = fold(text)
        model_id = self._names.get(folded)
        if model_id is not None:
            model = self._entries[model_id].model
            return Resolved(asked, model_id, model, self._endpoints[model_id], None, suffixes)
        maker, slash, own = text.partition("/")
        family = self._families.get(fold(maker)) if slash and own else None
        if family is None:
            return None
        # A family's names pass as they are, scripts and suffixes included.
        stem = own.partition(":")[0].lower()[:FAMILY_NAME_CHARS_MAX]
        known = family[:-1] + stem
        endpoints = tuple(
            msgspec.structs.replace(one, id=f"{known}@{one.provider.id}", upstream_model=own)
            for one in self._endpoints[family]
        )
        return Resolved(asked, known, self._entries[family].model, endpoints)

    def _pinned(self, asked: str, rest: str, pin: str, suffixes: tuple[str, ...]) -> Resolved:
        provider = self._by_fold.get(fold(pin))
        if provider is None:
            configured = ", ".join(self.providers) or "none"
            raise Refusal(
                "not_found",
                f"No provider {shown(pin)} is configured here, so {shown(asked)} cannot be "
                f"pinned to it. Configured: {configured}.",
                code="model_not_found",
                param="model",
            )
        for text, inner in ((rest, ()), cut_suffixes(rest)):
            found = self._find(asked, text)
            endpoints = found.endpoints if found is not None else ()
            there = tuple(one for one in endpoints if one.provider.id == provider.id)
            if found is not None and there:
                every = (*inner, *suffixes)
                return Resolved(asked, found.model_id, found.model, there, provider.id, every)
        return self._passed(asked, rest, provider, suffixes)

    def _passed(
        self, asked: str, upstream: str, provider: Provider, suffixes: tuple[str, ...]
    ) -> Resolved:
        """A pinned id that the catalog does not have there goes as it was written, suffix
        look-alikes included; a price is known where it is the provider's own id of an offer."""
        endpoint = self._of_upstream.get((provider.id, upstream))
        if endpoint is not None:
            model = self._entries[endpoint.model].model
            return Resolved(asked, model.id, model, (endpoint,), provider.id, suffixes)
        found = self._find(asked, upstream)
        model_id = found.model_id if found is not None else upstream
        endpoint = Endpoint(
            id=f"{model_id}@{provider.id}",
            model=model_id,
            provider=provider,
            upstream_model=upstream,
            quirks=provider.quirks,
            regions=provider.said.regions or (),
            weight=provider.said.weight,
            zdr=provider.said.zdr,
            no_train=provider.said.no_train,
            passed=True,
        )
        known = found.model if found is not None else None
        return Resolved(asked, model_id, known, (endpoint,), provider.id, suffixes)

    def _unknown(self, name: str) -> NoReturn:
        wanted = fold(name)[:NAME_CHARS_COMPARED_MAX]
        served = [model.id for model in self.models] or list(self._entries)
        short = {fold(name.rpartition("/")[2]): name for name in served}
        close = difflib.get_close_matches(
            wanted.rpartition("/")[2], short, n=NEAREST_SHOWN_MAX, cutoff=0.6
        )
        hint = ""
        if close:
            hint = " The nearest names are " + ", ".join(f'"{short[one]}"' for one in close) + "."
        raise Refusal(
            "not_found",
            f"The model {shown(name)} does not exist here.{hint} GET /v1/models lists all models.",
            code="model_not_found",
            param="model",
        )

    # ---- building ---------------------------------------------------------------------------

    def _add(self, entry: Entry, stand_in: Provider | None) -> None:
        model = entry.model
        if model.id in self._entries:
            raise ValueError(f"two models have the id {model.id!r}")
        self._entries[model.id] = entry
        endpoints: list[Endpoint] = []
        for offer in entry.offers:
            for provider in self.providers.values():
                if serves(provider, offer):
                    endpoints.append(endpoint_of(model, offer, provider, endpoints))
        if not endpoints and stand_in is not None and not model.open_family:
            own = model.id.partition("/")[2]
            offer = Offer(provider=stand_in.id, model=own, prices=(_FREE,))
            endpoints.append(endpoint_of(model, offer, stand_in, endpoints))
        self._endpoints[model.id] = tuple(endpoints)
        for endpoint in endpoints:
            self._of_upstream.setdefault((endpoint.provider.id, endpoint.upstream_model), endpoint)
        if model.open_family:
            self._families[fold(model.maker)] = model.id


def _by_id(providers: Iterable[Provider]) -> dict[str, Provider]:
    found: dict[str, Provider] = {}
    for provider in providers:
        if provider.id in found:
            raise ValueError(f"two providers have the id {provider.id!r}")
        found[provider.id] = provider
    return found


def _names(entries: Iterable[Entry]) -> dict[str, str]:
    """Folded name -> id. An id always means its own model; between aliases the first one wins."""
    models = [entry.model for entry in entries if not entry.model.open_family]
    names = {fold(model.id): model.id for model in models}
    for model in models:
        for alias in model.aliases:
            names.setdefault(fold(alias), model.id)
    return names
