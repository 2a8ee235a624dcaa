"""Whether a stream that has begun is slower than its endpoint ever is.

Knows the pace of one answer's first tokens and the endpoint's own. Refuses to know a clock, and to
decide what follows: only whoever still holds the first frames back may go elsewhere.
"""

from __future__ import annotations

from typing import Final

MEASURED_MIN: Final = 200
"""Streams that must have been measured: with fewer, the slowest hundredth is two or one of them."""
WATCH_S: Final = 0.5
"""No shorter stretch says anything of a pace."""
HOLD_S_MAX: Final = 2.0
"""No longer are frames held back to judge their pace."""


def starts_slowly(
    tokens: int, since_first_s: float, slowest_tokens_per_second: float | None, measured: int
) -> bool | None:
    """Judge a stream while its first frames are still held back.

    Args:
        tokens: that came so far, the first among them.
        since_first_s: since the first token.
        slowest_tokens_per_second: the pace that 99 of 100 answers of this endpoint reach (the
            ``p99`` of its figures).
        measured: how many of its streams are known.

    Returns:
        True: slower than that. False: not. None: too early to say.
    """
    if slowest_tokens_per_second is None or measured < MEASURED_MIN:
        return False
    due = slowest_tokens_per_second * since_first_s
    if tokens - 1 >= slowest_tokens_per_second * HOLD_S_MAX:
        return False  # enough for the longest hold: it cannot turn out slow any more
    if since_first_s < WATCH_S:
        return None
    if tokens - 1 >= due:
        return False
    # A pace of a few tokens a second comes in steps: one token late is not slow.
    return True if due - (tokens - 1) > 1 else (None if since_first_s < HOLD_S_MAX else False)
