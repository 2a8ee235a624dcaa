"""Recent errors for administrators.

Knows how the log of errors is asked. Refuses to know who wrote it.
"""

from __future__ import annotations

import re
from typing import Final

from glimway.console.bodies import count, read_query
from glimway.console.documents import error_document, page
from glimway.console.moments import moment_ms
from glimway.console.parts import Reply, Visit
from glimway.engine.errors import PAGE_DEFAULT, ErrorFilter
from glimway.wire.check import wrong

PAGE_MAX: Final = 1000
STATUS_MAX: Final = 599
PARAMETERS: Final = (
    *("status", "kind", "mount", "model", "key", "trace_id"),
    *("since", "until", "cursor", "limit"),
)


async def index(visit: Visit) -> Reply:
    """One page of errors, newest first."""
    query = read_query(visit.request, PARAMETERS)
    now_ms = visit.now_ms
    status, since, until = query.get("status"), query.get("since"), query.get("until")
    wanted = ErrorFilter(
        since_ms=None if since is None else moment_ms("since", since, now_ms, ago=True),
        until_ms=None if until is None else moment_ms("until", until, now_ms, ago=True),
        status=None if status is None else count("status", status, 0, STATUS_MAX),
        kind=query.get("kind"),
        mount=query.get("mount"),
        model=query.get("model"),
        key=query.get("key"),
        trace_id=query.get("trace_id"),
    )
    limit = count("limit", query.get("limit"), PAGE_DEFAULT, PAGE_MAX)
    found = visit.parts.errors.list(limit, wanted, before=_place(query.get("cursor")))
    cursor = None if found.next_before is None else str(found.next_before)
    return Reply(page([error_document(entry) for entry in found.entries], cursor))


def _place(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", cursor):
        wrong("cursor", cursor, "the 'next' of the page before")
    return int(cursor)
