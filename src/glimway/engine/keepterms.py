"""What is kept of answers, as the operator wants it.

Knows which answers are kept, for how long, and how much of them. Refuses to know where.
"""

from __future__ import annotations

from typing import Final

import msgspec

DAY_MS: Final = 86_400_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator wants kept.

    Args:
        use: ``always``: unless a request forbids it; ``asked``: where it asks for it; ``never``.
        keep_ms: how long.
        bytes_max: all of it together.
    """

    use: str = "always"
    keep_ms: int = 30 * DAY_MS
    bytes_max: int = 1024**3

    def keeps(self, *, asked: bool | None) -> bool:
        """Whether an answer is kept whose request said so (True), forbade it (False), or neither
        (None)."""
        if self.use == "never" or asked is False:
            return False
        return asked is True or self.use == "always"
