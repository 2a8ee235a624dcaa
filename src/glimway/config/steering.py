"""Settings of routing: who shares the load, who rests and for how long, what is tried again.

Knows these sections of the table, and nothing of the others.
"""
# No "from __future__ import annotations" here: the rows are read from the annotations themselves.

from typing import Annotated, Literal

import msgspec

from glimway.config.row import Row

DAY_S = 86_400
_FIRST = "The first rest after {}; the next ones double."
_MOST = "The longest of them."


class Routing(msgspec.Struct, frozen=True):
    """Which endpoint a request goes to, and what happens when it fails; see `docs/routing.md`."""

    attempts: Annotated[
        int,
        Row(
            "Tries of one request before its first token, all endpoints together.",
            1,
            10,
            unit="tries",
        ),
    ] = 3
    band_percent: Annotated[
        int,
        Row(
            "Endpoints that cost at most so much more than the cheapest share the load.",
            0,
            10_000,
            unit="percent",
        ),
    ] = 20
    affinity: Annotated[
        Literal["on", "off"],
        Row("`on` keeps a conversation where its prompt is cached, while that is worth more."),
    ] = "on"


class RoutingHealth(msgspec.Struct, frozen=True):
    """When an endpoint must rest."""

    failures_in_a_row: Annotated[
        int, Row("So many without an answer between are too many.", 1, 1000, unit="failures")
    ] = 5
    window_s: Annotated[float, Row("Over which the share of failures is counted.", 1, 3600)] = 30.0
    window_requests: Annotated[
        int, Row("Fewer requests in the window say nothing.", 1, 1_000_000, unit="requests")
    ] = 20
    failures_percent: Annotated[
        int, Row("This share of failures in the window is too much.", 1, 100, unit="percent")
    ] = 50
    forgiven_s: Annotated[
        float, Row("After so long in health the next rest is a first one again.", 0, DAY_S)
    ] = 300.0


class RoutingCooldown(msgspec.Struct, frozen=True):
    """How long an endpoint or a key rests, by the kind of its fault. `retry-after` counts more."""

    unreachable_s: Annotated[float, Row(_FIRST.format("it could not be reached"), 0.1, DAY_S)] = 2.0
    unreachable_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 60.0
    timeout_s: Annotated[float, Row(_FIRST.format("silence"), 0.1, DAY_S)] = 2.0
    timeout_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 60.0
    broken_s: Annotated[float, Row(_FIRST.format("broken answers"), 0.1, DAY_S)] = 2.0
    broken_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 60.0
    overloaded_s: Annotated[float, Row(_FIRST.format("overload"), 0.1, DAY_S)] = 2.0
    overloaded_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 60.0
    rate_limited_s: Annotated[float, Row(_FIRST.format("a rate limit"), 0.1, DAY_S)] = 1.0
    rate_limited_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 30.0
    quota_s: Annotated[float, Row(_FIRST.format("a spent account"), 0.1, DAY_S)] = 300.0
    quota_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 3600.0
    auth_s: Annotated[float, Row(_FIRST.format("a refused key"), 0.1, DAY_S)] = 60.0
    auth_most_s: Annotated[float, Row(_MOST, 0.1, DAY_S)] = 900.0


class RoutingRetry(msgspec.Struct, frozen=True):
    """What may be tried again, all requests together, and after what wait."""

    percent: Annotated[float, Row("Retries in a hundred requests.", 0, 100, unit="percent")] = 20.0
    per_second: Annotated[
        float, Row("Retries beside those.", 0, 10_000, unit="retries a second")
    ] = 10.0
    backoff_ms: Annotated[
        int,
        Row(
            "A second try at the same endpoint waits up to twice this; then it doubles.", 0, 60_000
        ),
    ] = 100
    backoff_most_ms: Annotated[int, Row("The longest such wait.", 0, 60_000)] = 2000
    wait_most_ms: Annotated[
        int,
        Row(
            "A provider that asks to wait longer is not tried again by the same request.", 0, 60_000
        ),
    ] = 5000
