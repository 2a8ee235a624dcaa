"""Composition: every part of a running Glimway, put together once.

Knows which parts there are and in what order they start and stop. Refuses to do any of their work.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import math
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

from glimway.config.assemble import assemble
from glimway.config.places import data_folder, database_url, journal_folder, make_private
from glimway.config.shipped import Shipped
from glimway.config.values import Config
from glimway.domain.catalog import Catalog
from glimway.domain.estimate import Estimates
from glimway.domain.keys import Keyring
from glimway.domain.limits import Limits
from glimway.engine.admission import Admission
from glimway.engine.deadlines import Deadlines
from glimway.engine.errors import ErrorLog
from glimway.engine.hosts import Hosts
from glimway.engine.house import House, Latest
from glimway.engine.settlement import Settlement
from glimway.engine.wheel import Wheel
from glimway.sandbox import Sandbox
from glimway.store import keys as key_rows
from glimway.store.database import Database
from glimway.store.drain import Drain
from glimway.store.journal import Journal
from glimway.store.receipts import Receipts
from glimway.store.revision import Watch
from glimway.store.runner import DrainRunner
from glimway.store.tail import Tail
from glimway.surface.api import PublicApi, refuse_early
from glimway.surface.nowhere import Nowhere
from glimway.surface.protocol import ClientConnection, Edge
from glimway.surface.readings import Readings
from glimway.welcome import Welcome, welcome
from glimway.wire.chat import CHAT_PROVIDER

WATCH_INTERVAL_S = 0.1
"""What the command line changes holds within 250 ms (contract)."""

OPEN_FILES_WANTED = 65536

LISTEN_BACKLOG = 4096
"""Connections the kernel may hold for us in a burst."""

GC_YOUNG_OBJECTS = 50_000
"""A request leaves no cycles behind, so the collector rarely finds anything; it runs seldom."""


def now_ms() -> int:
    """Wall time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Parts:
    """All parts of one running server, made in the running loop by ``Parts.start``."""

    def __init__(self, config: Config, data: Path) -> None:
        settings = config.settings
        self.config = config
        self.loop = asyncio.get_running_loop()
        self.wheel = Wheel(self.loop)
        make_private(data)
        self.journal = Journal.open(
            journal_folder(data),
            segment_bytes=settings.journal.segment_bytes,
            total_bytes=settings.journal.total_bytes,
            fsync_ms=settings.journal.fsync_ms,
            fsync_each=settings.journal.fsync == "answer",
        )
        try:
            self.database = Database.open(database_url(data))
        except BaseException:
            self.journal.close()
            raise
        self.drain = Drain(self.journal, self.database)
        self.lost = self.drain.recover(now_ms())
        self.runner = DrainRunner(self.drain, self.journal, now_ms)
        self.receipts = Receipts(self.database, Tail(self.journal, self.drain))
        self.errors = ErrorLog(settings.errors.kept)
        self.keys = Latest(self._load_keys())
        self.sandbox: Sandbox | None = None
        self._watch_stop = threading.Event()
        self._watcher = threading.Thread(
            target=self._watch_keys, name="glimway-watch", daemon=True
        )

    async def start(self) -> House:
        """Start what runs beside the loop, and make the house."""
        settings = self.config.settings
        self.sandbox = Sandbox()
        await self.sandbox.start()
        self.catalog: Latest[Catalog] = Latest(
            assemble(
                self.config,
                Shipped.load(),
                sandbox_url=self.sandbox.url(),
                deadlines=_deadlines,
            )
        )
        estimates = Estimates()
        for model in self.catalog.now.models:
            estimates.start(model.id, model.bytes_per_token, model.mean_output_tokens)
        self.house = House(
            keys=self.keys,
            catalog=self.catalog,
            admission=Admission(
                self.journal, estimates, _limits(settings.limits_default), self.wheel
            ),
            settlement=Settlement(self.journal, estimates),
            hosts=Hosts(
                self.wheel,
                {"chat": CHAT_PROVIDER},
                _deadlines(settings.deadlines),
                idle_s=settings.client.pool_idle_s,
                connections_max=settings.client.pool_connections_max,
            ),
            errors=self.errors,
            wheel=self.wheel,
            depth_max=settings.limits_request.json_depth,
        )
        self.runner.start()
        self._watcher.start()
        return self.house

    async def stop(self) -> None:
        """Stop everything, the books last."""
        self.house.hosts.close()
        if self.sandbox is not None:
            await self.sandbox.stop()
        self.wheel.close()
        self._watch_stop.set()
        await asyncio.to_thread(self._close_store)

    async def reload_keys(self) -> None:
        """Read the keys again; when this returns, the new ones are in force."""
        self.keys.now = Keyring(await asyncio.wrap_future(self.database.read(key_rows.load)))

    def _close_store(self) -> None:
        self._watcher.join(timeout=5)
        self.runner.stop()
        self.journal.close()
        self.database.close()

    def _load_keys(self) -> Keyring:
        return Keyring(self.database.read(key_rows.load).result())

    def _watch_keys(self) -> None:
        """Notice what other processes (the command line) change in the database."""
        watch = Watch(self.database)
        while not self._watch_stop.wait(WATCH_INTERVAL_S):
            if watch.changed():
                keyring = self._load_keys()
                self.loop.call_soon_threadsafe(setattr, self.keys, "now", keyring)
        watch.close()


def _limits(section: Any) -> Limits:
    return msgspec.convert(msgspec.structs.asdict(section), Limits)


def _deadlines(section: Any) -> Deadlines:
    return Deadlines(
        connect_s=section.connect_ms / 1000,
        first_token_s=section.first_token_ms / 1000,
        answer_s=section.answer_ms / 1000,
        between_tokens_s=section.between_tokens_ms / 1000,
        total_s=section.total_ms / 1000,
        commit_after_s=section.commit_after_ms / 1000,
    )


class Server(uvicorn.Server):
    """Uvicorn's server, telling us where it listens."""

    def __init__(self, config: uvicorn.Config, told: Welcome) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: Any = None) -> None:
        """Start, then say where."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._told.say(str(host), int(port))
            # What lives now lives for good: the collector need not look at it again.
            gc.collect()
            gc.freeze()
            gc.set_threshold(GC_YOUNG_OBJECTS, 20, 100)


async def run(config: Config) -> int:
    """Serve until a signal; the exit code."""
    parts = Parts(config, data_folder(config.settings, os.environ))
    house = await parts.start()
    try:
        told = await welcome(parts.database, config, parts.reload_keys)
        api = PublicApi(house, Readings(house, parts.receipts, Nowhere(house)))
        await Server(_uvicorn(api, house, config), told).serve()
    finally:
        await parts.stop()
    return 0


def _uvicorn(api: PublicApi, house: House, config: Config) -> uvicorn.Config:
    server, request = config.settings.server, config.settings.limits_request
    edge = Edge(
        wheel=house.wheel,
        refuse=refuse_early(house),
        header_bytes_max=request.header_bytes,
        body_bytes_max=request.body_bytes,
        header_timeout_s=server.header_timeout_s,
        body_idle_s=server.body_idle_timeout_s,
        keep_alive_s=server.keep_alive_s,
    )
    protocol: Any = functools.partial(ClientConnection, edge)
    return uvicorn.Config(
        api,
        host=server.host,
        port=server.port,
        http=protocol,
        ws="none",
        loop="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=LISTEN_BACKLOG,
        log_level="warning",
        timeout_graceful_shutdown=math.ceil(server.drain_s),
    )


def _raise_open_files() -> None:
    """Every stream holds two sockets; the usual soft limit of 1,024 files ends at 500 streams."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(OPEN_FILES_WANTED, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(config: Config) -> None:
    """Serve until a signal, and exit with its code."""
    _raise_open_files()
    sys.exit(uvloop.run(run(config)))
