"""The plan of one request, as a server of this configuration would make it, without calling anyone.

Knows how a request's file becomes a plan and a refusal in plain values. Refuses to know what a
running server knows better: who is healthy and fast now.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from glimway.cli.catalog import Known
from glimway.cli.offers import endpoint_document, resolved_document
from glimway.cli.terminal import fail
from glimway.config.policy import policy_of, projects_by_id
from glimway.data import load_parameters
from glimway.domain.estimate import Estimates
from glimway.domain.health import Health
from glimway.domain.judgement import Judge
from glimway.domain.keys import Key
from glimway.domain.routing.affinity import Affinity
from glimway.domain.routing.explain import explained
from glimway.domain.routing.plan import Asked, Live, Planner
from glimway.domain.routing.refused import NobodyLeft
from glimway.domain.statistics.vitals import Vitals
from glimway.surface.mounts import MOUNTS
from glimway.wire.body import decode_object
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

DIALECTS: Final = ("chat", "responses", "messages")
"""Those whose requests are one document; the others need headers too."""
SIDES: Final = {one.side.name: one.side for one in MOUNTS if one.side.name in DIALECTS}
REQUEST_BYTES_MAX: Final = 64 * 1024**2
_HELLO: Final = {
    "chat": {"messages": [{"role": "user", "content": "Hello"}]},
}


class Question(msgspec.Struct, frozen=True):
    """What is asked.

    Args:
        model: the name; it replaces the one in the request.
        request: a file with the request's body; None: the smallest chat.
        dialect: of the request.
        project: whose rules hold, by the name in the configuration.
        prepaid: prepaid credits pay.
    """

    model: str
    request: Path | None = None
    dialect: str = "chat"
    project: str = "default"
    prepaid: bool = False


class Answer(msgspec.Struct, frozen=True):
    """A document of plain values; ``refused`` where nobody would be asked."""

    document: dict[str, Any]
    refused: str = ""


def answer(known: Known, question: Question) -> Answer:
    """Plan the request.

    Raises:
        Refusal: the request itself is wrong, or its model is unknown.
    """
    now_ms = time.time_ns() // 1_000_000
    call, size = _call(question)
    resolved = known.catalog.resolve(question.model)
    Judge(load_parameters()).judge(call, resolved.model)
    document = resolved_document(resolved, now_ms)
    live = Live(Health(), Vitals(), Affinity(), Estimates())
    projects = projects_by_id(known.config, {question.project: question.project})
    planner = Planner(known.catalog, live, policy_of(known.config), projects)
    try:
        plan = planner.plan(call, _key(question), Asked(size, now_ms, 0.0, 0.0))
    except NobodyLeft as nobody:
        excluded = [{"id": one.endpoint, "reason": one.reason.words} for one in nobody.excluded]
        refused = {**_refusal(nobody), "endpoints": [], "excluded": excluded}
        return Answer(document | refused, nobody.message)
    except Refusal as refusal:
        if refusal.kind != "unavailable":
            raise
        refused = {**_refusal(refusal), "endpoints": [], "excluded": []}
        return Answer(document | refused, refusal.message if question.request is not None else "")
    told = explained(plan, live.vitals)
    told["endpoints"] = [
        endpoint_document(endpoint, now_ms) | reasons
        for endpoint, reasons in zip(plan.endpoints, told["endpoints"], strict=True)
    ]
    return Answer(document | told | {"refusal": None})


def _call(question: Question) -> tuple[Call, int]:
    if question.request is None:
        body: dict[str, Any] = dict(_HELLO["chat"])
        side = SIDES["chat"]
        size = len(json.dumps(body))
    else:
        data = question.request.read_bytes()
        if len(data) > REQUEST_BYTES_MAX:
            fail(f"{question.request} is larger than {REQUEST_BYTES_MAX} bytes")
        body, size, side = decode_object(data), len(data), SIDES[question.dialect]
    return side.decode(body | {"model": question.model}, []), size


def _key(question: Question) -> Key:
    return Key(
        id="",
        digest=b"",
        name="",
        organization="",
        project=question.project,
        created_ms=0,
        billing="prepaid" if question.prepaid else "postpaid",
    )


def _refusal(refusal: Refusal) -> dict[str, Any]:
    told = {"kind": refusal.kind, "message": refusal.message, "param": refusal.param}
    return {"refusal": told}
