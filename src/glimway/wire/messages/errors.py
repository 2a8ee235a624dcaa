"""Errors of hosts that speak the Messages API, to faults.

Knows the dialect's own words for what went wrong. Refuses to know what a client is told and
whether another try follows.
Source: https://docs.anthropic.com/en/api/errors. The envelope is the one that chat hosts have too,
so paths, codes and statuses of a host's quirks are obeyed by the same reader.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.chat import errors as chat_errors
from glimway.wire.dialect import Headers
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault, FaultKind

_OF_WORD: dict[str, FaultKind] = {
    "billing_error": "quota",
    "timeout_error": "timeout",
    "not_found_error": "rejected",
    "request_too_large": "rejected",
}
"""Words that chat hosts do not have; they count where no status says more."""

_CONTEXT = ("exceed context limit", "exceeds the context")
_FILTERED = ("content filtering", "content policy")
_SPENT = ("credit balance is too low",)
"""Pieces of messages, in lower case, by which an ``invalid_request_error`` means something else."""


def read_error(status: int, headers: Headers, body: bytes, quirks: Quirks) -> Fault:
    """Read an error answer.

    Args:
        status: the HTTP status.
        headers: lower-case names.
        body: its first bytes.
        quirks: the host's own paths, codes, statuses and phrases.
    """
    return _understood(chat_errors.read_error(status, headers, body, quirks), quirks)


def fault_in_body(value: Any, quirks: Quirks) -> Fault:
    """Read an error object that came where an answer was due: inside a 200, or in a stream."""
    return _understood(chat_errors.fault_in_body(value, quirks), quirks)


def _understood(fault: Fault, quirks: Quirks) -> Fault:
    known = quirks.errors.codes.get(fault.code or "")
    if known is not None or fault.refusal is not None:
        return fault
    if fault.kind == "broken" and fault.code in _OF_WORD:
        fault.kind = _OF_WORD[fault.code]
    message = (fault.message or "").lower()
    if fault.kind == "rejected" and message:
        if any(words in message for words in _CONTEXT):
            fault.refusal = "context_too_long"
        elif any(words in message for words in _FILTERED):
            fault.refusal = "content_filter"
        elif any(words in message for words in _SPENT):
            fault.kind = "quota"
    return fault
