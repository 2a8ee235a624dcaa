"""Joins what was configured with what is shipped into one catalog.

Knows whose word counts: the file before the shipped data, and without a file and without any
provider the sandbox, on loopback alone. Refuses to know files, variables and secrets' values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from glimway.config.addresses import reach_of
from glimway.config.proxies import chosen, proxy_of
from glimway.config.settings import Deadlines
from glimway.config.shipped import SANDBOX, Shipped
from glimway.config.values import Config, EndpointConfig, ModelConfig, ProviderConfig
from glimway.domain.catalog import Catalog
from glimway.domain.model import Model
from glimway.domain.names import fold
from glimway.domain.offer import Entry, Offer, PriceText, joined
from glimway.domain.provider import Provider


def stands_in(config: Config) -> bool:
    """Whether the sandbox answers to every model's name.

    Only where nothing was configured at all and nobody but this machine can ask; banner, console
    and every answer must say so then.
    """
    alone = config.file is None and not config.providers
    return alone and reach_of(config.settings.server.host) == "loopback"


def assemble(
    config: Config,
    shipped: Shipped,
    sandbox_url: str | None = None,
    *,
    deadlines: Callable[[Deadlines], Any] = lambda own: own,
) -> Catalog:
    """The catalog of a configuration without problems.

    Args:
        config: what was configured.
        shipped: profiles and models of this release.
        sandbox_url: base URL of the sandbox; None: there is none, and no ``sandbox/*``.
        deadlines: a provider's own deadlines as the caller's parts take them.
    """
    providers = [_provider(config, one, shipped, deadlines) for one in config.providers]
    stand_in = None
    if sandbox_url is not None:
        sandbox = Provider(
            id=SANDBOX, profile=shipped.profiles[SANDBOX], base_url=sandbox_url, private=True
        )
        providers.append(sandbox)
        stand_in = sandbox if stands_in(config) else None
    return Catalog(_entries(config, shipped), providers, stand_in=stand_in)


def _provider(
    config: Config, one: ProviderConfig, shipped: Shipped, deadlines: Callable[[Deadlines], Any]
) -> Provider:
    profile = shipped.profiles[one.profile]
    url = one.base_url or profile.base_url
    client = config.settings.client.proxy
    proxy = chosen(url or "", one.proxy, client, config.around, private=one.private)
    return Provider(
        id=one.id,
        profile=profile,
        base_url=url,
        key=one.api_key,
        private=one.private,
        deadlines=None if one.deadlines is None else deadlines(one.deadlines),
        ca_file=one.ca_file,
        proxy=proxy_of(proxy),
        extra_headers=one.headers,
        more_keys=one.more_keys,
        said=one.said,
    )


def _entries(config: Config, shipped: Shipped) -> Iterator[Entry]:
    """Configured entries first, so that their aliases come before shipped ones."""
    theirs = {fold(entry.model.id): entry for entry in shipped.entries}
    for model in config.models:
        same = theirs.pop(fold(model.id), None)
        mine = _entry(model)
        yield mine if same is None else joined(mine, same)
    yield from theirs.values()


def _entry(config: ModelConfig) -> Entry:
    model = Model(
        id=config.id,
        aliases=config.aliases,
        context=config.context,
        max_output=config.max_output,
        tokenizer=config.tokenizer or "",
    )
    return Entry(model, tuple(_offer(endpoint) for endpoint in config.endpoints))


def _offer(config: EndpointConfig) -> Offer:
    price, said = config.price, config.said
    if price is None or price.input is None or price.output is None:
        return Offer(provider=config.provider, model=config.model, said=said)
    text = PriceText(
        input=price.input,
        output=price.output,
        cached_input=price.cached_input,
        cache_write=price.cache_write,
        request=price.request or "0",
        web_search=price.web_search or "0",
    )
    return Offer(provider=config.provider, model=config.model, prices=(text,), said=said)
