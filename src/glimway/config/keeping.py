"""Settings of answers that are kept, and of those that are made in the background.

Knows this section of the table, and nothing of the others.
"""
# No "from __future__ import annotations" here: the rows are read from the annotations themselves.

from typing import Annotated, Literal

import msgspec

from glimway.config.row import Row


class Responses(msgspec.Struct, frozen=True):
    """Answers of `/v1/responses` that can be asked for again; see `docs/responses.md`."""

    store: Annotated[
        Literal["always", "asked", "never"],
        Row(
            "Which are kept of projects that say nothing else: all but those with "
            '`"store": false`, only those with `"store": true` (and those made in the background), '
            "or, for every project, none."
        ),
    ] = "asked"
    keep_days: Annotated[int, Row("How long an answer is kept.", 1, 3650, unit="days")] = 30
    bytes_max: Annotated[
        int,
        Row(
            "All of them together; the oldest of whoever has most go first.",
            65_536,
            1024**4,
            unit="bytes",
        ),
    ] = 1024**3
    background: Annotated[
        int,
        Row(
            "Background answers made at once; ten times as many may wait.",
            0,
            10_000,
            unit="answers",
        ),
    ] = 50
    sockets: Annotated[
        int, Row("WebSockets of `/v1/responses` at once.", 0, 100_000, unit="connections")
    ] = 1000
    socket_s: Annotated[
        float, Row("How long a WebSocket may live; then its client opens a new one.", 1, 86_400)
    ] = 3600.0
