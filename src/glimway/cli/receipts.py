"""Receipts as the command line reads and writes them.

Knows pages, and the columns of an export. Refuses to know which receipts are wanted and why.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from glimway.cli.moments import iso_time
from glimway.domain.money import usd_number
from glimway.domain.receipt import Receipt
from glimway.store.receipts import PAGE_MAX, Filter, Receipts

Column = tuple[str, Callable[[Receipt], object]]

FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is a formula to a spreadsheet; callers choose some of these texts."""


def every(receipts: Receipts, wanted: Filter) -> Iterator[Receipt]:
    """All receipts that are wanted, newest first, page by page."""
    while True:
        page = receipts.list(wanted, PAGE_MAX).result()
        yield from page.receipts
        if page.next_before is None:
            return
        wanted = msgspec.structs.replace(wanted, before=page.next_before)


def json_line(receipt: Receipt) -> str:
    """A receipt as one line of JSON: every field, and its cost in USD beside the nano-USD."""
    document = {
        **msgspec.structs.asdict(receipt),
        "at": iso_time(receipt.at_ms),
        "tokens": msgspec.structs.asdict(receipt.tokens),
        "attempts": [msgspec.structs.asdict(attempt) for attempt in receipt.attempts],
        "cost_usd": msgspec.Raw(usd_number(receipt.cost_nanousd)),
    }
    return msgspec.json.encode(document).decode() + "\n"


def csv_head() -> str:
    """The names of the columns."""
    return _csv_line([name for name, _ in COLUMNS])


def csv_line(receipt: Receipt) -> str:
    """A receipt as one line of CSV (RFC 4180)."""
    return _csv_line([_cell(value(receipt)) for _, value in COLUMNS])


COLUMNS: Final[tuple[Column, ...]] = (
    ("id", lambda one: one.id),
    ("at", lambda one: iso_time(one.at_ms)),
    ("organization", lambda one: one.organization),
    ("project", lambda one: one.project),
    ("key", lambda one: one.key),
    ("model", lambda one: one.model),
    ("asked", lambda one: one.asked),
    ("endpoint", lambda one: one.endpoint),
    ("provider", lambda one: one.provider),
    ("dialect", lambda one: one.dialect),
    ("mount", lambda one: one.mount),
    ("status", lambda one: one.status),
    ("end", lambda one: one.end),
    ("http_status", lambda one: one.http_status),
    ("stream", lambda one: one.stream),
    ("input_tokens", lambda one: one.tokens.input),
    ("cached_tokens", lambda one: one.tokens.cached),
    ("cache_write_tokens", lambda one: one.tokens.cache_write),
    ("output_tokens", lambda one: one.tokens.output),
    ("reasoning_tokens", lambda one: one.tokens.reasoning),
    ("estimated", lambda one: one.estimated),
    ("cost_nanousd", lambda one: one.cost_nanousd),
    ("cost_usd", lambda one: usd_number(one.cost_nanousd).decode()),
    ("price_version", lambda one: one.price_version),
    ("ttft_ms", lambda one: one.ttft_ms),
    ("duration_ms", lambda one: one.duration_ms),
    ("attempts", lambda one: len(one.attempts)),
    ("client_request_id", lambda one: one.client_request_id),
    ("user", lambda one: one.user),
)
"""The columns of an export; new ones are added at the end."""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return "'" + text if isinstance(value, str) and text.startswith(FORMULA_MARKS) else text


def _csv_line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
