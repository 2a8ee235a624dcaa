"""What the admin API is made of, and one visit to it.

Knows which parts it is given. Refuses to make any: ``app`` does. The clock and the source of
entropy are parts too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import Request

from glimway.console.access import Principal
from glimway.console.documents import Document
from glimway.domain.ids import ENTROPY_BYTES, new_id
from glimway.domain.limits import Limits
from glimway.engine.errors import ErrorLog
from glimway.engine.planned import Plans
from glimway.store.database import Database
from glimway.store.journal import Journal
from glimway.store.receipts import Receipts
from glimway.store.runner import DrainRunner
from glimway.wire.dialect import ClientSide


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminParts:
    """Everything the admin API uses.

    Args:
        database: keys, projects and the administrator.
        receipts: of all requests.
        journal: whose state the health page tells.
        runner: of the journal's drain.
        errors: the recent ones; failures of the admin API itself are added.
        keys_changed: reads the keys again; when it returns, the server uses the new ones. It may
            raise ``StoreError``.
        default_limits: of keys that say nothing else.
        clock_ms: the present, milliseconds since 1970.
        entropy: so many random bytes.
        plans: plans requests that are never sent.
        sides: how such a request may be written, by the name of its dialect; the first is the
            usual one.
        draining: whether the server takes no new requests any more.
    """

    database: Database
    receipts: Receipts
    journal: Journal
    runner: DrainRunner
    errors: ErrorLog
    keys_changed: Callable[[], Awaitable[None]]
    default_limits: Limits
    clock_ms: Callable[[], int]
    entropy: Callable[[int], bytes]
    plans: Plans
    sides: Mapping[str, ClientSide]
    draining: Callable[[], bool]

    def new_id(self, now_ms: int) -> str:
        """A fresh id."""
        return new_id(now_ms, self.entropy(ENTROPY_BYTES))


class Visit(NamedTuple):
    """One request that was let in."""

    parts: AdminParts
    request: Request
    principal: Principal
    now_ms: int

    @property
    def name(self) -> str:
        """What the path names, in the place of ``{id}``."""
        return str(self.request.path_params["id"])


class Reply(NamedTuple):
    """What an operation answers."""

    document: Document
    status: int = 200
