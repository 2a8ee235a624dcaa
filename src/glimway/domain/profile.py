"""Who serves models, as data: one profile for one API of one host.

Knows every fact that a host may differ in, with where it was read and when. Refuses to know any
host: the values stand in ``data/providers/*.toml``, and a new host is one more such file.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from glimway.domain.pricelist import PriceList
from glimway.wire.quirks import PATHS, Dialect, Quirks

__all__ = ["PATHS", "Links", "Policy", "Profile", "Source", "Stance"]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where facts were read: ``page`` by its title, with its public ``link`` where it has one;
    ``facts`` names what comes from there."""

    page: str
    facts: str
    link: str = ""


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pages of the host itself; empty where none is known."""

    home: str = ""
    docs: str = ""
    pricing: str = ""
    keys: str = ""
    terms: str = ""
    privacy: str = ""
    status: str = ""


class Stance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a host says about one policy. ``unknown`` is treated as ``no`` when a request asks."""

    answer: Literal["yes", "no", "unknown"] = "unknown"
    statement: str = ""
    source: str = ""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``zdr``: prompts and answers are not kept (zero data retention). ``no_train``: they train
    no model."""

    zdr: Stance = Stance()
    no_train: Stance = Stance()


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One API of one host.

    Args:
        id: what a configuration names.
        name: for people.
        about: one sentence.
        dialect: how it speaks.
        generic: it describes a dialect or an engine rather than one company's service.
        base_url: everything before the path; None: the configuration must give it.
        base_url_form: how that base URL looks, where it holds parts of the operator's own.
        regions: other base URLs, by the region's name.
        surfaces: base URLs of the host's other APIs, by dialect; told to people, not used.
        path: what follows the base URL, where it is not the dialect's usual path.
        env: variables that hold its key, the first that is set counts.
        auth: ``bearer``, ``none``, or the name of the header that carries the bare key.
        headers: sent with every call.
        links: pages of the host.
        policy: what it says about data.
        quirks: how it spells its dialect.
        price_list: how its own list of prices reads; None: none is known.
        tips: what an operator should know, one sentence each.
        sources: where all this was read.
        checked: when.
        unverified: what is believed but was not found in a source.
    """

    id: str
    name: str
    about: str
    dialect: Dialect = "chat"
    generic: bool = False
    base_url: str | None = None
    base_url_form: str = ""
    regions: dict[str, str] = {}
    surfaces: dict[str, str] = {}
    path: str = ""
    env: tuple[str, ...] = ()
    auth: str = "bearer"
    headers: dict[str, str] = {}
    links: Links = Links()
    policy: Policy = Policy()
    quirks: Quirks = Quirks()
    price_list: PriceList | None = None
    tips: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    checked: date
    unverified: tuple[str, ...] = ()

    @property
    def call_path(self) -> str:
        """What follows the base URL in a call."""
        return self.path or PATHS[self.dialect]
