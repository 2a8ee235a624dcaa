"""Settings of statistics, and of the routing that rests on them.

Knows these sections of the table, and nothing of the others.
"""
# No "from __future__ import annotations" here: the rows are read from the annotations themselves.

from typing import Annotated, Literal

import msgspec

from glimway.config.row import Row


class Statistics(msgspec.Struct, frozen=True):
    """How each endpoint performs."""

    save_s: Annotated[
        float, Row("How often statistics are stored. A crash loses what came later.", 0.1, 3600)
    ] = 10.0
    refresh_s: Annotated[
        float, Row("How often routing reads them: `sort` and limits of speed.", 0.1, 60)
    ] = 5.0


class RoutingHedge(msgspec.Struct, frozen=True):
    """A second request when the first token is late; see `docs/hedging.md`."""

    use: Annotated[
        Literal["never", "asked", "always"],
        Row('`asked`: where the request or its project asks for it ("hedge": true).'),
    ] = "never"
    percent: Annotated[
        float, Row("Second requests in a hundred of a project, at most.", 0, 100, unit="percent")
    ] = 5.0
    floor_ms: Annotated[int, Row("No second request is sent sooner.", 0, 86_400_000)] = 200


class RoutingSlowness(msgspec.Struct, frozen=True):
    """Leaving a stream that starts slower than its endpoint ever does; see `docs/hedging.md`."""

    leave: Annotated[
        Literal["never", "always"],
        Row("`always` holds first tokens back for half a second or more to judge their pace."),
    ] = "never"
    first_token_percent: Annotated[
        int,
        Row(
            "The first token is awaited so long, in hundredths of the endpoint's own P99.",
            100,
            10_000,
            unit="percent",
        ),
    ] = 300
