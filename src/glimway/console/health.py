"""How the books do, for administrators.

Knows what the journal and its drain tell of themselves, and how long serving can go on while the
database is away. Refuses to mend anything.
"""

from __future__ import annotations

from typing import Final, Literal

from glimway import __version__
from glimway.console.bodies import read_query
from glimway.console.documents import Document
from glimway.console.moments import iso_time
from glimway.console.parts import AdminParts, Reply, Visit
from glimway.store.runner import Health

State = Literal["ok", "behind", "failing"]

SECOND_MS: Final = 1000


async def show(visit: Visit) -> Reply:
    """The state of the journal and of its drain.

    ``status`` is ``ok``; ``behind`` while the database takes no records and the journal keeps them;
    ``failing`` when requests get 503, or will as soon as the journal is full, because nothing
    drains it.
    """
    read_query(visit.request, ())
    parts = visit.parts
    health = parts.runner.health()
    journal = parts.journal
    free_bytes = max(0, journal.total_bytes - journal.used_bytes)
    serves_for_s = _serves_for_s(parts, health, visit.now_ms)
    return Reply(
        {
            "object": "health",
            "status": _state(parts, health, serves_for_s),
            "version": __version__,
            "at": iso_time(visit.now_ms),
            "draining": parts.draining(),
            "journal": {
                "used_bytes": journal.used_bytes,
                "total_bytes": journal.total_bytes,
                "free_bytes": free_bytes,
                "broken": None if journal.broken is None else str(journal.broken),
            },
            "drain": _drain(health, visit.now_ms),
            "serves_for_s": serves_for_s,
        }
    )


def _state(parts: AdminParts, health: Health, serves_for_s: int | None) -> State:
    if parts.journal.broken is not None or serves_for_s == 0 or not health.running:
        return "failing"
    return "ok" if health.behind_since_ms is None else "behind"


def _drain(health: Health, now_ms: int) -> Document:
    since_ms = health.behind_since_ms
    return {
        "running": health.running,
        "undrained_records": health.undrained_records,
        "behind_since": iso_time(since_ms),
        "behind_s": 0 if since_ms is None else max(0, now_ms - since_ms) // SECOND_MS,
        "last_error": health.last_error,
    }


def _serves_for_s(parts: AdminParts, health: Health, now_ms: int) -> int | None:
    """How long the journal has room at the pace since the drain fell behind; None while it is not
    behind, or nothing was written since.

    All that the journal holds is taken to be written since then, which is a little too much, so
    the answer is a little too short.
    """
    journal = parts.journal
    if journal.broken is not None:
        return 0
    if health.behind_since_ms is None or not health.undrained_records:
        return None
    behind_ms = max(SECOND_MS, now_ms - health.behind_since_ms)
    free_bytes = max(0, journal.total_bytes - journal.used_bytes)
    return free_bytes * behind_ms // max(1, journal.used_bytes) // SECOND_MS
