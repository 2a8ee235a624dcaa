"""Another key of the same provider, before another provider.

Knows when a failed try is the key's fault and who must hear of it. Refuses to know the keys.
"""

from __future__ import annotations

import logging

from glimway.domain.endpoint import Endpoint
from glimway.domain.rotation import Rotation
from glimway.wire.refusal import Fault

_log = logging.getLogger("glimway")


def other_key(
    endpoint: Endpoint, rotation: Rotation, place: int, fault: Fault, now_s: float
) -> str:
    """Whether another key is free after a try with one of several failed.

    Args:
        endpoint: that was asked.
        rotation: the provider's keys.
        place: of the key that was used.
        fault: how it failed.
        now_s: the loop's time.

    Returns:
        Which key comes next, in words; empty: the endpoint itself has failed.
    """
    rested = rotation.rests(place, now_s)
    found = rotation.failed(place, fault, now_s)
    if not rested and rotation.rests(place, now_s) and fault.kind != "rate_limited":
        # Limits pass by themselves; a key that is refused or spent needs its operator.
        _log.warning(
            "key %d of %s rests: %s (%s)",
            place + 1,
            endpoint.provider.id,
            fault.kind,
            fault.detail,
        )
    return f"with key {rotation.pick(now_s) + 1} of {rotation.count}" if found else ""
