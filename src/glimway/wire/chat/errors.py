"""Errors of chat hosts, to faults.

Knows how to find code, message and kind in an error body, by the paths and tables of the host's
quirks. Refuses to know what a client is told and whether another try follows.
Source: Z.ai's error page (docs.z.ai/api-reference/api-code); the shapes of vLLM, SGLang,
llama.cpp, OpenRouter and others as listed with each host's quirks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from glimway.wire.quirks import Errors, Meaning, Quirks
from glimway.wire.refusal import Fault, FaultKind, RefusalKind

_decode = msgspec.json.Decoder().decode

MESSAGE_CHARS_MAX = 500
RETRY_AFTER_S_MAX = 3600.0

LONG_RETRY_S = 30.0
"""When to come back to an overload that lasts, where the host does not say: Z.ai's clients moved
from three quick tries to waits of 30 s and more for code 1305."""

_OF_STATUS: dict[int, FaultKind] = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "rejected",
    408: "timeout",
    425: "overloaded",
    429: "rate_limited",
    500: "overloaded",
    502: "overloaded",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}

_OF_WORD: dict[str, FaultKind] = {
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "rate_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "too_many_requests": "rate_limited",
    "overloaded_error": "overloaded",
    "server_error": "overloaded",
    "internal_server_error": "overloaded",
    "internalservererror": "overloaded",
    "api_error": "overloaded",
    "service_unavailable": "overloaded",
    "timeout": "timeout",
    "invalid_api_key": "auth",
    "authentication_error": "auth",
    "permission_error": "auth",
    "invalid_request_error": "rejected",
    "badrequesterror": "rejected",
}
"""OpenAI's own words and their like, for errors that come without a status of their own."""

_LACKING = frozenset({"model_not_found", "DeploymentNotFound"})
"""OpenAI's code for a model that is not there, with whatever status, and Azure's."""

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_CONTEXT_WORDS = (
    "context length",
    "context_length",
    "maximum context",
    "prompt is too long",
    "too many tokens",
    "context window",
)


def read_error(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes, quirks: Quirks
) -> Fault:
    """Read an error answer.

    Args:
        status: the HTTP status.
        headers: lower-case names.
        body: its first bytes.
        quirks: the host's own paths, codes, statuses and phrases.
    """
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = body[:MESSAGE_CHARS_MAX].decode("utf-8", "replace")
    return _fault(status, value, quirks.errors, _retry_after(headers))


def fault_in_body(value: Any, quirks: Quirks) -> Fault:
    """Read an error object that came where an answer was due: inside a 200, or in a stream."""
    return _fault(200, value, quirks.errors, None)


def is_error(frame: dict[str, Any]) -> bool:
    """Whether an object that came where an answer was due is an error, nested or flat."""
    if frame.get("error"):
        return True
    if frame.get("choices") is not None:
        return False
    if frame.get("object") == "error" or frame.get("type") == "error":
        return True
    said = frame.get("message") or frame.get("msg") or frame.get("detail")
    return type(said) is str and (frame.get("code") is not None or frame.get("success") is False)


def _fault(status: int, value: Any, errors: Errors, retry_after_s: float | None) -> Fault:
    if type(value) is list and len(value) == 1:
        value = value[0]  # Google's hosts put the object into an array
    code, message = _code_and_message(value, errors)
    meaning = _meaning(status, code, message, errors)
    kind: FaultKind | None = meaning.fault
    refusal: RefusalKind | None = meaning.refusal
    if refusal is not None:
        kind = kind or "rejected"
    elif kind is None:
        if code == "context_length_exceeded" or _speaks_of_context(status, message):
            refusal = "context_too_long"
        elif code == "content_filter":
            refusal = "content_filter"
        kind = "rejected" if refusal is not None else _of_status(status, code)
    if meaning.retry == "long" and retry_after_s is None:
        retry_after_s = LONG_RETRY_S
    readable = message and not message.lstrip().startswith("<")  # a proxy's page is no message
    return Fault(
        kind,
        f"{status} {code or ''} {message}".strip()[:MESSAGE_CHARS_MAX],
        status=status,
        message=message[:MESSAGE_CHARS_MAX] if readable else None,
        retry_after_s=retry_after_s,
        code=code,
        refusal=refusal,
        lacks=kind == "rejected" and (meaning.lacks or code in _LACKING),
    )


def _meaning(status: int, code: str | None, message: str, errors: Errors) -> Meaning:
    """What the host's own tables say: code, then status, then a phrase of the message."""
    found = errors.codes.get(code) if code is not None else None
    if found is None and status != 200:
        found = errors.statuses.get(str(status))
    if found is None and errors.phrases:
        lowered = message.lower()
        for phrase, meaning in errors.phrases.items():
            if phrase in lowered:
                return meaning
    return found or _SILENT


_SILENT = Meaning()


def _of_status(status: int, code: str | None) -> FaultKind:
    word = _OF_WORD.get(code.lower()) if code is not None else None
    if status == 200:
        # An error inside a 200 carries its status in the code, where it is an HTTP number.
        if code is not None and code.isdigit() and 400 <= int(code) < 600:
            return _of_status(int(code), None)
        return word or "broken"
    if status == 429 and word == "quota":
        return word
    kind = _OF_STATUS.get(status)
    if kind is not None:
        return kind
    if 400 <= status < 500:
        return "rejected"
    return "overloaded" if status >= 500 else "broken"


def _code_and_message(value: Any, errors: Errors) -> tuple[str | None, str]:
    if type(value) is str:
        return None, value
    if type(value) is not dict:
        return None, ""
    listed = value.get("errors")
    if type(listed) is list and listed and type(listed[0]) is dict:
        value = {**listed[0], **{k: v for k, v in value.items() if k != "errors" and v}}
    code = next((word for path in errors.code if (word := _word(_at(value, path)))), None)
    message = ""
    for path in errors.message:
        found = _at(value, path)
        if type(found) is str and found:
            message = found
            break
    if not message:
        # Pydantic's list of complaints, or an object in an unknown shape: better than silence.
        rest = value.get("detail") or value.get("message") or value.get("error") or ""
        message = rest if type(rest) is str else msgspec.json.encode(rest).decode()
    return code, message


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


def _word(value: Any) -> str | None:
    if type(value) is int:
        return str(value)
    return value if type(value) is str and value else None


def _speaks_of_context(status: int, message: str) -> bool:
    if status not in (200, 400, 413, 422):
        return False
    lowered = message.lower()
    return any(words in lowered for words in _CONTEXT_WORDS)


def _retry_after(headers: list[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name in (b"retry-after", b"retry-after-ms"):
            try:
                seconds = float(value)
            except ValueError:
                seconds = _until(value, headers)
            if name == b"retry-after-ms":
                seconds /= 1000
            if 0 <= seconds <= RETRY_AFTER_S_MAX:
                return seconds
            if seconds > 0:
                return RETRY_AFTER_S_MAX
    return None


def _until(value: bytes, headers: list[tuple[bytes, bytes]]) -> float:
    """Seconds until an HTTP date, by the clock of whoever wrote it: ours may differ. Negative where
    that cannot be said."""
    now = next((date for name, date in headers if name == b"date"), b"")
    try:
        return (_date(value) - _date(now)).total_seconds()
    except (ValueError, OverflowError):
        return -1.0


def _date(value: bytes) -> datetime:
    """An HTTP date in its one form that may still be sent (RFC 9110, 5.6.7); raises ValueError."""
    _, day, month, year, clock, zone = value.decode("latin-1").split()
    if zone != "GMT":
        raise ValueError(zone)
    hour, minute, second = clock.split(":")
    at = 1 + _MONTHS.index(month)
    return datetime(
        int(year), at, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
    )
