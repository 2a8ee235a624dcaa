"""Counting a prompt's tokens: the request that has no answer, and what it is answered with.

Knows that such a request is one of messages without a bound on the answer. Refuses to count.
Source: https://docs.anthropic.com/en/api/messages-count-tokens.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.dialect import Headers
from glimway.wire.messages.request import decode
from glimway.wire.messages.signatures import Unseal
from glimway.wire.talk import Call

PATH = "/messages/count_tokens"


def decode_count(body: dict[str, Any], headers: Headers, unseal: Unseal | None = None) -> Call:
    """Read the body of a request to count.

    Args:
        body: the top-level object.
        headers: of the request.
        unseal: opens what was sealed here.

    Raises:
        Refusal: ``invalid``, naming the field and what it accepts.
    """
    call = decode(body, headers, unseal, counting=True)
    call.stream = False
    return call


def count_body(input_tokens: int) -> bytes:
    """The answer: so many tokens."""
    return b'{"input_tokens":%d}' % input_tokens
