"""Which of several faults the caller is told.

Knows what each kind of fault means to a caller. Refuses to know endpoints and what is tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from glimway.wire.refusal import Fault


def worst(faults: Sequence[Fault]) -> Fault | None:
    """The fault to tell the caller: one that means a refusal of the request; else ``rate_limited``
    if all of them are, and of those the one that lets requests in first; else the last that says
    more than that an operator's account or key is not in order; else the last. None: there is none.

    Args:
        faults: of one request's tries, in order.
    """
    if not faults:
        return None
    for fault in faults:
        if fault.refusal is not None:
            return fault
    if all(fault.kind == "rate_limited" for fault in faults):
        return min(faults, key=_patience_s)
    telling = [fault for fault in faults if fault.kind not in ("auth", "quota")]
    return (telling or list(faults))[-1]


def _patience_s(fault: Fault) -> float:
    return inf if fault.retry_after_s is None else fault.retry_after_s
