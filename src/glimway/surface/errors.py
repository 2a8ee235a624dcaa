"""How each mount says no: the one table from kinds to status, words and body.

Knows the error shapes of the APIs we serve. Refuses to know why something was refused.
The rows are the contract's table of refusals and faults; the public message leaves the building,
the inner detail never does.
"""

from __future__ import annotations

import math

import msgspec

from glimway.domain.cooldown import missing
from glimway.engine.client import Refused
from glimway.wire.aisdk import ID_PREFIX
from glimway.wire.aisdk.errors import Words, error_body
from glimway.wire.refusal import Fault, Refusal

_encode = msgspec.json.Encoder().encode

RETRY_AFTER_S_DEFAULT = 1.0
"""For 429 and 503 where nobody said when to come back."""


class Row(msgspec.Struct, frozen=True):
    """One kind, as each mount spells it. ``paas`` may depend on the finer code."""

    status: int
    type: str
    code: str
    glm: str
    paas: str
    messages: str
    glm_status: int | None = None
    messages_status: int | None = None
    retry: bool = False


ROWS: dict[str, Row] = {
    "invalid": Row(
        400, "invalid_request_error", "invalid_value", "token_mismatched", "1210",
        "invalid_request_error",
    ),
    "context_too_long": Row(
        400, "invalid_request_error", "context_length_exceeded", "token_mismatched", "1261",
        "invalid_request_error",
    ),
    "unsupported": Row(
        400, "invalid_request_error", "unsupported", "api_not_implemented", "1212",
        "invalid_request_error",
    ),
    "content_filter": Row(
        400, "invalid_request_error", "content_filter", "token_mismatched", "1301",
        "invalid_request_error",
    ),
    "unauthenticated": Row(
        401, "authentication_error", "invalid_api_key", "invalid_token", "1002",
        "authentication_error",
    ),
    "insufficient_quota": Row(
        402, "insufficient_quota", "insufficient_quota", "used_up", "1113", "billing_error",
    ),
    "forbidden": Row(
        403, "permission_error", "forbidden", "forbidden", "1220", "permission_error",
    ),
    "not_found": Row(
        404, "not_found_error", "not_found", "api_not_implemented", "1211", "not_found_error",
    ),
    "method_not_allowed": Row(
        405, "invalid_request_error", "method_not_allowed", "api_not_implemented", "1212",
        "invalid_request_error",
    ),
    "too_large": Row(
        413, "invalid_request_error", "request_too_large", "token_mismatched", "1210",
        "request_too_large",
    ),
    "rate_limited": Row(
        429, "rate_limit_error", "rate_limit_exceeded", "too_many_requests", "1302",
        "rate_limit_error", retry=True,
    ),
    "unavailable": Row(
        503, "api_error", "service_unavailable", "api_error", "1234", "overloaded_error",
        glm_status=500, messages_status=529, retry=True,
    ),
    "fault.rate_limited": Row(
        429, "rate_limit_error", "upstream_rate_limited", "too_many_requests", "1305",
        "rate_limit_error", retry=True,
    ),
    "fault.broken": Row(
        502, "api_error", "upstream_error", "api_error", "1230", "api_error", glm_status=500,
    ),
    "fault.timeout": Row(
        504, "api_error", "timeout", "api_error", "1234", "timeout_error", glm_status=500,
    ),
}  # fmt: skip

_FAULT_ROWS = {
    "unreachable": "unavailable",
    "overloaded": "unavailable",
    "quota": "unavailable",
    "auth": "unavailable",
    "rate_limited": "fault.rate_limited",
    "broken": "fault.broken",
    "timeout": "fault.timeout",
    "rejected": "invalid",
}

_FAULT_MESSAGES = {
    "unreachable": "The model's provider cannot be reached at present, please retry later.",
    "overloaded": "The model's provider is overloaded, please retry later.",
    "quota": "The model's provider refuses this service at present; the operator has been told.",
    "auth": "The model's provider refuses this service at present; the operator has been told.",
    "rate_limited": "The model's provider limits the rate of requests, please retry later.",
    "broken": "The model's provider sent an answer that could not be used.",
    "timeout": "The model's provider took too long to answer.",
    "rejected": "The model's provider did not accept this request.",
}

_MISSING = "The model's provider does not have it; the operator has been told."
"""Not a mistake of the caller, who named a model of the catalog, and nothing to try again soon."""


_STATUS_OF_CODE = {"header_too_large": 431}

_PAAS_CODES = {
    "invalid_json": "1210",
    "missing_field": "1213",
    "invalid_value": "1214",
    "missing_api_key": "1001",
}

_OPENAI_CODES = {"missing_api_key": "invalid_api_key"}
"""OpenAI has one code for a key that is missing and one that is wrong."""

_GLM_AWAY = "Service is temporarily unavailable, please retry later."


class Said(msgspec.Struct, frozen=True):
    """An error resolved to its row, before a mount spells it."""

    row: Row
    status: int
    message: str
    code: str
    param: str | None
    retry_after_s: float | None


def resolve(error: Refusal | Fault) -> Said:
    """Find the row and the public words of an error."""
    if isinstance(error, Refusal):
        row = ROWS[error.kind]
        code = error.code or row.code
        status = _STATUS_OF_CODE.get(code, row.status)
        retry = error.retry_after_s
        return Said(row, status, error.message, code, error.param, _retry(row, retry))
    if error.refusal is not None:
        row = ROWS[error.refusal]
        message = error.message or _FAULT_MESSAGES["rejected"]
        return Said(row, row.status, message, row.code, None, _retry(row, error.retry_after_s))
    row, message = ROWS[_FAULT_ROWS[error.kind]], _FAULT_MESSAGES[error.kind]
    code = row.code
    if missing(error):
        row, message, code = ROWS["not_found"], _MISSING, "model_not_found"
    if error.kind == "rejected" and error.message:
        message = f"{message} It says: {error.message}"
    return Said(row, row.status, message, code, None, _retry(row, error.retry_after_s))


def _retry(row: Row, retry_after_s: float | None) -> float | None:
    if not row.retry:
        return None
    return RETRY_AFTER_S_DEFAULT if retry_after_s is None else retry_after_s


def _headers(said: Said) -> tuple[tuple[bytes, bytes], ...]:
    if said.retry_after_s is None:
        return ()
    # Whole seconds, rounded up: who comes back then is not early.
    return ((b"retry-after", str(max(1, math.ceil(said.retry_after_s))).encode()),)


def openai_error(error: Refusal | Fault, trace_id: str) -> Refused:
    """``/v1`` and ``/v1/openai``: OpenAI's envelope with the trace id beside it."""
    said = resolve(error)
    code = _OPENAI_CODES.get(said.code, said.code)
    body = {
        "error": {
            "message": said.message,
            "type": said.row.type,
            "param": said.param,
            "code": code,
        },
        "trace_id": trace_id,
    }
    return Refused(said.status, _encode(body), _headers(said), code)


def glm_error(error: Refusal | Fault, trace_id: str) -> Refused:
    """``/glm``: AceData's envelope with its own codes."""
    said = resolve(error)
    message = said.message
    if said.row.glm == "api_error" and said.row.code == "service_unavailable":
        message = _GLM_AWAY
    body = {"trace_id": trace_id, "error": {"code": said.row.glm, "message": message}}
    return Refused(said.row.glm_status or said.status, _encode(body), _headers(said), said.row.glm)


def paas_error(error: Refusal | Fault, trace_id: str) -> Refused:
    """``/api/paas/v4``: Z.ai's envelope with its codes as strings of digits."""
    said = resolve(error)
    code = _PAAS_CODES.get(said.code, said.row.paas)
    body = {"error": {"code": code, "message": said.message}, "trace_id": trace_id}
    return Refused(said.status, _encode(body), _headers(said), code)


def aisdk_error(error: Refusal | Fault, trace_id: str) -> Refused:
    """``/v3/ai`` and ``/v4/ai``: the envelope of the AI SDK's gateway."""
    said = resolve(error)
    code = _OPENAI_CODES.get(said.code, said.code)
    body = error_body(Words(said.message, said.row.type, code, said.param), trace_id, ID_PREFIX)
    return Refused(said.status, _encode(body), _headers(said), code)


def messages_error(error: Refusal | Fault, trace_id: str) -> Refused:
    """``/v1/messages`` and ``/anthropic``: Anthropic's envelope."""
    said = resolve(error)
    kind = said.row.messages
    body = {
        "type": "error",
        "error": {"type": kind, "message": said.message},
        "request_id": trace_id,
    }
    status = said.row.messages_status or said.status
    return Refused(status, _encode(body), _headers(said), kind)
