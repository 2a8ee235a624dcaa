"""Kept answers as rows.

Knows whose an answer is, until when it is kept, which one it continues, and how many bytes all of
them may take. Refuses to know what the bytes in it say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from glimway.store.schema import responses

UNFINISHED: Final = ("queued", "in_progress")
"""States of an answer that is still being made."""
INTERRUPTED: Final = "failed"
"""What becomes of those when the process that made them is gone."""

_EVICTED_AT_ONCE: Final = 100
"""Rows that make room in one step."""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """One answer.

    Args:
        id: its public id.
        status: how far it came, in its caller's words.
        previous: the id of the answer that it continues.
        input: what was asked, in JSON.
        response: what was answered, in JSON.
        events: the frames of its stream, where that may be asked for again.
    """

    id: str
    organization: str
    project: str
    key: str
    created_ms: int
    expires_ms: int
    status: str
    previous: str | None
    input: bytes
    response: bytes
    events: bytes | None = None

    @property
    def size_bytes(self) -> int:
        """What it counts against the bound."""
        return len(self.input) + len(self.response) + len(self.events or b"")


def put(connection: sa.Connection, batch: Sequence[Saved]) -> int:
    """Write answers, each with an id of its own, in the place of what was written of them before.

    Returns:
        How many bytes more are kept now.
    """
    mine = responses.c.id.in_([saved.id for saved in batch])
    query = sa.select(responses.c.size_bytes).where(mine)
    before: Sequence[int] = connection.execute(query).scalars().all()
    if before:
        connection.execute(sa.delete(responses).where(mine))
    connection.execute(
        sa.insert(responses),
        [
            {
                "id": saved.id,
                "organization_id": saved.organization,
                "project_id": saved.project,
                "key_id": saved.key,
                "created_ms": saved.created_ms,
                "expires_ms": saved.expires_ms,
                "status": saved.status,
                "previous_id": saved.previous,
                "size_bytes": saved.size_bytes,
                "input": saved.input,
                "response": saved.response,
                "events": saved.events,
            }
            for saved in batch
        ],
    )
    return sum(saved.size_bytes for saved in batch) - sum(before)


def get(connection: sa.Connection, id_: str, project: str, now_ms: int) -> Saved | None:
    """One answer of a project; None: there is none, or not any more."""
    query = sa.select(responses).where(
        responses.c.id == id_,
        responses.c.project_id == project,
        responses.c.expires_ms > now_ms,
    )
    row = connection.execute(query).first()
    return None if row is None else _saved(row)


def drop(connection: sa.Connection, id_: str, project: str) -> int:
    """Forget one answer of a project.

    Returns:
        How many bytes it took; 0: there was none.
    """
    mine = sa.and_(responses.c.id == id_, responses.c.project_id == project)
    size = connection.execute(sa.select(responses.c.size_bytes).where(mine)).scalar()
    if size is None:
        return 0
    connection.execute(sa.delete(responses).where(mine))
    return int(size)


def expire(connection: sa.Connection, now_ms: int) -> int:
    """Forget answers whose time is over; how many there were."""
    return connection.execute(sa.delete(responses).where(responses.c.expires_ms <= now_ms)).rowcount


def total_bytes(connection: sa.Connection) -> int:
    """What all answers take together."""
    return int(connection.execute(sa.select(sa.func.sum(responses.c.size_bytes))).scalar() or 0)


def make_room(connection: sa.Connection, bytes_max: int) -> int:
    """Forget the oldest answers of whichever project has most, until all fit.

    Returns:
        What all answers take afterwards.
    """
    total = total_bytes(connection)
    while total > bytes_max:
        size = sa.func.sum(responses.c.size_bytes)
        largest = (
            sa.select(responses.c.project_id)
            .group_by(responses.c.project_id)
            .order_by(size.desc())
            .limit(1)
        )
        project = connection.execute(largest).scalar()
        oldest = (
            sa.select(responses.c.id, responses.c.size_bytes)
            .where(responses.c.project_id == project)
            .order_by(responses.c.created_ms, responses.c.id)
            .limit(_EVICTED_AT_ONCE)
        )
        gone = []
        for id_, size_bytes in connection.execute(oldest).all():
            gone.append(id_)
            total -= size_bytes
            if total <= bytes_max:
                break
        connection.execute(sa.delete(responses).where(responses.c.id.in_(gone)))
    return total


def interrupt(connection: sa.Connection) -> int:
    """Say of answers that nobody makes any more that they failed; how many there were.

    Only for the one process that makes answers on this database, before it makes any.
    """
    return connection.execute(
        sa.update(responses).where(responses.c.status.in_(UNFINISHED)).values(status=INTERRUPTED)
    ).rowcount


def _saved(row: sa.Row[Any]) -> Saved:
    return Saved(
        id=row.id,
        organization=row.organization_id,
        project=row.project_id,
        key=row.key_id,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        status=row.status,
        previous=row.previous_id,
        input=row.input,
        response=row.response,
        events=row.events,
    )
