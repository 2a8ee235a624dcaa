"""Answers that are errors: by status, by Z.ai's business code, and stranger ones.

Knows status, type, code and sentence of each, and fills a family's error shape with them. Refuses
to know which request gets one; a script says so.

Source of the codes: docs.z.ai/api-reference/api-code.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from glimway.sandbox.families.hosted import ZAI
from glimway.sandbox.family import Family
from glimway.sandbox.reply import Frame, Reply
from glimway.sandbox.script import Script
from glimway.sandbox.template import fill
from glimway.wire.refusal import Refusal, RefusalKind

Json = Any

TRACE_ID: Final = "5a4d0b2c-19e7-4f3d-8c6a-7e21b0947d13"
RETRY_AFTER_S: Final = 2

_encode = msgspec.json.Encoder().encode


class Trouble(msgspec.Struct, frozen=True):
    """One error: HTTP status, OpenAI's type and code, Z.ai's code, AceData's code, a sentence."""

    status: int
    type: str
    name: str
    digits: str
    word: str
    message: str


STATUSES: Final[dict[int, Trouble]] = {
    trouble.status: trouble
    for trouble in (
        Trouble(
            400, "invalid_request_error", "invalid_value", "1214", "token_mismatched",
            "A field of the request is not valid.",
        ),
        Trouble(
            401, "authentication_error", "invalid_api_key", "1000", "invalid_token",
            "Authentication failed.",
        ),
        Trouble(
            402, "insufficient_quota", "insufficient_quota", "1113", "used_up",
            "The account has no credits left.",
        ),
        Trouble(
            403, "permission_error", "forbidden", "1220", "forbidden",
            "The key has no permission for this API.",
        ),
        Trouble(
            404, "not_found_error", "model_not_found", "1211", "api_not_implemented",
            "The model does not exist.",
        ),
        Trouble(
            405, "invalid_request_error", "method_not_allowed", "1212", "api_not_implemented",
            "The path does not take this method.",
        ),
        Trouble(
            413, "invalid_request_error", "request_too_large", "1210", "token_mismatched",
            "The request body is too large.",
        ),
        Trouble(
            429, "rate_limit_error", "rate_limit_exceeded", "1302", "too_many_requests",
            "Too many requests.",
        ),
        Trouble(
            500, "server_error", "internal_error", "1230", "api_error",
            "The server had an error.",
        ),
        Trouble(
            502, "server_error", "bad_gateway", "1234", "api_error",
            "The server behind this one did not answer.",
        ),
        Trouble(
            503, "server_error", "service_unavailable", "1234", "api_error",
            "The service is not available at the moment.",
        ),
        Trouble(
            529, "overloaded_error", "overloaded", "1305", "api_error",
            "The service is overloaded, try again later.",
        ),
    )
}  # fmt: skip

CODES: Final[dict[str, tuple[int, str]]] = {
    "1000": (401, "Authentication failed"),
    "1001": (401, "The authentication parameter was not received in the header"),
    "1003": (401, "The authentication token has expired"),
    "1005": (401, "A second factor is needed"),
    "1113": (429, "Insufficient balance or no resource package. Please recharge."),
    "1200": (500, "The API call failed"),
    "1210": (400, "The API call parameters are wrong, please check the documentation"),
    "1211": (400, "Unknown model, please check the model code"),
    "1212": (400, "The model does not support this method"),
    "1213": (400, "The parameter was not received normally"),
    "1214": (400, "The parameter is illegal"),
    "1215": (400, "Two parameters cannot be set together"),
    "1220": (403, "You do not have permission to access this API"),
    "1221": (400, "The API has been taken offline"),
    "1222": (400, "The API does not exist"),
    "1230": (500, "The API call process failed"),
    "1234": (500, "Network error, error id: 20260119083000sandbox"),
    "1261": (400, "The prompt exceeds the maximum length"),
    "1301": (400, "The system detected unsafe or sensitive content in the input or the output"),
    "1302": (429, "The request rate of your account has reached its limit"),
    "1303": (429, "The request frequency of this API is too high"),
    "1304": (429, "The daily call limit of this API has been reached"),
    "1305": (429, "The service may be temporarily overloaded, please try again later"),
    "1308": (429, "The usage limit is reached; it resets at 2026-01-20 08:30:00"),
    "1309": (429, "Your plan has expired"),
    "1310": (429, "The weekly limit is reached; it resets at 2026-01-26 00:00:00"),
    "1311": (429, "Your plan does not include this model"),
    "1312": (429, "The traffic of this model is too high"),
    "1313": (429, "Your account is limited under the fair-use policy"),
}

_PAGE: Final = (
    b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n"
    b"<body><center><h1>502 Bad Gateway</h1></center><hr><center>proxy</center></body></html>\n"
)

_REFUSALS: Final[dict[RefusalKind, int]] = {
    "invalid": 400,
    "unsupported": 400,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_large": 413,
    "unavailable": 503,
}


def trouble_values(trouble: Trouble, refusal: Refusal | None = None) -> dict[str, Json]:
    """The values that an error template may ask for; a refusal's own words go first."""
    return {
        "id": TRACE_ID,
        "created": 0,
        "model": "",
        "status": trouble.status,
        "status_text": str(trouble.status),
        "type": trouble.type,
        "name": (refusal and refusal.code) or trouble.name,
        "param": refusal.param if refusal else None,
        "digits": trouble.digits,
        "word": trouble.word,
        "message": refusal.message if refusal else trouble.message,
    }


def error_reply(family: Family, trouble: Trouble, refusal: Refusal | None = None) -> Reply:
    """An error as ``family`` words it."""
    body = _encode(fill(family.error, trouble_values(trouble, refusal)))
    return Reply(status=trouble.status, body=body)


def error_frame(family: Family) -> Frame:
    """The error frame that a stream of ``family`` brings when inference fails in the middle."""
    template = family.error if family.error_stream is None else family.error_stream
    return Frame("error", _encode(fill(template, trouble_values(STATUSES[500]))))


def refused(family: Family, refusal: Refusal) -> Reply:
    """The sandbox's own no (a wrong request, an unknown script) in ``family``'s words."""
    status = _REFUSALS.get(refusal.kind, 400)
    return error_reply(family, STATUSES[status], refusal)


def instead(script: Script, family: Family) -> Reply | None:
    """The error that ``script`` wants instead of an answer, or None."""
    for status, trouble in STATUSES.items():
        if script.has(str(status)):
            return error_reply(family, trouble)
    if script.has("429-retry-after"):
        reply = error_reply(family, STATUSES[429])
        reply.headers = (("retry-after", str(RETRY_AFTER_S)),)
        return reply
    code = script.parts.get("code")
    if code is not None:
        return _business(code)
    if script.has("error-in-200"):
        return _business("1305", status=200)
    if script.has("empty-200"):
        return Reply()
    if script.has("html-200"):
        return Reply(content_type="text/html", body=_PAGE.replace(b"502 Bad Gateway", b"Welcome"))
    if script.has("html-502"):
        return Reply(status=502, content_type="text/html", body=_PAGE)
    return None


def _business(code: str, status: int | None = None) -> Reply:
    known = CODES.get(code)
    if known is None:
        names = ", ".join(CODES)
        raise Refusal("invalid", f"Z.ai has no code {code}; known: {names}.", code="unknown_script")
    trouble = Trouble(known[0], "", "", code, "", known[1])
    reply = error_reply(ZAI, trouble)
    reply.status = status or known[0]
    return reply
