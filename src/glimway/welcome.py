"""The first start: keys that must exist, and what the operator is told.

Knows what is printed when the server listens. Refuses to keep any secret: each is shown once and
stored as a digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec
import sqlalchemy as sa

from glimway.config.assemble import stands_in
from glimway.config.values import Config
from glimway.domain.keys import ID_ENTROPY_BYTES, SECRET_ENTROPY_BYTES, mint
from glimway.store import administrators
from glimway.store import keys as key_rows
from glimway.store.database import Database
from glimway.store.schema import DEFAULT_PROJECT

ADMIN_PREFIX = "glimadmin_"
ADMIN_SECRET_BYTES = 32
LINK_SECRET_BYTES = 24
LINK_LIFE_MS = 3_600_000
SHOWN_CHARS = 16


class Secrets(msgspec.Struct, frozen=True):
    """What this start made or found. ``api_key`` and ``admin_key`` are set only when new."""

    api_key: str | None
    api_prefix: str | None
    admin_key: str | None
    admin_prefix: str | None
    link: str | None


class Welcome:
    """Says where the server listens, once it does."""

    def __init__(self, made: Secrets, *, sandboxed: bool) -> None:
        self._made = made
        self._sandboxed = sandboxed

    def say(self, host: str, port: int) -> None:
        """Print the addresses, and the new secrets, to standard output."""
        made = self._made
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only compared
        base = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
        lines = [f"listening on {base}", f"API base URL  {base}/v1"]
        if made.link is not None:
            lines.append(f"console       {base}/?link={made.link}  (signs in once, within an hour)")
        else:
            lines.append(f"console       {base}/")
        if made.admin_key is not None:
            lines.append(f"admin key     {made.admin_key}  (shown only now)")
        if made.api_key is not None:
            lines.append(f"API key       {made.api_key}  (shown only now)")
        elif made.api_prefix is not None:
            lines.append(f"API key       {made.api_prefix}")
        if self._sandboxed:
            lines.append(
                "No provider is configured: GLM models are answered by the built-in sandbox. "
                "Set ZAI_API_KEY, or another provider's variable, for real answers."
            )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


async def welcome(
    database: Database,
    config: Config,
    reload_keys: Callable[[], Awaitable[None]],
) -> Welcome:
    """Make the keys that a first start needs.

    Args:
        database: where they are kept.
        config: may name the administrator's key.
        reload_keys: called when a key was made.
    """
    admin = config.settings.server.admin_key
    given = admin.reveal() if admin is not None else None
    made = await asyncio.wrap_future(
        database.write(lambda connection: _make(connection, given, time.time_ns() // 1_000_000))
    )
    if made.api_key is not None:
        await reload_keys()
    return Welcome(made, sandboxed=stands_in(config))


def _make(connection: sa.Connection, given: str | None, now_ms: int) -> Secrets:
    known = administrators.get(connection)
    admin_key = link = None
    if given is not None:
        digest = hashlib.sha256(given.encode()).digest()
        if known is None or known.digest != digest:
            known = administrators.put(connection, digest, "(from the configuration)", now_ms)
    elif known is None:
        admin_key = ADMIN_PREFIX + secrets.token_urlsafe(ADMIN_SECRET_BYTES)
        digest = hashlib.sha256(admin_key.encode()).digest()
        known = administrators.put(connection, digest, admin_key[:SHOWN_CHARS], now_ms)
        link = secrets.token_urlsafe(LINK_SECRET_BYTES)
        administrators.add_link(
            connection, hashlib.sha256(link.encode()).digest(), now_ms, now_ms + LINK_LIFE_MS
        )
    listed = key_rows.every(connection, limit=1)
    if listed:
        return Secrets(None, listed[0].key.prefix, admin_key, known.prefix, link)
    minted = mint(secrets.token_bytes(ID_ENTROPY_BYTES), secrets.token_bytes(SECRET_ENTROPY_BYTES))
    key_rows.create(
        connection,
        key_rows.NewKey(
            id=minted.id,
            digest=minted.digest,
            prefix=minted.prefix,
            last4=minted.token[-4:],
            name="first",
            project=DEFAULT_PROJECT,
            created_ms=now_ms,
        ),
    )
    return Secrets(minted.token, minted.prefix, admin_key, known.prefix, link)
