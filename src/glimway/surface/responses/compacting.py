"""``POST /v1/responses/compact``: the model sums a conversation up, under a seal of ours.

Knows that this is a call like any other, with another answer. Refuses to know what is asked of the
model, and what the answer looks like.
"""

from __future__ import annotations

import msgspec

from glimway.engine.client import Ask
from glimway.engine.journey import travel
from glimway.surface.api import credentials
from glimway.surface.exchange import Exchange
from glimway.surface.responses.continuing import whole_request, written
from glimway.surface.responses.desk import Desk, KeepingMount
from glimway.wire.body import decode_object
from glimway.wire.dialect import Seal, Writer
from glimway.wire.responses.compacting import CompactWriter, summary_request
from glimway.wire.talk import Call


class CompactMount(KeepingMount):
    """The mount of one request to compact."""

    __slots__ = ()

    def writer(
        self, call: Call, stem: str, created_s: int, prompt_tokens: int, seal: Seal | None = None
    ) -> Writer:
        """The writer of the answer."""
        assert seal is not None  # noqa: S101 - this dialect seals
        return CompactWriter(self.side.id_prefix + stem, created_s, seal)


async def compact(desk: Desk, exchange: Exchange, project: str) -> None:
    """Serve one request.

    Raises:
        Refusal: what is wrong before anybody is asked.
    """
    house, request = desk.house, exchange.request
    arrived_s = house.loop.time()
    body = decode_object(exchange.body, depth_max=house.depth_max)
    whole = await whole_request(body, desk.kept, project)
    data = written(summary_request(whole))
    token, client_request_id, _ = credentials(request.headers, None)
    ask = Ask(desk.plain, data, token, arrived_s, client_request_id, headers=request.headers)
    mount = CompactMount(desk, data, token, resolved=True)
    exchange.ends_with_client = True
    await travel(house, msgspec.structs.replace(ask, mount=mount), exchange)
