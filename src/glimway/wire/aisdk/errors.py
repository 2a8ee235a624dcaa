"""Errors in the words of the AI SDK's gateway.

Knows the types that the SDK has a class for, and the body around them. Refuses to know why
something was refused: the table of refusals is where mounts are.
Source: ``createGatewayErrorFromResponse`` of ``@ai-sdk/gateway`` (github.com/vercel/ai): a type
that is not in its list becomes a ``GatewayInternalServerError``, whatever the status says.
"""

from __future__ import annotations

from typing import Any

import msgspec

from glimway.wire.talk import Json

TYPES: dict[str, str] = {
    "invalid_request_error": "invalid_request_error",
    "authentication_error": "authentication_error",
    "insufficient_quota": "forbidden",
    "permission_error": "forbidden",
    "not_found_error": "not_found",
    "rate_limit_error": "rate_limit_exceeded",
    "api_error": "internal_server_error",
}
"""OpenAI's type of an error -> the SDK's. For spent credits the SDK has no class; ``forbidden`` is
not tried again and keeps the message, and ``code`` says what it is."""

MODEL_NOT_FOUND = "model_not_found"
"""Both a code and a type: the SDK has a class of its own for it."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Words(msgspec.Struct, frozen=True):
    """An error before it is spelled.

    Args:
        message: public.
        type: OpenAI's, which every error has.
        code: the finer code.
        param: the member or header to blame.
    """

    message: str
    type: str
    code: str
    param: str | None = None


def error_body(words: Words, stem: str, prefix: str) -> dict[str, Json]:
    """The body of an error answer.

    Args:
        words: what is said.
        stem: the request's id.
        prefix: what makes it the id of an answer.
    """
    kind = TYPES.get(words.type, "internal_server_error")
    return {
        "error": {
            "message": words.message,
            "type": MODEL_NOT_FOUND if words.code == MODEL_NOT_FOUND else kind,
            "param": words.param,
            "code": words.code,
        },
        "generationId": f"{prefix}{stem}",
        "trace_id": stem,
    }


def error_part(body: bytes) -> bytes:
    """The part of a stream that says the same as an error body, which the mount has written."""
    said: dict[str, Any] = _decode(body)
    error: dict[str, Json] = {**said["error"]}
    if "generationId" in said:
        error["generationId"] = said["generationId"]
    return _encode({"type": "error", "error": error})
