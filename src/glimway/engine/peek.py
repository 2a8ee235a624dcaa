"""The first look at a request: its body, read in the mount's dialect.

Knows that what a client kept for us is opened for its own project alone. Refuses to know dialects.
"""

from __future__ import annotations

from glimway.domain.keys import Key
from glimway.engine.client import Ask
from glimway.engine.house import House
from glimway.wire.body import decode_object
from glimway.wire.dialect import Seal
from glimway.wire.talk import Call


def peek(house: House, ask: Ask, key: Key) -> Call:
    """Read the body in the mount's dialect.

    Raises:
        Refusal: ``invalid``, naming the field.
    """
    side = ask.mount.side
    call = None if side.plain is None else side.plain(ask.body)
    if call is None:
        body = decode_object(ask.body, depth_max=house.depth_max)
        if side.opening is None:
            call = side.decode(body, ask.headers)
        else:
            unseal = house.seals.unsealing(key.project, side.name)
            call = side.opening(body, ask.headers, unseal)
    ask.mount.judge(call)
    return call


def seal_of(house: House, ask: Ask, key: Key | None) -> Seal | None:
    """What seals the answer's thinking; None: the dialect seals nothing."""
    side = ask.mount.side
    if side.opening is None or key is None:
        return None
    return house.seals.sealing(key.project, side.name)
