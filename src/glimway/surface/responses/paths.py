"""The paths of kept answers: show, delete, cancel, list what was asked, count.

Knows who may do what: an answer is as unknown to other projects as one that never was. Refuses to
know how answers are kept and made.
"""

from __future__ import annotations

from typing import Any

from glimway.domain.keys import Key
from glimway.engine.counting import Counting
from glimway.engine.kept import Missing
from glimway.store.responses import Saved
from glimway.surface.api import Application, Headers, credentials
from glimway.surface.counting import ESTIMATED
from glimway.surface.exchange import Exchange
from glimway.surface.methods import only
from glimway.surface.responses.background import Background
from glimway.surface.responses.compacting import compact
from glimway.surface.responses.continuing import items_of, whole_request, written
from glimway.surface.responses.desk import Desk
from glimway.surface.responses.showing import (
    STREAM_HEADERS,
    Query,
    begin_after,
    follow,
    frames_of,
    page,
    response_of,
    shown,
)
from glimway.wire.body import decode_object
from glimway.wire.refusal import Fault, Refusal
from glimway.wire.refusal import shown as said
from glimway.wire.responses.request import decode
from glimway.wire.responses.stored import counted, deleted, not_found
from glimway.wire.sse import encoded

_BASE = "/v1/responses/"


class ResponsePaths:
    """Serves the paths below ``/v1/responses``; every other goes to the application behind.

    Args:
        desk: what all requests share.
        background: answers that are being made.
        counting: counts prompts.
        behind: serves every other path.
    """

    def __init__(
        self, desk: Desk, background: Background, counting: Counting, behind: Application
    ) -> None:
        self._desk = desk
        self._background = background
        self._counting = counting
        self._behind = behind

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        path: str = scope["path"]
        if not path.startswith(_BASE):
            await self._behind(scope, receive, send)
            return
        exchange: Exchange = scope["extensions"]["glimway"]
        house, mount = self._desk.house, self._desk.plain
        trace_id = house.new_id(house.now_ms())
        headers = mount.named(trace_id)
        try:
            key = house.keys.now.identify(credentials(scope["headers"], None)[0], house.now_ms())
            one = One(exchange, key, Query(scope["query_string"]), headers)
            await self._serve(scope["method"], path, one)
        except (Refusal, Fault) as error:
            refused = mount.refuse(error, trace_id)
            one_more = error.headers if isinstance(error, Refusal) else ()
            headers = [*headers, *refused.headers, *one_more, _JSON]
            exchange.respond(refused.status, headers, refused.body)

    async def _serve(self, method: str, path: str, one: One) -> None:
        match path[len(_BASE) :].split("/"):
            case ["input_tokens"]:
                only(method, "POST")
                await self._count(one)
            case ["compact"]:
                only(method, "POST")
                await compact(self._desk, one.exchange, one.project)
            case [""]:
                raise Refusal(
                    "not_found", f"There is nothing at {said(path)}. Did you mean {path[:-1]}?"
                )
            case [answer_id]:
                only(method, "GET", "HEAD", "DELETE")
                await (self._delete if method == "DELETE" else self._show)(answer_id, one)
            case [answer_id, "cancel"]:
                only(method, "POST")
                await self._cancel(answer_id, one)
            case [answer_id, "input_items"]:
                only(method, "GET", "HEAD")
                await self._items(answer_id, one)
            case _:
                raise Refusal("not_found", f"There is nothing at {said(path)}.")

    async def _show(self, answer_id: str, one: One) -> None:
        job = self._background.get(answer_id, one.project)
        stream = one.query.true("stream")
        if job is not None and stream:
            await follow(job, one.exchange, one.headers, begin_after(one.query))
        elif job is not None:
            one.answer(shown(job.response, one.query))
        elif stream:
            saved = await self._saved(answer_id, one)
            data = frames_of(saved, begin_after(one.query))
            one.exchange.begin(200, [*STREAM_HEADERS, *one.headers])
            one.exchange.finish(data)
        else:
            one.answer(shown(response_of(await self._saved(answer_id, one)), one.query))

    async def _delete(self, answer_id: str, one: One) -> None:
        job = self._background.get(answer_id, one.project)
        if job is not None:
            await self._background.drop(job)
        if not await self._desk.kept.drop(answer_id, one.project):
            raise _unknown(answer_id)
        one.answer(encoded(deleted(answer_id)))

    async def _cancel(self, answer_id: str, one: One) -> None:
        job = self._background.get(answer_id, one.project)
        if job is not None:
            await self._background.cancel(job)
            one.answer(shown(job.response, one.query))
            return
        response = response_of(await self._saved(answer_id, one))
        if response.get("background") is not True:
            raise Refusal(
                "invalid", "Only a response that was made with 'background' can be cancelled."
            )
        one.answer(shown(response, one.query))

    async def _items(self, answer_id: str, one: One) -> None:
        saved = await self._saved(answer_id, one)
        own: list[dict[str, Any]] = items_of(saved)
        own = own[: len(own) - len(response_of(saved).get("output") or [])]
        try:
            before = (
                await self._desk.kept.chain(saved.previous, one.project) if saved.previous else []
            )
        except Missing:
            before = []  # what is left of the conversation
        items = [item for earlier in before for item in items_of(earlier)]
        one.answer(page(items + own, one.query))

    async def _count(self, one: One) -> None:
        house = self._desk.house
        body = decode_object(one.exchange.body, depth_max=house.depth_max)
        whole = await whole_request(body, self._desk.kept, one.project)
        size_bytes = len(one.exchange.body) if whole is body else len(written(whole))
        side = self._desk.plain.side
        call = decode(whole, house.seals.unsealing(one.project, side.name))
        tokens, estimated = await self._counting.count(call, size_bytes)
        if estimated:
            one.headers.append(ESTIMATED)
        one.answer(encoded(counted(tokens)))

    async def _saved(self, answer_id: str, one: One) -> Saved:
        saved = await self._desk.kept.get(answer_id, one.project)
        if saved is None:
            raise _unknown(answer_id)
        return saved


_JSON = (b"content-type", b"application/json")


class One:
    """One request of these paths.

    Args:
        exchange: where the answer goes.
        key: who asks.
        query: the address's parameters.
        headers: of the answer.
    """

    __slots__ = ("exchange", "headers", "project", "query")

    def __init__(self, exchange: Exchange, key: Key, query: Query, headers: Headers) -> None:
        self.exchange = exchange
        self.project = key.project
        self.query = query
        self.headers = headers

    def answer(self, body: bytes) -> None:
        """Answer in JSON."""
        self.exchange.respond(200, [*self.headers, _JSON], body)


def _unknown(answer_id: str) -> Refusal:
    return not_found(answer_id, "response_id")
