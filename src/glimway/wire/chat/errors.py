"""Errors of chat hosts, to faults.

Knows the error bodies seen in the wild (OpenAI's object, Z.ai's digits, a flat object, a bare
string) and finds code, message and kind in them. Refuses to know what a client is told.
Source: Z.ai's error page (docs.z.ai/api-reference/api-code); the shapes of vLLM, SGLang,
llama.cpp, OpenRouter and others as listed with each host's quirks.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault, FaultKind, RefusalKind

_decode = msgspec.json.Decoder().decode

MESSAGE_CHARS_MAX = 500
RETRY_AFTER_S_MAX = 3600.0

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
        quirks: the host's own codes.
    """
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = body[:MESSAGE_CHARS_MAX].decode("utf-8", "replace")
    retry_after_s = _retry_after(headers)
    return _fault(status, value, quirks, retry_after_s)


def fault_in_body(value: Any, quirks: Quirks) -> Fault:
    """Read an error object that came where an answer was due: inside a 200, or in a stream."""
    return _fault(200, value, quirks, None)


def _fault(status: int, value: Any, quirks: Quirks, retry_after_s: float | None) -> Fault:
    code, message = _code_and_message(value)
    kind: FaultKind | None = None
    refusal: RefusalKind | None = None
    meaning = quirks.errors.codes.get(code) if code else None
    if meaning is not None:
        kind, refusal = meaning.fault, meaning.refusal
    if kind is None:
        if code == "context_length_exceeded" or _speaks_of_context(status, message):
            refusal = "context_too_long"
        elif code == "content_filter":
            refusal = "content_filter"
        kind = _of_status(status, code)
    if refusal is not None:
        kind = "rejected"
    return Fault(
        kind,
        f"{status} {code or ''} {message}".strip()[:MESSAGE_CHARS_MAX],
        status=status,
        message=message[:MESSAGE_CHARS_MAX] or None,
        retry_after_s=retry_after_s,
        code=code,
        refusal=refusal,
    )


def _of_status(status: int, code: str | None) -> FaultKind:
    if status == 200:
        # An error inside a 200 carries its status in the code, where it is an HTTP number.
        if code is not None and code.isdigit() and 400 <= int(code) < 600:
            return _of_status(int(code), None)
        return "broken"
    kind = _OF_STATUS.get(status)
    if kind is not None:
        return kind
    if 400 <= status < 500:
        return "rejected"
    return "overloaded" if status >= 500 else "broken"


def _code_and_message(value: Any) -> tuple[str | None, str]:
    if type(value) is str:
        return None, value
    if type(value) is not dict:
        return None, ""
    inner = value.get("error")
    if type(inner) is str:
        return _word(value.get("code")), inner
    holder = inner if type(inner) is dict else value
    message = holder.get("message") or holder.get("msg") or holder.get("detail") or ""
    if type(message) is not str:
        message = msgspec.json.encode(message).decode()
    return _word(holder.get("code")) or _word(holder.get("type")), message


def _word(value: Any) -> str | None:
    if type(value) is int:
        return str(value)
    return value if type(value) is str and value else None


def _speaks_of_context(status: int, message: str) -> bool:
    if status not in (400, 413, 422):
        return False
    lowered = message.lower()
    return any(words in lowered for words in _CONTEXT_WORDS)


def _retry_after(headers: list[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name in (b"retry-after", b"retry-after-ms"):
            try:
                seconds = float(value)
            except ValueError:
                return None  # an HTTP date: rare, and clocks differ
            if name == b"retry-after-ms":
                seconds /= 1000
            if 0 <= seconds <= RETRY_AFTER_S_MAX:
                return seconds
            return RETRY_AFTER_S_MAX if seconds > 0 else None
    return None
