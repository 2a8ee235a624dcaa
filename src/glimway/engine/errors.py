"""The recent errors, for people who ask what went wrong.

Knows the last refusals and faults, in memory and bounded. Refuses to know how they are shown and
to keep them for good: receipts do that for whatever reached a provider.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from typing import Final

import msgspec

PAGE_DEFAULT: Final = 50
SCAN_MAX: Final = 10_000
"""Entries that one page looks through, so that a rare wish cannot hold up the loop."""

_log = logging.getLogger("glimway")


class ErrorEntry(msgspec.Struct, frozen=True):
    """One refusal or fault.

    ``cause`` is the inner detail: it is for the operator and never leaves by the public API.
    """

    at_ms: int
    trace_id: str
    status: int
    kind: str
    cause: str
    mount: str
    model: str | None = None
    key: str | None = None


class ErrorFilter(msgspec.Struct, frozen=True):
    """Which errors; what is None does not matter.

    Args:
        since_ms: at or after.
        until_ms: before.
        status: exactly this one.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    status: int | None = None
    kind: str | None = None
    mount: str | None = None
    model: str | None = None
    key: str | None = None
    trace_id: str | None = None

    def takes(self, entry: ErrorEntry) -> bool:
        """Whether an entry is wanted."""
        return (
            (self.since_ms is None or entry.at_ms >= self.since_ms)
            and (self.until_ms is None or entry.at_ms < self.until_ms)
            and self.status in (None, entry.status)
            and self.kind in (None, entry.kind)
            and self.mount in (None, entry.mount)
            and self.model in (None, entry.model)
            and self.key in (None, entry.key)
            and self.trace_id in (None, entry.trace_id)
        )


EVERYTHING: Final = ErrorFilter()


class ErrorPage(msgspec.Struct, frozen=True):
    """Errors, the newest first.

    Args:
        next_before: ``before`` of the next page; None when this is the last one. A page may have
            fewer entries than asked, even none, and yet not be the last (``SCAN_MAX``).
    """

    entries: tuple[ErrorEntry, ...]
    next_before: int | None


class ErrorLog:
    """Keeps the newest errors. For one thread, that of the loop.

    Args:
        kept: how many errors.
    """

    def __init__(self, kept: int) -> None:
        self._entries: deque[ErrorEntry] = deque(maxlen=kept)
        self._added = 0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: ErrorEntry) -> None:
        """Remember one error; the oldest gives way."""
        self._entries.append(entry)
        self._added += 1

    def list(
        self,
        limit: int = PAGE_DEFAULT,
        wanted: ErrorFilter = EVERYTHING,
        *,
        before: int | None = None,
    ) -> ErrorPage:
        """One page, the newest first.

        Args:
            limit: how many at most.
            wanted: which.
            before: ``next_before`` of the page before this one. Errors are numbered as they come,
                so neither new ones nor those that gave way shift a page.
        """
        newest = self._added if before is None else min(before - 1, self._added)
        number = newest
        oldest = self._added - len(self._entries) + 1
        found: list[ErrorEntry] = []
        kept = itertools.islice(reversed(self._entries), self._added - newest, None)
        for entry in itertools.islice(kept, SCAN_MAX):
            if len(found) == limit:
                break
            if wanted.takes(entry):
                found.append(entry)
            number -= 1
        return ErrorPage(tuple(found), number + 1 if number >= oldest else None)

    def bug(self, trace_id: str, error: BaseException) -> None:
        """A failure of our own: the whole trace goes to the log, for it must be mended."""
        _log.error("request %s failed inside", trace_id, exc_info=error)

    def note(self, trace_id: str, cause: str) -> None:
        """Something that no client sees but the operator must (a receipt that was not written)."""
        _log.error("request %s: %s", trace_id, cause)
