"""The generated parts of docs/providers.md and docs/catalog.md.

Knows how profiles and models read as a page. Refuses to know what stands around them. ``python -m
glimway.data.pages docs/providers.md docs/catalog.md`` writes the parts anew; a test holds the pages
to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from glimway.data import load_models, load_parameters, load_profiles
from glimway.domain.model import Model
from glimway.domain.money import usd_per_million_text, usd_text
from glimway.domain.offer import Entry, Offer
from glimway.domain.parameters import table_of
from glimway.domain.profile import Profile

BEGIN: Final = "<!-- generated: begin -->"
END: Final = "<!-- generated: end -->"


def providers_part() -> str:
    """Every profile: a table, then each with its facts."""
    profiles = load_profiles().values()
    rows = [
        (
            f"[`{one.id}`](#{one.id})",
            one.name,
            one.dialect,
            ", ".join(f"`{name}`" for name in one.env),
            one.policy.zdr.answer,
            one.policy.no_train.answer,
            str(one.checked),
        )
        for one in profiles
    ]
    head = ("profile", "host", "dialect", "key in", "keeps nothing", "trains nothing", "checked")
    lines = [*_table(head, rows), ""]
    for one in profiles:
        lines += _profile(one)
    return "\n".join(lines).rstrip() + "\n"


def catalog_part() -> str:
    """Every model: a table, then each with its names, hosts, prices and parameters."""
    entries = load_models()
    rows = [
        (
            f"[`{one.model.id}`](#{_anchor(one.model.id)})",
            _count(one.model.context),
            _count(one.model.max_output),
            one.model.thinking,
            str(one.model.released or ""),
            str(len(one.offers)),
        )
        for one in entries
    ]
    head = ("model", "context", "max output", "thinking", "released", "hosts")
    lines = [*_table(head, rows), ""]
    known = load_parameters()
    for entry in entries:
        lines += _model(entry)
        if (table := table_of(known, entry.model)) is not None:
            lines += [f"Parameters: the table [`{table.name}`](#table-{_anchor(table.name)}).", ""]
    for name, table in known.items():
        lines += [f"### Table `{name}`", ""]
        lines += _table(
            ("parameter", "type", "default", "range", "meaning", "honoured by"),
            [
                (
                    f"`{row.name}`",
                    row.type if row.also is None else f"{row.type} or {row.also}",
                    "" if row.default is None else f"`{_json(row.default)}`",
                    row.range_text(),
                    row.meaning,
                    row.honoured_by or "every host",
                )
                for row in table.parameters
            ],
        )
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


PARTS: Final[dict[str, Callable[[], str]]] = {
    "providers.md": providers_part,
    "catalog.md": catalog_part,
}


def renewed(name: str, page: str) -> str:
    """The page with its generated part as it should be.

    Raises:
        ValueError: the page has no place for it.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs a line {BEGIN} and after it a line {END}")
    return f"{before}{BEGIN}\n{PARTS[name]()}{END}{after}"


def _profile(one: Profile) -> Iterator[str]:
    yield f"### {one.id}"
    yield ""
    yield one.about
    yield ""
    address = one.base_url or one.base_url_form
    if address:
        yield f"- Base URL: `{address}`" + ("" if one.base_url else " (give your own)")
    for region, url in one.regions.items():
        yield f"- Region {region}: `{url}`"
    for dialect, url in one.surfaces.items():
        yield f"- Also speaks {dialect}: `{url}`"
    for topic, stance in (
        ("Keeps nothing", one.policy.zdr),
        ("Trains nothing", one.policy.no_train),
    ):
        if stance.statement:
            source = f" ([source]({stance.source}))" if stance.source else ""
            yield f"- {topic}: {stance.answer}. {stance.statement}{source}"
    for tip in one.tips:
        yield f"- {tip}"
    if one.unverified:
        yield f"- Not verified: {'; '.join(one.unverified)}."
    pages = (f"[{it.page}]({it.link})" if it.link else it.page for it in one.sources)
    yield f"- Sources: {'; '.join(pages)}."
    yield ""


def _model(entry: Entry) -> Iterator[str]:
    model = entry.model
    yield f"### {model.id}"
    yield ""
    yield f"**{model.name}.** {model.about}" + (f" {model.deprecated}" if model.deprecated else "")
    yield ""
    yield from _facts(model)
    yield ""
    head = ("host", "its id", "input", "cached", "output", "other", "context", "max output", "day")
    yield from _table(head, [_offer(offer, model) for offer in entry.offers])
    yield ""


def _facts(model: Model) -> Iterator[str]:
    if model.aliases:
        yield f"- Also known as: {', '.join(f'`{alias}`' for alias in model.aliases)}"
    if model.best_for:
        yield f"- Best for: {'; '.join(model.best_for)}."
    for advice in model.consider_instead:
        yield f"- Rather `{advice.model}` when {advice.when}."
    if model.weights:
        yield f"- Weights: <{model.weights}>" + (f" ({model.licence})" if model.licence else "")
    if model.unverified:
        yield f"- Not verified: {'; '.join(model.unverified)}."


def _offer(offer: Offer, model: Model) -> tuple[str, ...]:
    card = offer.rate_card()
    limits = (
        _count(offer.context or model.context),
        _count(offer.max_output or model.max_output),
    )
    host = f"`{offer.provider}`" + (f" ({offer.quantization})" if offer.quantization else "")
    if card is None:
        return host, f"`{offer.model}`", "?", "?", "?", "", *limits, str(offer.checked or "")
    price = card.prices[-1]
    rates = (price.rates.input, price.rates.cached_input, price.rates.output)
    shown = (usd_per_million_text(rate) for rate in rates)
    search = f"{usd_text(price.web_search)} a search" if price.web_search else ""
    return host, f"`{offer.model}`", *shown, search, *limits, str(price.effective or "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def _json(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _anchor(heading: str) -> str:
    """As the usual renderers make anchors of headings."""
    return "".join(c for c in heading.lower() if c.isalnum() or c == "-")


def main(paths: list[str]) -> None:
    """Write the generated part of each page anew."""
    for path in map(Path, paths):
        path.write_text(renewed(path.name, path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
