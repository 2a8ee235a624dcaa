"""The work of ``glimway models refresh``.

Knows whom to ask, how a change is told, and what is kept. Refuses to know how lists are fetched
and compared, and to ask the person: the command does that.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from glimway.cli.configuration import read_configuration
from glimway.cli.models_lists import ListError, fetch_list
from glimway.cli.offers import price_words
from glimway.cli.options import Flags
from glimway.cli.terminal import fail
from glimway.config.assemble import assemble
from glimway.config.places import data_folder, make_private
from glimway.config.refresh import Row, compare
from glimway.config.refreshed import Refreshed, keep_prices, read_prices, with_prices
from glimway.config.shipped import Shipped
from glimway.domain.money import usd_per_million_text
from glimway.domain.offer import PriceText
from glimway.domain.offering import price_document

ARROW = " -> "


class Seen(msgspec.Struct):
    """What the lists said.

    Args:
        data: the data folder.
        asked: how many providers have a list.
        rows: every offer of theirs.
        failed: provider -> why its list could not be read.
    """

    data: Path
    asked: int = 0
    rows: list[Row] = []
    failed: dict[str, str] = {}

    @property
    def brought(self) -> list[Refreshed]:
        """What is to be kept: changed and new prices, and that the others were seen again."""
        return [
            Refreshed(row.provider, row.upstream, row.after)
            for row in self.rows
            if row.after is not None
        ]


def look(flags: Flags) -> Seen:
    """Ask every configured provider that has a list.

    Raises:
        ConfigError: the configuration has problems.
    """
    shipped = Shipped.load()
    config = read_configuration(flags, shipped).usable()
    data = data_folder(config.settings, os.environ)
    try:
        known = with_prices(shipped, read_prices(data))
    except ValueError as error:
        fail(str(error))
    catalog = assemble(config, shipped)
    today = datetime.now(tz=UTC).date()
    seen = Seen(data)
    for provider in catalog.providers.values():
        form = provider.profile.price_list
        if form is None:
            continue
        seen.asked += 1
        try:
            listed = fetch_list(provider, form, config.settings.client)
            seen.rows += compare(known.entries, provider, listed, today)
        except (ListError, ValueError) as error:
            seen.failed[provider.id] = str(error)
    return seen


def apply(seen: Seen) -> Path:
    """Keep what was brought; the file."""
    make_private(seen.data)
    try:
        return keep_prices(seen.data, seen.brought)
    except ValueError as error:
        fail(str(error))


def report(seen: Seen, file: Path | None) -> dict[str, Any]:
    """The one JSON document."""
    return {
        "applied": file is not None,
        "file": None if file is None else str(file),
        "changes": [_document(row) for row in seen.rows if row.kind in ("changed", "new")],
        "confirmed": [_document(row) for row in seen.rows if row.kind == "same"],
        "unlisted": [_document(row) for row in seen.rows if row.kind == "unlisted"],
        "failed": [{"provider": name, "reason": why} for name, why in seen.failed.items()],
    }


def row_words(row: Row) -> tuple[str, ...]:
    """One change as a row of a table: each amount before and after."""
    return (
        row.provider,
        row.model,
        row.kind,
        *(
            one if one == other else f"{one}{ARROW}{other}"
            for one, other in zip(_amounts(row.before), _amounts(row.after), strict=True)
        ),
    )


def _amounts(text: PriceText | None) -> tuple[str, str, str]:
    if text is None:
        return ("unknown",) * 3
    price = text.price()
    return (*price_words(price), usd_per_million_text(price.rates.cached_input))


def _document(row: Row) -> dict[str, Any]:
    return {
        "model": row.model,
        "provider": row.provider,
        "upstream": row.upstream,
        "kind": row.kind,
        "before": None if row.before is None else price_document(row.before.price()),
        "after": None if row.after is None else price_document(row.after.price()),
    }
