"""What one sandbox takes at most.

Knows the numbers and their units. Refuses to know what happens at each: the connection and the
server say so.
"""

from __future__ import annotations

import msgspec


class Bounds(msgspec.Struct, frozen=True):
    """What one sandbox takes at most.

    Args:
        connections_max: further ones are closed at once.
        requests_max: in progress at a time; further ones get 503.
        body_bytes_max, head_bytes_max: of one request; more is 413 or 431.
        write_buffer_bytes: unsent bytes of one connection before its stream pauses.
        pipelined_max: requests that wait behind the one in progress.
        keep_alive_s: an idle connection, or one with half a request, is closed after.
        hold_s_max: the longest silence of ``silent`` and ``stall-N``.
        seen_max: requests that ``Sandbox.seen`` keeps; ``seen_body_bytes_max``: of each body.
    """

    connections_max: int = 16_384
    requests_max: int = 10_000
    body_bytes_max: int = 32 * 1024 * 1024
    head_bytes_max: int = 64 * 1024
    write_buffer_bytes: int = 64 * 1024
    pipelined_max: int = 8
    keep_alive_s: float = 75.0
    hold_s_max: float = 3_600.0
    seen_max: int = 256
    seen_body_bytes_max: int = 64 * 1024
