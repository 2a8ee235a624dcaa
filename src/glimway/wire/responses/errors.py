"""Errors of the Responses API: a host's to faults, and ours to the words of ``response.error``.

Knows the codes of failed responses. Refuses to know what a client is told in an error body (the
mount's table says that), and whether another try follows.
Source: ``ResponseError`` of OpenAI's Python package (github.com/openai/openai-python). Bodies of
HTTP errors have the shape of the chat dialect's, so they are read as those are.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.chat.errors import fault_in_body, read_error
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Fault
from glimway.wire.talk import Json

__all__ = ["code_of", "failed", "read_error", "spoken"]

_PROMPT_CODES = frozenset(
    {
        "invalid_prompt",
        "bio_policy",
        "misalignment_policy_violation",
        "image_content_policy_violation",
    }
)
"""The model's maker does not want to answer this."""

_KEPT = frozenset(
    {"server_error", "rate_limit_exceeded", "context_length_exceeded", "insufficient_quota"}
)
"""Codes that agents act on; each other one of ours is a ``server_error`` to them."""

_MEANT = {
    "upstream_rate_limited": "rate_limit_exceeded",
    "content_filter": "invalid_prompt",
}


def failed(value: Any, quirks: Quirks) -> Fault:
    """The fault that an ``error`` event, or the ``error`` of a failed response, means."""
    body = value if type(value) is dict else {}
    inner = body.get("error")
    error = inner if type(inner) is dict else body
    code = error.get("code")
    fault = fault_in_body({"error": error} if error else value, quirks)
    if type(code) is not str or fault.refusal is not None:
        return fault
    if code in _PROMPT_CODES:
        fault.kind, fault.refusal = "rejected", "content_filter"
    elif "image" in code:
        fault.kind = "rejected"
    elif code == "server_error":
        fault.kind = "overloaded"
    return fault


def spoken(body: Any) -> dict[str, Json]:
    """The members of an ``error`` event for the mount's decoded error body: message, type, code
    and param, each at least ``null``, and a message that says something."""
    inner = body.get("error") if type(body) is dict else None
    error: dict[str, Any] = inner if type(inner) is dict else {}
    message = error.get("message")
    return {
        "type": error.get("type") or "server_error",
        "code": error.get("code"),
        "message": message if type(message) is str and message else "The answer failed.",
        "param": error.get("param"),
    }


def code_of(error: dict[str, Json]) -> str:
    """The code of a failed response for the members that ``spoken`` gave."""
    code = error["code"]
    code = _MEANT.get(code, code) if type(code) is str else None
    return code if code in _KEPT or code == "invalid_prompt" else "server_error"
