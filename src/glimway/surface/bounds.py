"""What one request may be at most, and how a larger one is refused.

Knows the bounds and the words. Refuses to know how a request is read.
"""

from __future__ import annotations

import msgspec

from glimway.wire.refusal import Refusal, shown


class Bounds(msgspec.Struct, frozen=True):
    """What one request may be at most."""

    header_bytes_max: int = 65536
    headers_max: int = 128
    body_bytes_max: int = 33554432

    def head_too_large(self) -> Refusal:
        """Of a head."""
        return Refusal(
            "too_large",
            f"The request's header is larger than {self.header_bytes_max} bytes "
            f"or has more than {self.headers_max} lines.",
            code="header_too_large",
        )

    def body_too_large(self, given: str) -> Refusal:
        """Of a body; ``given`` says how large it is, where that is known."""
        return Refusal(
            "too_large",
            f"The request body{given} is larger than {self.body_bytes_max} bytes.",
        )


def encoded_body(coding: bytes) -> Refusal:
    """Of a body that has to be unpacked first: how large it would become, nobody can say before."""
    return Refusal(
        "unsupported",
        f"The body comes with content-encoding {shown(coding.decode('latin-1'))}, and encoded "
        "bodies are not read. Send it as it is, without content-encoding.",
        code="unsupported_content_encoding",
        headers=((b"accept-encoding", b"identity"),),
    )


def not_http(wrong: str) -> Refusal:
    """Of a request that breaks the protocol's rules."""
    return Refusal("invalid", f"The request is not valid HTTP: {wrong}.")
