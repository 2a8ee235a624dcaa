"""Who may use the admin API, and for what.

Knows permissions and how an administrator proves to be one. Refuses to know routes: each declares
the permission that it needs, and the gate before it holds it to that.

Not being able to ask is not the same as a no: when the database is away the answer is 503, never
401, so that nobody throws away a key that is good.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from hmac import compare_digest
from typing import Final, Literal, get_args

import msgspec

from glimway.console.asking import ask
from glimway.domain.keys import PREFIX
from glimway.store import administrators
from glimway.store.administrators import Administrator
from glimway.store.database import Database
from glimway.wire.refusal import Refusal

Permission = Literal[
    "keys.read",
    "keys.write",
    "projects.read",
    "projects.write",
    "requests.read",
    "routes.read",
    "errors.read",
    "health.read",
]
PERMISSIONS: Final[frozenset[Permission]] = frozenset(get_args(Permission))

Headers = list[tuple[bytes, bytes]]


class Principal(msgspec.Struct, frozen=True):
    """Whoever asks, and what they may do."""

    id: str
    permissions: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Go on only with the permission.

        Raises:
            Refusal: ``forbidden``.
        """
        if permission not in self.permissions:
            raise Refusal("forbidden", f"This needs the permission '{permission}'.")


Identify = Callable[[Headers], Awaitable[Principal]]
"""From a request's headers to who asks; raises ``Refusal``."""


class AdminKey:
    """Identifies the administrator by the admin key.

    It is read from the database each time: nothing is fast here, and a new key holds at once. While
    the database is away the key that was read last goes on, so that the health page can be seen
    just when it is needed; no other key is refused then, since it may be a newer one.

    Args:
        database: which keeps its digest.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Administrator | None = None

    async def __call__(self, headers: Headers) -> Principal:
        """Who sent these headers.

        Raises:
            Refusal: ``unauthenticated``; ``unavailable`` when that cannot be found out.
        """
        token = bearer(headers)
        away: Refusal | None = None
        try:
            self._known = await ask(self._database.read, administrators.get)
        except Refusal as refusal:
            away = refusal
        known = self._known
        if known is not None and compare_digest(known.digest, sha256(token).digest()):
            return Principal(known.id, PERMISSIONS)
        if away is not None:
            raise away
        if token.startswith(PREFIX.encode()):
            advice = "It is an API key; the admin API takes the administrator's key."
        else:
            advice = "It is shown once, at the first start, or set by GLIMWAY_ADMIN_KEY."
        raise Refusal("unauthenticated", f"Incorrect admin key. {advice}")


def bearer(headers: Headers) -> bytes:
    """The token of the ``authorization`` header, as bytes: nobody says how they are encoded.

    Raises:
        Refusal: ``unauthenticated``; there is none.
    """
    for name, value in headers:
        if name.lower() == b"authorization":
            scheme, _, token = value.strip().partition(b" ")
            if scheme.lower() == b"bearer" and token.strip():
                return token.strip()
            raise Refusal(
                "unauthenticated",
                "The header 'Authorization' is not 'Bearer' and a key, with a space between.",
            )
    raise Refusal(
        "unauthenticated",
        "No admin key was sent. Send the header 'Authorization: Bearer ADMIN_KEY'.",
    )
