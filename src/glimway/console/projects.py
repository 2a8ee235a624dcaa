"""Projects for administrators: make, list.

Knows what may be said of a new project. Refuses to know what keys and requests make of it.
"""

from __future__ import annotations

from functools import partial
from typing import Final, get_args

import msgspec

from glimway.console.asking import ask
from glimway.console.bodies import read_body, read_query
from glimway.console.documents import page, project_document
from glimway.console.keys import checked_name, checked_origins
from glimway.console.parts import Reply, Visit
from glimway.domain.keys import Billing
from glimway.store import projects as rows
from glimway.store.schema import DEFAULT_ORGANIZATION
from glimway.wire.check import one_of

ID_PREFIX: Final = "proj_"


class ProjectBody(msgspec.Struct):
    """``POST /admin/v1/projects``.

    Args:
        billing: ``postpaid`` or ``prepaid``.
        allowed_origins: browser origins that may call with any of its keys.
    """

    name: str
    billing: str = "postpaid"
    allowed_origins: tuple[str, ...] = ()


async def create(visit: Visit) -> Reply:
    """Make a project."""
    body = await read_body(visit.request, ProjectBody)
    parts = visit.parts
    billing: Billing = "prepaid" if body.billing == "prepaid" else "postpaid"
    one_of("billing", body.billing, get_args(Billing))
    new = rows.Project(
        id=ID_PREFIX + parts.new_id(visit.now_ms),
        organization=DEFAULT_ORGANIZATION,
        name=checked_name("name", body.name),
        billing=billing,
        allowed_origins=checked_origins("allowed_origins", body.allowed_origins),
        settings={},
        created_ms=visit.now_ms,
    )
    project = await ask(parts.database.write, partial(rows.create, project=new))
    return Reply(project_document(project), 201)


async def index(visit: Visit) -> Reply:
    """Projects, oldest first, at most ``LIST_MAX``."""
    read_query(visit.request, ())
    found = await ask(visit.parts.database.read, rows.every)
    documents = [project_document(project) for project in found]
    return Reply(page(documents) | {"has_more": len(found) >= rows.LIST_MAX})


async def show(visit: Visit) -> Reply:
    """One project, by its id or its name."""
    project = await ask(visit.parts.database.read, partial(rows.find, id_or_name=visit.name))
    return Reply(project_document(project))
