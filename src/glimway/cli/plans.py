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
from glimway.cli.terminal import fail
from glimway.config.policy import policy_of, projects_by_id
from glimway.data import load_parameters
from glimway.domain.estimate import Estimates
from glimway.domain.health import Health
from glimway.domain.judgement import Judge
from glimway.domain.keys import Key
from glimway.domain.routing.affinity import Affinity
from glimway.domain.routing.plan import Asked, Live, Planner
from glimway.domain.routing.route import Plan
from glimway.domain.statistics.vitals import Vitals
from glimway.engine.planned import Planned, asking, planned
from glimway.surface.mounts import DOCUMENT_SIDES
from glimway.wire.body import decode_object
from glimway.wire.talk import Call

USUAL: Final = next(iter(DOCUMENT_SIDES))
REQUEST_BYTES_MAX: Final = 64 * 1024**2
HELLO: Final[dict[str, Any]] = {"messages": [{"role": "user", "content": "Hello"}]}
"""In the dialect that is the usual one."""


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


class _Unasked:
    """Plans as a server of this configuration would that has served nothing yet."""

    def __init__(self, known: Known, question: Question) -> None:
        self.catalog = known.catalog
        self.vitals = Vitals()
        live = Live(Health(), self.vitals, Affinity(), Estimates())
        projects = projects_by_id(known.config, {question.project: question.project})
        self._planner = Planner(known.catalog, live, policy_of(known.config), projects)
        self._judge = Judge(load_parameters())

    def plan(self, call: Call, key: Key, request_bytes: int, at_ms: int) -> Plan:
        """The route of one request; raises Refusal."""
        self._judge.judge(call, self.catalog.resolve(call.model).model)
        return self._planner.plan(call, key, Asked(request_bytes, at_ms, 0.0, 0.0))


def answer(known: Known, question: Question) -> Planned:
    """Plan the request.

    Raises:
        Refusal: the request itself is wrong, or its model is unknown.
    """
    body, size = body_of(question)
    side = DOCUMENT_SIDES[question.dialect if question.request is not None else USUAL]
    call = side.decode(body | {"model": question.model}, [])
    key = asking(question.project, prepaid=question.prepaid)
    now_ms = time.time_ns() // 1_000_000
    found = planned(_Unasked(known, question), call, key, size, now_ms)
    return Planned(found.document | {"live": False}, _words(found, question))


def _words(found: Planned, question: Question) -> str:
    refusal = found.document["refusal"]
    idle = refusal and refusal["kind"] == "unavailable" and not found.document["excluded"]
    return "" if idle and question.request is None else found.refused


def body_of(question: Question) -> tuple[dict[str, Any], int]:
    """The request's body, and its size in bytes.

    Raises:
        Refusal: it is no JSON object.
    """
    if question.request is None:
        return HELLO, len(json.dumps(HELLO))
    data = question.request.read_bytes()
    if len(data) > REQUEST_BYTES_MAX:
        fail(f"{question.request} is larger than {REQUEST_BYTES_MAX} bytes")
    return decode_object(data), len(data)
