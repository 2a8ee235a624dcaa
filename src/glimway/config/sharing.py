"""Settings of what requests share.

Knows these sections of the table, and nothing of the others.
"""
# No "from __future__ import annotations" here: the rows are read from the annotations themselves.

from typing import Annotated, Literal

import msgspec

from glimway.config.row import Row
from glimway.domain.coalesce import TTL_S_DEFAULT, TTL_S_MAX, WINDOW_MS_DEFAULT
from glimway.domain.sharing import WINDOW_MS_MAX, Coalescing, Keeping, Sharing


class Coalesce(msgspec.Struct, frozen=True):
    """One provider call for the same request made several times at once; see `docs/sharing.md`."""

    use: Annotated[
        Literal["never", "always"], Row("Whether projects that say nothing else do it.")
    ] = "never"
    window_ms: Annotated[
        int, Row("How long after the first request others may join it.", 1, WINDOW_MS_MAX)
    ] = WINDOW_MS_DEFAULT
    alike: Annotated[
        Literal["exact", "near"],
        Row("`near`: texts of users may differ in white space, case and last punctuation."),
    ] = "exact"
    requests: Annotated[
        Literal["deterministic", "all"],
        Row("`deterministic`: with temperature 0, a seed, or `do_sample: false`."),
    ] = "deterministic"
    twins_pay: Annotated[
        Literal["full", "split"], Row("Each the full price, or one price split between them.")
    ] = "full"


class Cache(msgspec.Struct, frozen=True):
    """Answers kept for the same request made again; see `docs/sharing.md`."""

    use: Annotated[
        Literal["never", "asked", "always"],
        Row("`asked`: where a request says `x-glimway-cache: on`."),
    ] = "never"
    ttl_s: Annotated[int, Row("How long an answer is kept.", 1, TTL_S_MAX)] = TTL_S_DEFAULT
    hits_pay: Annotated[Literal["nothing", "full"], Row("What a kept answer costs the caller.")] = (
        "nothing"
    )
    entries_max: Annotated[
        int, Row("Answers kept, of all projects.", 1, 10_000_000, unit="answers")
    ] = 10_000
    total_bytes: Annotated[int, Row("Memory for them, of all projects.", 65_536, 64 * 1024**3)] = (
        64 * 1024**2
    )
    answer_bytes: Annotated[int, Row("Larger answers are not kept.", 1024, 64 * 1024**2)] = (
        256 * 1024
    )


def rules_of(coalesce: Coalesce, cache: Cache) -> Sharing:
    """The operator's rules, for projects that say nothing else."""
    return Sharing(
        coalesce=Coalescing(
            use=coalesce.use,
            window_ms=coalesce.window_ms,
            alike=coalesce.alike,
            requests=coalesce.requests,
            twins_pay=coalesce.twins_pay,
        ),
        cache=Keeping(use=cache.use, ttl_s=cache.ttl_s, hits_pay=cache.hits_pay),
    )
