"""What a client asks, once all of it has come.

Knows the parts of a whole request. Refuses to know how bytes become one (``incoming``).
"""

from __future__ import annotations

import msgspec

from glimway.surface.head import Headers


class Request(msgspec.Struct, frozen=True):
    """One whole request; header names are lower case."""

    method: str
    target: bytes
    http_version: str
    headers: Headers
    body: bytes
    keep_alive: bool
