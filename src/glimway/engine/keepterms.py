"""What is kept of answers, as the operator wants it.

Knows which answers are kept, for how long, and how much of them. Refuses to know where, and what
projects say.
"""

from __future__ import annotations

from typing import Final

import msgspec

from glimway.domain.storing import Use

DAY_MS: Final = 86_400_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator wants kept.

    Args:
        use: which are kept of projects that say nothing; ``never`` holds for all of them.
        keep_ms: how long.
        bytes_max: all of it together.
    """

    use: Use = "asked"
    keep_ms: int = 30 * DAY_MS
    bytes_max: int = 1024**3
