"""Answers of the admin API: JSON, and how it says no.

Knows the error shape, which is that of ``/v1``, and the status of each kind of refusal. Refuses to
know why something was refused. The public message leaves; the inner detail is for the error log.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import msgspec
from starlette.responses import Response

from glimway.wire.refusal import Refusal, RefusalKind

RETRY_AFTER_S_DEFAULT: Final = 1.0
"""For 429 and 503 where nobody said when to come back."""

_encode: Final = msgspec.json.Encoder().encode
_HEADERS: Final = {
    # Answers hold keys and receipts: nothing between here and the reader may keep them.
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


class Row(NamedTuple):
    """One kind of refusal: its status and the words of the ``/v1`` shape."""

    status: int
    type: str
    code: str


ROWS: Final[dict[RefusalKind, Row]] = {
    "invalid": Row(400, "invalid_request_error", "invalid_value"),
    "context_too_long": Row(400, "invalid_request_error", "context_length_exceeded"),
    "unsupported": Row(400, "invalid_request_error", "unsupported"),
    "content_filter": Row(400, "invalid_request_error", "content_filter"),
    "unauthenticated": Row(401, "authentication_error", "invalid_api_key"),
    "insufficient_quota": Row(402, "insufficient_quota", "insufficient_quota"),
    "forbidden": Row(403, "permission_error", "forbidden"),
    "not_found": Row(404, "not_found_error", "not_found"),
    "method_not_allowed": Row(405, "invalid_request_error", "method_not_allowed"),
    "too_large": Row(413, "invalid_request_error", "request_too_large"),
    "rate_limited": Row(429, "rate_limit_error", "rate_limit_exceeded"),
    "unavailable": Row(503, "api_error", "service_unavailable"),
}
"""The table of ``surface.errors``, in the column of ``/v1``."""


def answer(value: Any, trace_id: str, status: int = 200) -> Response:
    """``value`` as JSON."""
    headers = _HEADERS | {"x-request-id": trace_id}
    return Response(_encode(value), status, headers, "application/json")


def refused(refusal: Refusal, trace_id: str) -> Response:
    """A refusal as JSON, with the headers that belong to it."""
    row = ROWS[refusal.kind]
    error = {
        "message": refusal.message,
        "type": row.type,
        "param": refusal.param,
        "code": refusal.code or row.code,
    }
    response = answer({"error": error, "trace_id": trace_id}, trace_id, row.status)
    if row.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if row.status in (429, 503):
        wait_s = refusal.retry_after_s or RETRY_AFTER_S_DEFAULT
        response.headers["retry-after"] = str(max(1, math.ceil(wait_s)))
    for name, value in refusal.headers:
        response.headers[name.decode("latin-1")] = value.decode("latin-1")
    return response
