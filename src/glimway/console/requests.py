"""Requests for administrators: the receipts of everyone.

Knows how receipts are asked for and listed. Refuses to know how they are kept; a receipt that is
settled is found at once, also while the database is behind.
"""

from __future__ import annotations

from functools import partial
from typing import Final, get_args

from glimway.console.asking import ask, told
from glimway.console.bodies import count, read_query
from glimway.console.documents import page, receipt_document
from glimway.console.moments import moment_ms
from glimway.console.parts import Reply, Visit
from glimway.domain.ids import strip_prefix
from glimway.domain.receipt import Status
from glimway.store import projects
from glimway.store.receipts import PAGE_DEFAULT, PAGE_MAX, Filter
from glimway.wire.check import one_of, wrong
from glimway.wire.refusal import Refusal, shown

PARAMETERS: Final = ("project", "key", "model", "status", "since", "until", "cursor", "limit")


async def index(visit: Visit) -> Reply:
    """One page of receipts, newest first."""
    query = read_query(visit.request, PARAMETERS)
    parts, now_ms = visit.parts, visit.now_ms
    status, since, until = query.get("status"), query.get("since"), query.get("until")
    limit = count("limit", query.get("limit"), PAGE_DEFAULT, PAGE_MAX)
    if status is not None:
        one_of("status", status, get_args(Status))
    wanted = Filter(
        key=query.get("key"),
        model=query.get("model"),
        status=status,
        since_ms=None if since is None else moment_ms("since", since, now_ms, ago=True),
        until_ms=None if until is None else moment_ms("until", until, now_ms, ago=True),
        before=_place(query.get("cursor")),
        project=await _project(visit, query.get("project")),
    )
    found = await told(partial(parts.receipts.list, wanted, limit))
    documents = [receipt_document(receipt) for receipt in found.receipts]
    return Reply(page(documents, found.next_before))


async def show(visit: Visit) -> Reply:
    """One receipt, by any id of its request."""
    receipt = await told(partial(visit.parts.receipts.get, visit.name))
    if receipt is None:
        raise Refusal("not_found", f"There is no request {shown(visit.name)}.", param="id")
    return Reply(receipt_document(receipt))


def _place(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return strip_prefix(cursor)
    except ValueError:
        wrong("cursor", cursor, "the 'next' of the page before")


async def _project(visit: Visit, project: str | None) -> str | None:
    if project is None:
        return None
    found = await ask(visit.parts.database.read, partial(projects.find, id_or_name=project))
    return found.id
