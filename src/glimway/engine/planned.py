"""The plan of one request in plain values, with its refusal, calling nobody.

Knows how a request that was never sent becomes a document. Refuses to know who plans: a running
server that knows how its endpoints do, or a command that knows nothing of that.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from glimway.domain.catalog import Catalog
from glimway.domain.keys import Key
from glimway.domain.offering import endpoint_document, resolved_document
from glimway.domain.routing.explain import explained
from glimway.domain.routing.refused import NobodyLeft
from glimway.domain.routing.route import Plan
from glimway.domain.statistics.vitals import Vitals
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call


class Plans(Protocol):
    """Whoever plans."""

    catalog: Catalog
    vitals: Vitals

    def plan(self, call: Call, key: Key, request_bytes: int, at_ms: int) -> Plan:
        """The route of one request; raises Refusal."""


class Planned(msgspec.Struct, frozen=True):
    """A document of plain values; ``refused`` where nobody would be asked."""

    document: dict[str, Any]
    refused: str = ""


def planned(plans: Plans, call: Call, key: Key, request_bytes: int, at_ms: int) -> Planned:
    """Plan a request.

    Args:
        plans: who plans.
        call: what is asked.
        key: who asks.
        request_bytes: of its body.
        at_ms: whose prices hold.

    Raises:
        Refusal: the request itself is wrong, or its model is unknown.
    """
    document = resolved_document(plans.catalog.resolve(call.model), at_ms)
    try:
        plan = plans.plan(call, key, request_bytes, at_ms)
    except NobodyLeft as nobody:
        excluded = [{"id": one.endpoint, "reason": one.reason.words} for one in nobody.excluded]
        return _refused(document, nobody, excluded)
    except Refusal as refusal:
        if refusal.kind != "unavailable":
            raise
        return _refused(document, refusal, [])
    told = explained(plan, plans.vitals)
    told["endpoints"] = [
        endpoint_document(endpoint, at_ms) | reasons
        for endpoint, reasons in zip(plan.endpoints, told["endpoints"], strict=True)
    ]
    return Planned(document | told | {"refusal": None})


def asking(project: str, *, prepaid: bool) -> Key:
    """Whoever would ask: no key that exists, but one of a project."""
    return Key(
        id="",
        digest=b"",
        name="",
        organization="",
        project=project,
        created_ms=0,
        billing="prepaid" if prepaid else "postpaid",
    )


def _refused(document: dict[str, Any], refusal: Refusal, excluded: list[Any]) -> Planned:
    told = {"kind": refusal.kind, "message": refusal.message, "param": refusal.param}
    none = {"refusal": told, "endpoints": [], "excluded": excluded}
    return Planned(document | none, refusal.message)
