"""Calls from browsers of other origins.

Knows the CORS protocol (https://fetch.spec.whatwg.org/#http-cors-protocol): what a preflight asks
and which headers an allowed answer carries. Refuses to know which key allows which origin; it is
told.
"""

from __future__ import annotations

Headers = list[tuple[bytes, bytes]]

MAX_AGE_S = 600
"""How long a browser may remember a preflight: a revoked origin is gone after ten minutes."""

_EXPOSED = (
    b"x-request-id, retry-after, x-glimway-provider, x-glimway-attempts, x-glimway-adjusted, "
    b"x-glimway-cache, x-glimway-coalesced, "
    b"x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, "
    b"x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
)
_ALLOWED_HEADERS = b"authorization, content-type, x-api-key, x-request-id, idempotency-key"


def preflight_headers(origin: str, headers: Headers) -> Headers:
    """The answer to a preflight from an allowed origin."""
    asked = next((v for n, v in headers if n == b"access-control-request-headers"), b"")
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        # Clients of SDKs send headers of their own (x-stainless-...): what is asked is granted.
        (b"access-control-allow-headers", asked or _ALLOWED_HEADERS),
        (b"access-control-max-age", b"%d" % MAX_AGE_S),
        (b"vary", b"Origin"),
    ]


def answer_headers(origin: str) -> tuple[tuple[bytes, bytes], ...]:
    """What every answer to an allowed origin carries."""
    return (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    )
