"""How one reply is written.

Knows what of the request an answer needs: its version, the name that was asked for, and what the
caller is to be warned of. Refuses to know which mount asked.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from glimway.wire.aisdk.asked import Version, version_of
from glimway.wire.aisdk.request import RAW
from glimway.wire.talk import Call, Json


class Style(msgspec.Struct, frozen=True):
    """How one reply is written.

    Args:
        id: the answer's public id, ``gen_`` and its stem.
        model: the name that was asked for.
        created_s: when the request came, in seconds since 1970.
        version: of the SDK's language model.
        warnings: what was asked for and is not done, in the SDK's words.
    """

    id: str
    model: str
    created_s: int
    version: Version = "4"
    warnings: tuple[Json, ...] = ()

    @property
    def timestamp(self) -> str:
        """When the request came, as ISO 8601."""
        at = datetime.fromtimestamp(self.created_s, UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def style_of(call: Call, answer_id: str, created_s: int) -> Style:
    """How the reply to a call is written.

    Args:
        call: what was asked.
        answer_id: the answer's public id.
        created_s: when the request came, in seconds since 1970.
    """
    warnings: list[Json] = []
    if call.extra.get(RAW):
        details = "A provider's own frames are not passed on."
        warnings.append({"type": "unsupported", "feature": RAW, "details": details})
    return Style(answer_id, call.model, created_s, version_of(call), tuple(warnings))
