"""The parts of one running Glimway, put together once.

Knows which parts there are and in what order they start and stop. Refuses to do any of their work
and to know the HTTP server (``app`` starts that).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from glimway.config.assemble import assemble
from glimway.config.health import rests_of
from glimway.config.places import database_url, journal_folder, make_private
from glimway.config.policy import policy_of, projects_by_id
from glimway.config.refreshed import read_prices, with_prices
from glimway.config.shipped import Shipped
from glimway.config.values import Config
from glimway.data import load_parameters
from glimway.domain import storing
from glimway.domain.catalog import Catalog
from glimway.domain.judgement import Judge
from glimway.domain.keys import Keyring
from glimway.domain.sharing import ALONE, of_project
from glimway.engine.admission import Admission
from glimway.engine.counting import Counting
from glimway.engine.errors import ErrorLog
from glimway.engine.hosts import Hosts
from glimway.engine.house import House, Latest
from glimway.engine.keeping import FIRST_WORKER, Keeper
from glimway.engine.kept import KeptAnswers
from glimway.engine.outbox import Outbox
from glimway.engine.provider.dial import Dialer
from glimway.engine.provider.pool import Bounds
from glimway.engine.provider.resolver import Resolver
from glimway.engine.routing import Routing
from glimway.engine.seals import Seals
from glimway.engine.settlement import Settlement
from glimway.engine.wheel import Wheel
from glimway.sandbox import Sandbox
from glimway.store import keys as key_rows
from glimway.store import projects as project_rows
from glimway.store import secrets as secret_file
from glimway.store.database import Database
from glimway.store.drain import Drain
from glimway.store.errors import StoreError
from glimway.store.journal import Journal
from glimway.store.receipts import Receipts
from glimway.store.revision import Watch
from glimway.store.runner import DrainRunner
from glimway.store.statistics import StatisticsRows
from glimway.store.tail import Tail
from glimway.terms import (
    deadlines_of,
    estimates_of,
    kept_terms_of,
    shares_of,
    terms_of,
    trust_of,
)
from glimway.wire.chat import CHAT_PROVIDER
from glimway.wire.messages import MESSAGES_PROVIDER
from glimway.wire.responses import RESPONSES_PROVIDER

_log = logging.getLogger("glimway")

SIDES = (CHAT_PROVIDER, RESPONSES_PROVIDER, MESSAGES_PROVIDER)
"""The dialects that providers speak."""

WATCH_INTERVAL_S = 0.1
"""What the command line changes holds within 250 ms."""

WATCH_PATIENCE_S = 5.0
"""How long one reading of the keys may take before the next look."""


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
        self.outbox = Outbox(self.loop)
        make_private(data)
        self._secrets = secret_file.load(data, secrets.token_bytes)
        try:
            self.shipped = with_prices(Shipped.load(), read_prices(data))
        except ValueError as error:  # prices that cannot be read must not charge anybody
            raise StoreError(str(error)) from None
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
        self.kept = KeptAnswers(self.database, self.wheel, now_ms, kept_terms_of(settings))
        self.errors = ErrorLog(settings.errors.kept)
        self.shares = shares_of(settings, self.wheel)
        self.keys = Latest(self._load_keys())
        self.sandbox: Sandbox | None = None
        self._reading_keys = asyncio.Lock()
        self._watch_stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch_keys, name="glimway-watch", daemon=True)

    async def start(self) -> House:
        """Start what runs beside the loop, and make the house."""
        settings = self.config.settings
        self.sandbox = Sandbox()
        await self.sandbox.start()
        url = self.sandbox.url()
        self.catalog: Latest[Catalog] = Latest(
            assemble(self.config, self.shipped, sandbox_url=url, deadlines=deadlines_of)
        )
        estimates = estimates_of(self.catalog.now)
        self.routing = Routing(
            self.catalog.now,
            Judge(load_parameters()),
            estimates,
            self.wheel,
            policy_of(self.config),
            terms=terms_of(settings),
        )
        self.counting = Counting(self.catalog, estimates)
        self.house = House(
            routing=self.routing,
            keys=self.keys,
            catalog=self.catalog,
            admission=Admission(self.journal, estimates, settings.limits_default, self.wheel),
            settlement=Settlement(self.journal, estimates),
            hosts=Hosts(
                self.wheel,
                Dialer(self.outbox, trust_of(settings), Resolver()),
                {side.name: side for side in SIDES},
                deadlines_of(settings.deadlines),
                Bounds(
                    connections_max=settings.client.pool_connections_max,
                    idle_max=settings.client.pool_idle_max,
                    idle_s=settings.client.pool_idle_s,
                ),
                rests=rests_of(settings),
            ),
            errors=self.errors,
            seals=Seals(self._secrets, secrets.token_bytes),
            wheel=self.wheel,
            depth_max=settings.limits_request.json_depth,
        )
        self._choose(await asyncio.wrap_future(self.database.read(project_rows.settings)))
        self.keeper = Keeper(
            self.routing.vitals,
            StatisticsRows(self.database, FIRST_WORKER),
            self.wheel,
            now_ms,
            every_s=settings.statistics.save_s,
        )
        await self._start_beside()
        return self.house

    async def _start_beside(self) -> None:
        await self.keeper.start()
        await self.kept.start()
        self._adopt(self.database.read(project_rows.ids).result())
        self.routing.start()
        self.runner.start()
        self._watcher.start()

    async def stop(self) -> None:
        """Stop everything, the books last."""
        self.routing.stop()
        self.counting.close()
        await self.kept.stop()
        self.house.hosts.close()
        await self.keeper.stop()
        if self.sandbox is not None:
            await self.sandbox.stop()
        self.wheel.close()
        self._watch_stop.set()
        await asyncio.to_thread(self._close_store)

    async def reload_keys(self) -> None:
        """Read the keys again; when this returns, what was committed before is in force.

        One reading at a time: two could end in the wrong order, and a revoked key come back.
        """
        async with self._reading_keys:
            keys = await asyncio.wrap_future(self.database.read(key_rows.load))
            if self.config.projects:
                self._adopt(await asyncio.wrap_future(self.database.read(project_rows.ids)))
            self.keys.now = Keyring(keys)
            self._choose(await asyncio.wrap_future(self.database.read(project_rows.settings)))
            self.house.end_revoked()

    def _choose(self, projects: dict[str, dict[str, Any]]) -> None:
        """Take up what projects chose."""
        self._share(projects)
        self._store(projects)

    def _share(self, projects: dict[str, dict[str, Any]]) -> None:
        """Take up what projects say of sharing; what cannot be read shares nothing."""
        rules = {}
        for project, chosen in projects.items():
            try:
                rules[project] = of_project(chosen, self.shares.default)
            except msgspec.ValidationError as error:
                _log.warning("project %s shares nothing, its rules are wrong: %s", project, error)
                rules[project] = ALONE
        self.shares.adopt(rules)
        self.house.sharing = None if self.shares.idle else self.shares

    def _store(self, projects: dict[str, dict[str, Any]]) -> None:
        """Take up what projects say of keeping answers; what cannot be read keeps none."""
        uses = {}
        for project, chosen in projects.items():
            try:
                use = storing.of_project(chosen)
            except msgspec.ValidationError as error:
                _log.warning("project %s keeps no answers, its choice is wrong: %s", project, error)
                use = storing.NEVER
            if use is not None:
                uses[project] = use
        self.kept.projects = uses

    def _adopt(self, known: dict[str, str]) -> None:
        """Let projects route as the configuration says; ``known`` are ids by id and by name."""
        if self.config.projects:
            self.routing.adopt(projects_by_id(self.config, known))

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
                reading = asyncio.run_coroutine_threadsafe(self.reload_keys(), self.loop)
                try:
                    reading.result(WATCH_PATIENCE_S)
                except (StoreError, TimeoutError):
                    _log.warning("keys could not be read again; the known ones stay in force")
        watch.close()
