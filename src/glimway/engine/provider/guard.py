"""Which addresses may be connected to.

Knows that a provider is only called inside the operator's own networks when the configuration
consents (``private``). Refuses to look names up and to connect: what passed here is connected to as
it is, so that no second look-up can give another address.
"""

from __future__ import annotations

from typing import Final

from glimway.domain.reach import address_of, reach_of, reach_of_address
from glimway.engine.provider.origin import Origin
from glimway.engine.provider.resolver import Address
from glimway.wire.refusal import Fault

CONSENT: Final = "and the provider is not marked private"

TOLD_MAX: Final = 3
"""Addresses that a fault names."""


def allowed(addresses: list[Address], origin: Origin) -> list[Address]:
    """Those of a host's addresses that may be connected to, in their order, never none.

    Raises:
        Fault: ``unreachable``; all of them lie inside.
    """
    if origin.private:
        return addresses
    outside = [one for one in addresses if _is_public(one)]
    if outside:
        return outside
    told = ", ".join(one.host for one in addresses[:TOLD_MAX])
    where = "this machine or a private network"
    if address_of(origin.host) is not None:
        raise Fault("unreachable", f"address {told} is on {where}, {CONSENT}")
    raise Fault("unreachable", f"name {origin.host!r} leads to {where} ({told}), {CONSENT}")


def check_name(origin: Origin) -> None:
    """Look at a host that a proxy will look up. Its name or number is all that can be judged here;
    where a name leads is for the proxy to refuse.

    Raises:
        Fault: ``unreachable``; it lies inside by its name or number.
    """
    if not origin.private and reach_of(origin.host) != "public":
        where = "this machine or a private network"
        raise Fault("unreachable", f"{origin.host!r} is on {where}, {CONSENT}")


def _is_public(address: Address) -> bool:
    literal = address_of(address.host)
    return literal is not None and reach_of_address(literal) == "public"
