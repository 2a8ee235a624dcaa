"""Providers and models as the file says them, checked.

Knows plain values. Refuses to know shipped profiles and the shipped catalog: ``assemble`` joins
these values with those.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from glimway.config.proxies import Surroundings
from glimway.config.secrets import Secret
from glimway.config.settings import Deadlines, Settings
from glimway.domain.routing.rules import Project, Split
from glimway.domain.said import NOTHING, Said


class ProviderConfig(msgspec.Struct, frozen=True):
    """One provider.

    Args:
        id: what endpoints and ``NAME@provider`` say.
        profile: id of a shipped profile.
        base_url: None: the profile's own.
        private: consent to a private or loopback address.
        api_key: None: the provider asks for none.
        more_keys: further keys, in the order in which they are used.
        said: what holds for all its endpoints.
        deadlines: None: the same as everywhere.
        ca_file: an authority to trust besides the public ones, an absolute path.
        proxy: None: as everywhere.
        headers: sent with every call, beside those of the profile.
        line: where it stands in the file; 0 when it stands in none.
    """

    id: str
    profile: str
    base_url: str | None = None
    private: bool = False
    api_key: Secret | None = None
    deadlines: Deadlines | None = None
    ca_file: str | None = None
    proxy: Secret | None = None
    headers: tuple[tuple[str, str | Secret], ...] = ()
    more_keys: tuple[Secret, ...] = ()
    said: Said = NOTHING
    line: int = 0

    @property
    def keys(self) -> tuple[Secret, ...]:
        """All its keys."""
        return () if self.api_key is None else (self.api_key, *self.more_keys)


class PriceConfig(msgspec.Struct, frozen=True):
    """USD as decimal text: per million tokens, and per request and search. None: not said."""

    input: str | None = None
    cached_input: str | None = None
    cache_write: str | None = None
    output: str | None = None
    request: str | None = None
    web_search: str | None = None


class EndpointConfig(msgspec.Struct, frozen=True):
    """One model at one provider.

    Args:
        provider: id of a provider.
        model: the provider's own id.
        price: None: not known here.
        said: what the operator says of it beside.
        line: where it stands in the file.
    """

    provider: str
    model: str
    price: PriceConfig | None = None
    said: Said = NOTHING
    line: int = 0


class ModelConfig(msgspec.Struct, frozen=True):
    """One model.

    Args:
        id: ``maker/name``; a shipped id merges with the shipped entry.
        aliases: other names for it.
        context: input and output tokens together; None: the shipped entry's.
        max_output: output tokens; None: the shipped entry's.
        tokenizer: an absolute path; None: there is none.
        endpoints: where it can be had, before the shipped entry's.
        split: its requests go to these models, by weight; None: to itself.
        line: where it stands in the file.
    """

    id: str
    aliases: tuple[str, ...] = ()
    context: int | None = None
    max_output: int | None = None
    tokenizer: str | None = None
    endpoints: tuple[EndpointConfig, ...] = ()
    split: Split | None = None
    line: int = 0


class ProjectConfig(msgspec.Struct, frozen=True):
    """How one project's requests are routed.

    Args:
        name: its id or its name.
        routing: what it adds to the policy.
        line: where it stands in the file.
    """

    name: str
    routing: Project
    line: int = 0


class Config(msgspec.Struct, frozen=True):
    """Everything that was configured.

    Args:
        settings: every scalar setting.
        providers: in the order of the file.
        models: in the order of the file.
        file: the config file that was read, or None.
        origins: by setting key, where its value came from; a default has no entry.
        projects: those that say something of themselves.
        around: the proxies that the usual variables name.
    """

    settings: Settings
    providers: tuple[ProviderConfig, ...]
    models: tuple[ModelConfig, ...]
    file: Path | None
    origins: dict[str, str]
    around: Surroundings = Surroundings()
    projects: tuple[ProjectConfig, ...] = ()
