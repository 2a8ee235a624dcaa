"""Paths that only read: the catalog, the caller's key, receipts, and health.

Knows who may read what. Refuses to know how a receipt is stored (the store's threads read it) and
how a model is served.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote

import msgspec

from glimway.domain.keys import Key
from glimway.domain.money import usd_number
from glimway.domain.parameters import Tables
from glimway.domain.receipt import Receipt
from glimway.engine.house import House
from glimway.engine.performance import Performance
from glimway.store.errors import StoreError
from glimway.store.receipts import Receipts
from glimway.surface.api import Application, Headers, credentials
from glimway.surface.catalog import (
    aisdk_list,
    anthropic_list,
    anthropic_object,
    endpoints_object,
    model_object,
    models_list,
)
from glimway.surface.exchange import Exchange
from glimway.surface.methods import only
from glimway.surface.mounts import mount_of
from glimway.surface.receipts import generation_object, receipt_object
from glimway.wire.aisdk.account import credits_body
from glimway.wire.aisdk.asked import Version
from glimway.wire.refusal import Fault, Refusal

_encode = msgspec.json.Encoder().encode

T = TypeVar("T")

_ANTHROPIC = b"anthropic-version"
"""Who sends it reads Anthropic's shapes."""
_MODELS = "/v1/models/"
_GENERATIONS = "/v1/generations/"
_GENERATION = "/v1/generation"
"""The AI SDK's name for the same; the id is in the query."""
_CREDITS = "/v1/credits"


_AISDK_LISTS: dict[str, Version] = {"/v3/ai/config": "3", "/v4/ai/config": "4"}

_PATHS = frozenset(
    {
        *("/v1/models", "/v1/key", _CREDITS, _GENERATION, "/health/live", "/health/ready"),
        *_AISDK_LISTS,
    }
)


class Readings:
    """Serves GET paths; what it does not know goes to the application behind.

    Args:
        house: the parts of the running server.
        receipts: where receipts are read.
        behind: serves every other path.
        tables: request parameters of models, by the name that models give.
    """

    def __init__(
        self,
        house: House,
        receipts: Receipts,
        behind: Application,
        tables: Tables | None = None,
    ) -> None:
        self._house = house
        self._tables: Tables = {} if tables is None else tables
        self._receipts = receipts
        self._behind = behind
        self._performance = Performance(house.routing.vitals, house.routing.health)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        path: str = scope["path"]
        known = path in _PATHS or (path.startswith((_MODELS, _GENERATIONS)))
        if not known:
            await self._behind(scope, receive, send)
            return
        exchange: Exchange = scope["extensions"]["glimway"]
        trace_id = self._house.new_id(self._house.now_ms())
        try:
            only(scope["method"], "GET", "HEAD")
            status, value = await self._read(path, scope)
        except (Refusal, Fault) as error:
            refused = mount_of(path).refuse(error, trace_id)
            more = error.headers if isinstance(error, Refusal) else ()
            _send(exchange, refused.status, refused.body, trace_id, [*refused.headers, *more])
            return
        _send(exchange, status, _encode(value), trace_id, [])

    async def _read(self, path: str, scope: Any) -> tuple[int, Any]:
        if path == "/health/live":
            return 200, {"status": "ok"}
        if path == "/health/ready":
            if self._house.draining:
                return 503, {"status": "draining"}
            return 200, {"status": "ok"}
        key = self._key(scope)
        catalog = self._house.catalog.now
        anthropic = any(name == _ANTHROPIC for name, _ in scope["headers"])
        if path == "/v1/models":
            return 200, anthropic_list(catalog) if anthropic else models_list(catalog)
        if path in _AISDK_LISTS:
            return 200, aisdk_list(catalog, _AISDK_LISTS[path], self._house.now_ms())
        if path == "/v1/key":
            return 200, self._key_object(key)
        if path.startswith(_GENERATIONS):
            return 200, receipt_object(await self._receipt(path[len(_GENERATIONS) :], key))
        if path == _GENERATION:
            return 200, generation_object(await self._receipt(_asked_id(scope), key))
        if path == _CREDITS:
            return 200, await self._credits(key)
        raw = scope["raw_path"].decode("latin-1")[len(_MODELS) :]
        # A model id is all text up to an optional /endpoints, decoded once.
        if raw.endswith("/endpoints"):
            return 200, await self._endpoints(unquote(raw[: -len("/endpoints")]))
        if anthropic:
            return 200, anthropic_object(catalog, unquote(raw))
        return 200, model_object(catalog, unquote(raw), self._tables)

    async def _credits(self, key: Key) -> dict[str, Any]:
        used = await _read_store(self._receipts.spent(key.project))
        # Nothing can be paid in yet, so nothing is left of it; ``billing`` says whether that ends
        # anything.
        return {**credits_body("0", usd_number(used).decode()), "billing": key.billing}

    async def _endpoints(self, name: str) -> dict[str, Any]:
        house = self._house
        catalog, now_ms = house.catalog.now, house.now_ms()
        ids = [endpoint.id for endpoint in catalog.resolve(name).endpoints]
        known = await self._performance.of(ids, now_ms, house.loop.time())
        return endpoints_object(catalog, name, now_ms, known)

    async def _receipt(self, public_id: str, key: Key) -> Receipt:
        receipt = await _read_store(self._receipts.get(public_id))
        # Another project's receipt is as unknown as none: ids tell nothing.
        if receipt is None or receipt.project != key.project:
            raise Refusal("not_found", "No request with this id belongs to this key's project.")
        return receipt

    def _key(self, scope: Any) -> Key:
        token = credentials(scope["headers"], b"x-api-key")[0]
        return self._house.keys.now.identify(token, self._house.now_ms())

    def _key_object(self, key: Key) -> dict[str, Any]:
        limits = key.limits or self._house.admission.default
        return {
            "object": "key",
            "id": key.id,
            "name": key.name,
            "project": key.project,
            "created": key.created_ms // 1000,
            "expires": key.expires_ms // 1000 if key.expires_ms is not None else None,
            "billing": key.billing,
            "limits": msgspec.structs.asdict(limits),
        }


async def _read_store(reading: Future[T]) -> T:
    """What the store's threads have read; raises Refusal."""
    try:
        return await asyncio.wrap_future(reading)
    except StoreError as error:
        raise Refusal(
            "unavailable",
            "Receipts cannot be read at present, please retry later.",
            detail=str(error),
            retry_after_s=5,
        ) from None


def _asked_id(scope: Any) -> str:
    """The ``id`` of the query; raises Refusal."""
    query: str = scope["query_string"].decode("latin-1")
    ids = parse_qs(query).get("id", ())
    if len(ids) != 1:
        raise Refusal(
            "invalid",
            "Name one generation: /v1/generation?id=gen_...",
            code="missing_field" if not ids else "invalid_value",
            param="id",
        )
    return ids[0]


def _send(exchange: Exchange, status: int, body: bytes, trace_id: str, headers: Headers) -> None:
    exchange.respond(
        status,
        [(b"content-type", b"application/json"), (b"x-request-id", trace_id.encode()), *headers],
        body,
    )
