"""API keys for administrators: make, list, revoke, rotate.

Knows what may be said of a new key, and that a change must hold before it is answered. Refuses to
keep a secret: the token is in the answer that made it and nowhere else.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Final, get_args

import msgspec
import sqlalchemy as sa

from glimway.console.asking import ask, away
from glimway.console.bodies import read_body, read_query
from glimway.console.documents import key_document, listed_document, page
from glimway.console.moments import duration_ms, moment_ms
from glimway.console.parts import AdminParts, Reply, Visit
from glimway.domain.keys import (
    ID_ENTROPY_BYTES,
    SECRET_ENTROPY_BYTES,
    Key,
    Minted,
    State,
    mint,
)
from glimway.domain.limits import LIMIT_MAX, Limits, own_limits
from glimway.store import keys as rows
from glimway.store import projects
from glimway.store.errors import StoreError
from glimway.store.schema import DEFAULT_PROJECT
from glimway.wire.check import one_of, string, wrong

NAME_CHARS_MAX: Final = 200
ORIGINS_MAX: Final = 100
LAST_CHARS: Final = 4
OVERLAP_DEFAULT: Final = "24h"

_ORIGIN: Final = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?")
_Count = Annotated[int, msgspec.Meta(ge=0, le=LIMIT_MAX)] | msgspec.UnsetType


class LimitsBody(msgspec.Struct):
    """Limits of one key; what is left out is the configured default's."""

    requests_per_minute: _Count = msgspec.UNSET
    burst: _Count = msgspec.UNSET
    tokens_per_minute: _Count = msgspec.UNSET
    concurrency: _Count = msgspec.UNSET
    queue_ms: _Count = msgspec.UNSET


class KeyBody(msgspec.Struct):
    """``POST /admin/v1/keys``.

    Args:
        project: id or name.
        limits: null: the configured ones, also when they change.
        expires: a date, a date with a time, or a duration from now; null: never.
        allowed_origins: browser origins that may call with this key.
    """

    name: str
    project: str = DEFAULT_PROJECT
    limits: LimitsBody | None = None
    expires: str | None = None
    allowed_origins: tuple[str, ...] = ()


class RotateBody(msgspec.Struct):
    """``POST /admin/v1/keys/{id}/rotate``: how long the old key goes on."""

    overlap: str = OVERLAP_DEFAULT


async def create(visit: Visit) -> Reply:
    """Make a key; the answer shows its token, once."""
    body = await read_body(visit.request, KeyBody)
    parts, now_ms = visit.parts, visit.now_ms
    minted = _mint(parts)
    new = _new_key(
        minted,
        name=checked_name("name", body.name),
        project=string("project", body.project, NAME_CHARS_MAX),
        created_ms=now_ms,
        expires_ms=_expiry(body.expires, now_ms),
        limits=_limits(body.limits, parts.default_limits),
        allowed_origins=checked_origins("allowed_origins", body.allowed_origins),
    )
    key = await ask(parts.database.write, partial(rows.create, new=new))
    await _in_force_soon(parts, key)
    return Reply(_shown_once(key, minted, now_ms), 201)


async def index(visit: Visit) -> Reply:
    """Keys, newest first, at most ``LIST_MAX``, of one project or in one state."""
    query = read_query(visit.request, ("project", "state"))
    state = query.get("state")
    if state is not None:
        one_of("state", state, get_args(State))

    def look(connection: sa.Connection) -> list[rows.Listed]:
        project = query.get("project")
        wanted = None if project is None else projects.find(connection, project).id
        return rows.every(connection, wanted)

    found = await ask(visit.parts.database.read, look)
    shown = [one for one in found if state in (None, one.key.state(visit.now_ms))]
    documents = [listed_document(one, visit.now_ms) for one in shown]
    return Reply(page(documents) | {"has_more": len(found) >= rows.LIST_MAX})


async def show(visit: Visit) -> Reply:
    """One key."""
    listed = await ask(visit.parts.database.read, partial(rows.get, key_id=visit.name))
    return Reply(listed_document(listed, visit.now_ms))


async def revoke(visit: Visit) -> Reply:
    """Refuse a key from now on: when this is answered, no request gets in with it any more."""
    parts = visit.parts
    change = partial(rows.revoke, key_id=visit.name, now_ms=visit.now_ms)
    key = await ask(parts.database.write, change)
    try:
        await parts.keys_changed()
    except StoreError as error:
        refusal = away(error)
        refusal.message = (
            f"The key {key.id} is revoked in the records, but the server could not read them "
            "again yet. Please send this again to be sure that it holds."
        )
        raise refusal from None
    return Reply(key_document(key, visit.now_ms))


async def rotate(visit: Visit) -> Reply:
    """Replace a key by a new one with the same name, project, limits and origins."""
    body = await read_body(visit.request, RotateBody)
    parts, now_ms = visit.parts, visit.now_ms
    ends_ms = now_ms + duration_ms("overlap", body.overlap)
    minted = _mint(parts)

    def change(connection: sa.Connection) -> tuple[Key, rows.Listed]:
        old = rows.get(connection, visit.name).key
        new = _new_key(
            minted,
            name=old.name,
            project=old.project,
            created_ms=now_ms,
            expires_ms=old.expires_ms,
            limits=old.limits,
            allowed_origins=old.allowed_origins,
        )
        made = rows.replace(connection, old.id, new, ends_ms)
        return made, rows.get(connection, old.id)

    key, old = await ask(parts.database.write, change)
    await _in_force_soon(parts, key)
    replaced = listed_document(old, now_ms)
    return Reply(_shown_once(key, minted, now_ms) | {"replaces": replaced}, 201)


def checked_name(param: str, name: str) -> str:
    """A name for people: one line, not empty.

    Raises:
        Refusal: ``invalid``.
    """
    string(param, name, NAME_CHARS_MAX)
    if not name.strip() or not name.isprintable():
        wrong(param, name, "one line of printable characters, and not empty")
    return name


def checked_origins(param: str, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Browser origins, in the lower case in which browsers send them.

    Raises:
        Refusal: ``invalid``.
    """
    if len(origins) > ORIGINS_MAX:
        wrong(param, len(origins), f"at most {ORIGINS_MAX} origins long")
    for place, origin in enumerate(origins):
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            accepted = "an origin such as https://app.example.com (no path), or *"
            wrong(f"{param}[{place}]", origin, accepted)
    return tuple(origin.lower() for origin in origins)


async def _in_force_soon(parts: AdminParts, key: Key) -> None:
    """Have the server read the keys again. If it cannot, the new key is shown all the same: it is
    kept, nobody will see its token again, and the server takes it up when it can read."""
    try:
        await parts.keys_changed()
    except StoreError as error:
        parts.errors.note(key.id, f"a new key waits to be read: {error}")


def _mint(parts: AdminParts) -> Minted:
    return mint(parts.entropy(ID_ENTROPY_BYTES), parts.entropy(SECRET_ENTROPY_BYTES))


def _new_key(minted: Minted, **known: object) -> rows.NewKey:
    return rows.NewKey(
        id=minted.id,
        digest=minted.digest,
        prefix=minted.prefix,
        last4=minted.token[-LAST_CHARS:],
        **known,  # type: ignore[arg-type]
    )


def _shown_once(key: Key, minted: Minted, now_ms: int) -> dict[str, object]:
    return {"id": key.id, "key": minted.token, **key_document(key, now_ms)}


def _expiry(expires: str | None, now_ms: int) -> int | None:
    if expires is None:
        return None
    at_ms = moment_ms("expires", expires, now_ms)
    if at_ms <= now_ms:
        wrong("expires", expires, "a time to come", "This time has passed.")
    return at_ms


def _limits(body: LimitsBody | None, default: Limits) -> Limits | None:
    if body is None:
        return None
    said = msgspec.structs.asdict(body)
    given = {name: value for name, value in said.items() if value is not msgspec.UNSET}
    return own_limits(given, default) if given else None
