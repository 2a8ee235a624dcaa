"""Settings of how providers are reached.

Knows this section of the table, and nothing of the others.
"""
# No "from __future__ import annotations" here: the rows are read from the annotations themselves.

from typing import Annotated, Literal

import msgspec

from glimway.config.row import Row
from glimway.config.secrets import Secret


class Client(msgspec.Struct, frozen=True):
    """Connections to providers."""

    pool_idle_s: Annotated[
        float,
        Row("An idle connection is trusted so long. Common servers drop one after 5 s.", 0.1, 3600),
    ] = 4.0
    pool_idle_max: Annotated[
        int, Row("Idle connections kept for each provider.", 0, 100_000, unit="connections")
    ] = 512
    pool_connections_max: Annotated[
        int, Row("Open connections to each provider.", 1, 1_000_000, unit="connections")
    ] = 10_000
    proxy: Annotated[
        Secret | None,
        Row(
            "For providers that are not `private` and name no proxy themselves.",
            default_words="`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` with `NO_PROXY`",
            proxy=True,
        ),
    ] = None
    trust: Annotated[
        Literal["certifi", "system"], Row("The authorities that providers' certificates need.")
    ] = "certifi"
    ca_file: Annotated[
        str | None, Row("PEM file of one more authority, for all of them.", default_words="none")
    ] = None
