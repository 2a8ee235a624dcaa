"""The administrator's key and the links that sign in once, as rows.

Knows digests and until when they hold. Refuses to know the secrets and what an
administrator may do.
"""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from glimway.store.revision import bump
from glimway.store.schema import administrators, sign_in_links

FIRST: Final = "admin"
"""Id of the only administrator there is today."""
LINKS_MAX: Final = 100
"""Sign-in links that may wait to be used; an older one gives way."""


class Administrator(msgspec.Struct, frozen=True):
    """One administrator: the digest of the key, and how the key begins."""

    id: str
    digest: bytes
    prefix: str
    created_ms: int


def get(connection: sa.Connection) -> Administrator | None:
    """The administrator, or None before the first start."""
    row = connection.execute(sa.select(administrators).where(administrators.c.id == FIRST)).first()
    return None if row is None else Administrator(row.id, row.digest, row.prefix, row.created_ms)


def put(connection: sa.Connection, digest: bytes, prefix: str, now_ms: int) -> Administrator:
    """Set or replace the administrator's key; links made for the old one end."""
    connection.execute(sa.delete(sign_in_links))
    connection.execute(sa.delete(administrators).where(administrators.c.id == FIRST))
    made = Administrator(FIRST, digest, prefix, now_ms)
    connection.execute(sa.insert(administrators).values(msgspec.structs.asdict(made)))
    bump(connection)
    return made


def add_link(connection: sa.Connection, digest: bytes, now_ms: int, expires_ms: int) -> None:
    """Keep a sign-in link by the digest of its secret."""
    kept = (
        sa.select(sign_in_links.c.digest)
        .where(sign_in_links.c.expires_ms > now_ms)
        .order_by(sign_in_links.c.created_ms.desc())
        .limit(LINKS_MAX - 1)
    )
    connection.execute(sa.delete(sign_in_links).where(sign_in_links.c.digest.not_in(kept)))
    connection.execute(
        sa.insert(sign_in_links).values(
            digest=digest, administrator_id=FIRST, created_ms=now_ms, expires_ms=expires_ms
        )
    )


def use_link(connection: sa.Connection, digest: bytes, now_ms: int) -> bool:
    """Whether the link holds; it never holds again, whatever the answer."""
    row = connection.execute(
        sa.select(sign_in_links.c.expires_ms).where(sign_in_links.c.digest == digest)
    ).first()
    connection.execute(sa.delete(sign_in_links).where(sign_in_links.c.digest == digest))
    return row is not None and bool(row.expires_ms > now_ms)
