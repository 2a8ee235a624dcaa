"""Projects for administrators: make, list, set.

Knows what may be said of a project. Refuses to know what keys and requests make of it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, get_args

import msgspec
import sqlalchemy as sa

from glimway.console.asking import ask, away
from glimway.console.bodies import read_body, read_object, read_query, valid
from glimway.console.documents import page, project_document
from glimway.console.keys import checked_name, checked_origins
from glimway.console.parts import Reply, Visit
from glimway.domain.keys import Billing
from glimway.domain.sharing import Sharing
from glimway.domain.storing import Storing
from glimway.store import projects as rows
from glimway.store.errors import StoreError
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


class SettingsBody(msgspec.Struct):
    """What a project may choose; null takes a choice back.

    Args:
        sharing: which answers its requests share; what it leaves out is as configured.
        responses: which answers of ``/v1/responses`` are kept.
    """

    sharing: Sharing | None = None
    responses: Storing | None = None


class UpdateBody(msgspec.Struct):
    """``PATCH /admin/v1/projects/{id}``; choices that are not named stay."""

    settings: SettingsBody


async def update(visit: Visit) -> Reply:
    """Change what a project chose; running servers obey within 250 ms, this one at once."""
    said = await read_object(visit.request)
    valid(UpdateBody, said)
    chosen: dict[str, Any] = said["settings"]

    def change(connection: sa.Connection) -> rows.Project:
        project = rows.find(connection, visit.name)
        kept = {**project.settings, **chosen}
        settings = {name: value for name, value in kept.items() if value is not None}
        return rows.update(connection, msgspec.structs.replace(project, settings=settings))

    project = await ask(visit.parts.database.write, change)
    try:
        await visit.parts.keys_changed()
    except StoreError as error:
        refusal = away(error)
        refusal.message = (
            f"The project {project.id} is changed in the records, but the server could not read "
            "them again yet. It will, as soon as it can."
        )
        raise refusal from None
    return Reply(project_document(project))


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
