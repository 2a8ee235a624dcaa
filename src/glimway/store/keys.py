"""Keys as rows.

Knows how a key is kept, found, revoked and replaced. Refuses to know secrets (only digests come
here), how a token is checked, and who may change keys. Every change raises the revision in its own
transaction, so that no server can miss it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import sqlalchemy as sa

from glimway.domain.keys import Key
from glimway.domain.limits import Limits
from glimway.store import projects as project_rows
from glimway.store.revision import bump
from glimway.store.schema import keys, projects
from glimway.wire.refusal import Refusal, shown

LIST_MAX: Final = 1000
_origins = msgspec.json.Decoder(tuple[str, ...]).decode
_limits = msgspec.json.Decoder(Limits).decode
_NO_ORIGINS: Final = "[]"
_WITH_BILLING: Final = sa.select(keys, projects.c.billing).join(
    projects, projects.c.id == keys.c.project_id
)


class NewKey(msgspec.Struct, frozen=True):
    """A key about to be kept.

    Args:
        id: public part of the token.
        digest: of its secret.
        prefix: how the token begins, as shown in lists.
        last4: how the token ends.
        project: id or name.
        limits: None: the configured default.
    """

    id: str
    digest: bytes
    prefix: str
    last4: str
    name: str
    project: str
    created_ms: int
    expires_ms: int | None = None
    limits: Limits | None = None
    allowed_origins: tuple[str, ...] = ()


class Listed(msgspec.Struct, frozen=True):
    """A key as a list shows it."""

    key: Key
    last4: str
    successor: str | None
    """Id of the key that replaces it."""


def create(connection: sa.Connection, new: NewKey) -> Key:
    """Keep a new key.

    Raises:
        Refusal: ``not_found`` when the project does not exist.
    """
    project = project_rows.find(connection, new.project)
    connection.execute(
        sa.insert(keys).values(
            id=new.id,
            digest=new.digest,
            prefix=new.prefix,
            last4=new.last4,
            name=new.name,
            organization_id=project.organization,
            project_id=project.id,
            created_ms=new.created_ms,
            expires_ms=new.expires_ms,
            limits=None if new.limits is None else msgspec.json.encode(new.limits).decode(),
            allowed_origins=msgspec.json.encode(new.allowed_origins).decode(),
        )
    )
    bump(connection)
    return get(connection, new.id).key


def get(connection: sa.Connection, key_id: str) -> Listed:
    """One key by its id.

    Raises:
        Refusal: ``not_found``.
    """
    row = connection.execute(_WITH_BILLING.where(keys.c.id == key_id)).first()
    if row is None:
        raise Refusal("not_found", f"There is no key {shown(key_id)}.", param="key")
    return Listed(_key(row), row.last4, row.successor_id)


def every(
    connection: sa.Connection, project: str | None = None, *, limit: int = LIST_MAX
) -> list[Listed]:
    """Keys for a list, newest first, at most ``LIST_MAX``; revoked ones too.

    Args:
        connection: in a transaction.
        project: only keys of the project with this id.
        limit: how many.
    """
    query = _WITH_BILLING.order_by(keys.c.created_ms.desc(), keys.c.id)
    if project is not None:
        query = query.where(keys.c.project_id == project)
    rows = connection.execute(query.limit(min(limit, LIST_MAX)))
    return [Listed(_key(row), row.last4, row.successor_id) for row in rows]


def load(connection: sa.Connection) -> list[Key]:
    """Every key, for the keyring; also revoked and expired ones, which it refuses by name."""
    return [_key(row) for row in connection.execute(_WITH_BILLING)]


def revoke(connection: sa.Connection, key_id: str, now_ms: int) -> Key:
    """Refuse a key from ``now_ms`` on; a key that was revoked before keeps its time.

    Raises:
        Refusal: ``not_found``.
    """
    connection.execute(
        sa.update(keys)
        .where(keys.c.id == key_id, sa.or_(keys.c.revoked_ms.is_(None), keys.c.revoked_ms > now_ms))
        .values(revoked_ms=now_ms)
    )
    key = get(connection, key_id).key
    bump(connection)
    return key


def replace(connection: sa.Connection, key_id: str, new: NewKey, ends_ms: int) -> Key:
    """Keep ``new`` as the successor of a key, which goes on until ``ends_ms``.

    Args:
        connection: in a transaction.
        key_id: the key to replace.
        new: its successor; made now.
        ends_ms: when the old one is revoked.

    Returns:
        the successor.

    Raises:
        Refusal: ``not_found``; ``invalid`` when the key is not active or has a successor.
    """
    old = get(connection, key_id)
    state = old.key.state(new.created_ms)
    if state != "active" or old.successor is not None:
        why = "was rotated already" if old.successor is not None else f"is {state}"
        raise Refusal("invalid", f"The key {shown(key_id)} {why}; make a new one.", param="key")
    made = create(connection, new)
    connection.execute(
        sa.update(keys).where(keys.c.id == key_id).values(successor_id=new.id, revoked_ms=ends_ms)
    )
    return made


def _key(row: sa.Row[Any]) -> Key:
    # Unpacked because ten thousand keys are read at each change; attributes cost three times that.
    (
        key_id,
        digest,
        prefix,
        _last4,
        name,
        organization,
        project,
        created_ms,
        expires_ms,
        revoked_ms,
        limits,
        origins,
        _successor,
        billing,
    ) = tuple(row)
    return Key(
        id=key_id,
        digest=digest,
        name=name,
        organization=organization,
        project=project,
        created_ms=created_ms,
        expires_ms=expires_ms,
        revoked_ms=revoked_ms,
        limits=None if limits is None else _limits(limits),
        allowed_origins=() if origins == _NO_ORIGINS else _origins(origins),
        prefix=prefix,
        billing=billing,
    )
