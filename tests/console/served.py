"""The admin API on a real socket, with a database and a journal of its own.

Knows how its parts are made small. Every test has its own folder and port.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import secrets
import threading
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import uvicorn

from glimway.console.access import Identify
from glimway.console.admin import admin_app
from glimway.console.parts import AdminParts
from glimway.domain.catalog import Catalog
from glimway.domain.keys import Key, Keyring
from glimway.domain.limits import Limits
from glimway.domain.receipt import Opened, Receipt
from glimway.domain.routing.route import Plan
from glimway.domain.statistics.vitals import Vitals
from glimway.engine.errors import ErrorLog
from glimway.store import administrators, sqlite
from glimway.store import keys as key_rows
from glimway.store.database import Database
from glimway.store.drain import Drain
from glimway.store.journal import Journal
from glimway.store.receipts import Receipts
from glimway.store.runner import DrainRunner
from glimway.store.tail import Tail
from glimway.surface.mounts import DOCUMENT_SIDES
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

ADMIN_KEY = "glimadmin_" + "k" * 43
NOW_MS = 1_795_000_000_000
WAIT_S = 10.0


class _Nothing:
    """Plans with no model at all."""

    def __init__(self) -> None:
        self.catalog = Catalog([], [])
        self.vitals = Vitals()

    def plan(self, call: Call, key: Key, request_bytes: int, at_ms: int) -> Plan:
        """There is none."""
        raise Refusal("unavailable", "No model is configured.")


class Answer(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """The error in the body, whose envelope is checked."""
        document = self.json
        assert set(document) == {"error", "trace_id"}
        assert set(document["error"]) == {"message", "type", "param", "code"}
        assert document["trace_id"] == self.headers["x-request-id"]
        return document["error"]


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app, host="127.0.0.1", port=0, loop="asyncio", lifespan="off", log_level="critical"
            )
        )
        self.listening = threading.Event()
        self.port = 0

    async def startup(self, sockets: Any = None) -> None:
        """Start, then tell the port."""
        await super().startup(sockets)
        self.port = self.servers[0].sockets[0].getsockname()[1]
        self.listening.set()


class Admin:
    """One admin API with everything behind it."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = NOW_MS
        self.database_path = folder / "glimway.db"
        self.database = Database.open(sqlite.address(self.database_path), busy_timeout_ms=50)
        self.journal = Journal.open(folder / "journal", segment_bytes=65_536, total_bytes=262_144)
        drain = Drain(self.journal, self.database)
        self.runner = DrainRunner(drain, self.journal, self.clock_ms, interval_s=0.01)
        self.runner.start()
        self.errors = ErrorLog(100)
        self.keyring = Keyring()
        self.reload_error: BaseException | None = None
        self.identify: Identify | None = None
        self.draining = False
        self.limits = Limits(requests_per_minute=600, burst=60, concurrency=100)
        self.parts = AdminParts(
            database=self.database,
            receipts=Receipts(self.database, Tail(self.journal, drain)),
            journal=self.journal,
            runner=self.runner,
            errors=self.errors,
            keys_changed=self._reload,
            default_limits=self.limits,
            clock_ms=self.clock_ms,
            entropy=secrets.token_bytes,
            plans=_Nothing(),
            sides=DOCUMENT_SIDES,
            draining=lambda: self.draining,
        )
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def clock_ms(self) -> int:
        """The present of this test."""
        return self.now_ms

    def set_admin_key(self, key: str | None = ADMIN_KEY) -> None:
        """Let ``key`` be the administrator's."""
        digest = sha256((key or "").encode()).digest()
        self.database.write(
            lambda connection: administrators.put(connection, digest, "glimadmin_k", NOW_MS)
        ).result()

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | bytes | None = ADMIN_KEY,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """One request on a connection of its own; ``path`` is below ``/admin/v1``."""
        sent: dict[str, str | bytes] = dict(headers or {})
        if key is not None:
            raw = key if isinstance(key, bytes) else key.encode()
            sent["authorization"] = b"Bearer " + raw
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self._port(), timeout=WAIT_S)
        try:
            connection.request(method, "/admin/v1" + path, data, sent)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        """What a GET answers, which must be fine."""
        answer = self.send("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, body: object = None) -> Any:
        """What a POST answers, which must be fine."""
        answer = self.send("POST", path, body)
        assert answer.status in (200, 201), answer
        return answer.json

    def settle(self, receipt: Receipt) -> None:
        """Have the journal hold a request and its receipt."""
        opened = Opened(
            id=receipt.id,
            at_ms=receipt.at_ms,
            organization=receipt.organization,
            project=receipt.project,
            key=receipt.key,
            model=receipt.model,
            endpoint=receipt.endpoint,
            dialect=receipt.dialect,
            mount=receipt.mount,
        )
        self.journal.append(msgspec.json.encode(opened))
        self.journal.append(msgspec.json.encode(receipt))

    def close(self) -> None:
        """Stop everything."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(WAIT_S)
        self.runner.stop(0)
        self.journal.close()
        self.database.close()

    async def _reload(self) -> None:
        if self.reload_error is not None:
            raise self.reload_error
        found = await asyncio.wrap_future(self.database.read(key_rows.load))
        self.keyring = Keyring(found)

    def _port(self) -> int:
        if self._server is None:
            self._server = _Server(admin_app(self.parts, self.identify))
            self._thread = threading.Thread(target=self._server.run, daemon=True)
            self._thread.start()
            assert self._server.listening.wait(WAIT_S)
        return self._server.port


def receipt_of(request_id: str, at_ms: int, **changes: Any) -> Receipt:
    """A receipt of a request that went well, but for the changes."""
    told: dict[str, Any] = {
        "organization": "default",
        "project": "default",
        "key": "k1",
        "model": "lab/m",
        "asked": "m",
        "endpoint": "lab/m@rack1",
        "provider": "rack1",
        "dialect": "chat",
        "mount": "/v1",
        "status": "ok",
        "end": "stop",
        "http_status": 200,
    }
    return Receipt(id=request_id, at_ms=at_ms, **(told | changes))
