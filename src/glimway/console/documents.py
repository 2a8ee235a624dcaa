"""Keys, projects, receipts and errors as JSON objects.

Knows which members they have. Refuses to show a digest or a secret. Times are ISO 8601, with the
milliseconds beside them where they are sorted by; money is nano-USD, with USD beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from glimway.console.moments import iso_time
from glimway.domain.keys import Key
from glimway.domain.money import usd_number
from glimway.domain.receipt import FIRST_WORDS, Receipt
from glimway.engine.errors import ErrorEntry
from glimway.store.keys import Listed
from glimway.store.projects import Project

Document = dict[str, Any]


def key_document(key: Key, now_ms: int) -> Document:
    """A key, without its secret. ``limits`` is null where the configured ones hold."""
    return {
        "object": "key",
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "organization": key.organization,
        "project": key.project,
        "billing": key.billing,
        "state": key.state(now_ms),
        "created_at": iso_time(key.created_ms),
        "expires_at": iso_time(key.expires_ms),
        "revoked_at": iso_time(key.revoked_ms),
        "limits": None if key.limits is None else msgspec.structs.asdict(key.limits),
        "allowed_origins": list(key.allowed_origins),
    }


def listed_document(listed: Listed, now_ms: int) -> Document:
    """A key with the end of its token and its successor."""
    return key_document(listed.key, now_ms) | {
        "last4": listed.last4,
        "successor": listed.successor,
    }


def project_document(project: Project) -> Document:
    """A project."""
    return {
        "object": "project",
        "id": project.id,
        "name": project.name,
        "organization": project.organization,
        "billing": project.billing,
        "allowed_origins": list(project.allowed_origins),
        "settings": project.settings,
        "created_at": iso_time(project.created_ms),
    }


def receipt_document(receipt: Receipt) -> Document:
    """A receipt, whole: also what its caller does not see."""
    document = msgspec.structs.asdict(receipt) | {
        "tokens": msgspec.structs.asdict(receipt.tokens),
        "attempts": [
            msgspec.structs.asdict(attempt) | {"why": attempt.why or FIRST_WORDS}
            for attempt in receipt.attempts
        ],
        "cost": msgspec.Raw(usd_number(receipt.cost_nanousd)),
    }
    return {"object": "request", "at": iso_time(receipt.at_ms), **document}


def error_document(entry: ErrorEntry) -> Document:
    """An error with its inner cause."""
    return {"object": "error", "at": iso_time(entry.at_ms), **msgspec.structs.asdict(entry)}


def page(documents: Sequence[Document], cursor: str | None = None) -> Document:
    """A list, newest first; ``next`` is the ``cursor`` of the page after it, or null."""
    return {
        "object": "list",
        "data": list(documents),
        "has_more": cursor is not None,
        "next": cursor,
    }
