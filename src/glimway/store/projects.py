"""Organizations and projects as rows.

Knows how they are kept and found. Refuses to know who may change them.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy import exc

from glimway.store.revision import bump
from glimway.store.schema import DEFAULT_ORGANIZATION, projects
from glimway.wire.refusal import Refusal, shown

Billing = Literal["prepaid", "postpaid"]

LIST_MAX: Final = 1000
_NOTHING: Final = "{}"
_origins = msgspec.json.Decoder(tuple[str, ...]).decode
_settings = msgspec.json.Decoder(dict[str, Any]).decode


class Project(msgspec.Struct, frozen=True):
    """One project.

    Args:
        allowed_origins: browser origins that may call with any of its keys.
        settings: what the project chose, by name.
    """

    id: str
    organization: str
    name: str
    billing: Billing
    allowed_origins: tuple[str, ...]
    settings: dict[str, Any]
    created_ms: int


def create(connection: sa.Connection, project: Project) -> Project:
    """Add a project.

    Raises:
        Refusal: ``invalid`` when the organization has one of that name.
    """
    try:
        connection.execute(
            sa.insert(projects).values(
                id=project.id,
                organization_id=project.organization,
                name=project.name,
                billing=project.billing,
                allowed_origins=_text(project.allowed_origins),
                settings=_text(project.settings),
                created_ms=project.created_ms,
            )
        )
    except exc.IntegrityError as error:
        raise Refusal(
            "invalid",
            f"There is already a project named {shown(project.name)}; choose another name.",
            param="name",
            detail=str(error.orig),
        ) from error
    bump(connection)
    return project


def find(
    connection: sa.Connection, id_or_name: str, organization: str = DEFAULT_ORGANIZATION
) -> Project:
    """The project with that id or, where no id is the same, that name.

    Raises:
        Refusal: ``not_found``.
    """
    row = connection.execute(
        sa.select(projects)
        .where(
            projects.c.organization_id == organization,
            sa.or_(projects.c.id == id_or_name, projects.c.name == id_or_name),
        )
        .order_by(projects.c.id != id_or_name)
        .limit(1)
    ).first()
    if row is None:
        raise Refusal(
            "not_found",
            f"There is no project {shown(id_or_name)}; give its id or its name.",
            param="project",
        )
    return _project(row)


def ids(connection: sa.Connection) -> dict[str, str]:
    """The ids of all projects by id and by name; an id always means its own project."""
    rows = connection.execute(sa.select(projects.c.id, projects.c.name)).all()
    return {row.name: row.id for row in rows} | {row.id: row.id for row in rows}


def every(
    connection: sa.Connection, organization: str | None = None, *, limit: int = LIST_MAX
) -> list[Project]:
    """Projects, oldest first, at most ``LIST_MAX``."""
    query = sa.select(projects).order_by(projects.c.created_ms, projects.c.id)
    if organization is not None:
        query = query.where(projects.c.organization_id == organization)
    return [_project(row) for row in connection.execute(query.limit(min(limit, LIST_MAX)))]


def settings(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """What projects chose, by their id; those that chose nothing are left out."""
    rows = connection.execute(
        sa.select(projects.c.id, projects.c.settings).where(projects.c.settings != _NOTHING)
    )
    return {row.id: _settings(row.settings) for row in rows}


def update(connection: sa.Connection, project: Project) -> Project:
    """Write name, billing, origins and settings of a project that exists.

    Raises:
        Refusal: ``not_found``; ``invalid`` when the name is taken.
    """
    try:
        changed = connection.execute(
            sa.update(projects)
            .where(projects.c.id == project.id)
            .values(
                name=project.name,
                billing=project.billing,
                allowed_origins=_text(project.allowed_origins),
                settings=_text(project.settings),
            )
        )
    except exc.IntegrityError as error:
        raise Refusal(
            "invalid",
            f"There is already a project named {shown(project.name)}; choose another name.",
            param="name",
            detail=str(error.orig),
        ) from error
    if changed.rowcount == 0:
        raise Refusal("not_found", f"There is no project {shown(project.id)}.", param="project")
    bump(connection)
    return project


def _project(row: sa.Row[Any]) -> Project:
    return Project(
        id=row.id,
        organization=row.organization_id,
        name=row.name,
        billing=row.billing,
        allowed_origins=_origins(row.allowed_origins),
        settings=_settings(row.settings),
        created_ms=row.created_ms,
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
