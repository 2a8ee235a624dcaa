"""Where a request would go now, for administrators.

Knows how such a question is asked. Refuses to send the request: nobody is called, and nothing is
counted.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import msgspec

from glimway.console.asking import ask
from glimway.console.bodies import read_object, valid
from glimway.console.parts import Reply, Visit
from glimway.engine.planned import asking, planned
from glimway.store import projects as rows
from glimway.wire.check import mapping, one_of

BODY_BYTES_MAX: Final = 33_554_432
BODY_DEPTH_MAX: Final = 130
"""A request of the usual depth, and the object around it."""
HELLO: Final = {"messages": [{"role": "user", "content": "Hello"}]}


class RouteBody(msgspec.Struct):
    """``POST /admin/v1/routes``.

    Args:
        model: the name; it replaces the one in the request.
        request: the body of a request; a short chat, where there is none.
        dialect: how that is written.
        project: whose rules hold, by id or name.
        prepaid: whether prepaid credits pay; null: as the project pays.
    """

    model: str
    request: dict[str, Any] | None = None
    dialect: str | None = None
    project: str = "default"
    prepaid: bool | None = None


async def plan(visit: Visit) -> Reply:
    """The endpoints that would be asked now, in order, and why the others not."""
    parts = visit.parts
    said = await read_object(visit.request, BODY_BYTES_MAX, BODY_DEPTH_MAX)
    request = said.pop("request", None)  # its members are its dialect's
    body = valid(RouteBody, said)
    usual = next(iter(parts.sides))
    dialect = usual if request is None or body.dialect is None else body.dialect
    one_of("dialect", dialect, tuple(parts.sides))
    asked = HELLO if request is None else mapping("request", request)
    project = await ask(parts.database.read, partial(rows.find, id_or_name=body.project))
    prepaid = project.billing == "prepaid" if body.prepaid is None else body.prepaid
    call = parts.sides[dialect].decode(asked | {"model": body.model}, [])
    size_bytes = len(msgspec.json.encode(asked))
    key = asking(project.id, prepaid=prepaid)
    found = planned(parts.plans, call, key, size_bytes, visit.now_ms)
    return Reply(found.document | {"object": "route", "live": True})
