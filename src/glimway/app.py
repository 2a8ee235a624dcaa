"""Composition: the server around the parts.

Knows how a configuration becomes a listening server and how it ends. Refuses to do any part's work.
"""

from __future__ import annotations

import functools
import logging
import os
import resource
import secrets
import sys
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette

from glimway.config.places import data_folder
from glimway.config.settings import Log
from glimway.config.values import Config
from glimway.console.admin import admin_app
from glimway.console.doors import Doors
from glimway.console.parts import AdminParts
from glimway.data import load_parameters
from glimway.engine.house import House
from glimway.parts import Parts, now_ms
from glimway.server import Server
from glimway.surface.api import PublicApi, refuse_early
from glimway.surface.bounds import Bounds
from glimway.surface.counting import CountingPaths
from glimway.surface.edge import Edge
from glimway.surface.mounts import DOCUMENT_SIDES, MOUNTS, RESPONSES
from glimway.surface.nowhere import Nowhere
from glimway.surface.pressure import Pressure
from glimway.surface.processor import Processor
from glimway.surface.protocol import ClientConnection
from glimway.surface.readings import Readings
from glimway.surface.responses.background import Background
from glimway.surface.responses.desk import Desk
from glimway.surface.responses.paths import ResponsePaths
from glimway.surface.responses.serving import Calls
from glimway.surface.sockets import Sockets
from glimway.welcome import welcome

OPEN_FILES_WANTED = 65536

BODIES_MAX = 16
"""Request bodies of the largest size that may be in memory together."""

LISTEN_BACKLOG = 4096
"""Connections the kernel may hold for us in a burst."""


async def run(config: Config) -> int:
    """Serve until a signal; the exit code."""
    parts = Parts(config, data_folder(config.settings, os.environ))
    house = await parts.start()
    try:
        told = await welcome(parts.database, config, parts.reload_keys)
        doors = Doors(_admin(parts, house), Nowhere(house))
        desk = Desk(house, parts.kept, RESPONSES)
        background = Background(desk, config.settings.responses.background)
        counting = CountingPaths(house, parts.counting, doors)
        kept = ResponsePaths(desk, background, parts.counting, counting)
        readings = Readings(house, parts.receipts, kept, load_parameters())
        pressure, sockets = _pressure(config, house)
        api = PublicApi(house, readings, Calls(desk, background, sockets))
        uv = _uvicorn(api, parts, house, pressure)
        server = Server(uv, house, told, config.settings.server.drain_s)
        background.tasks = sockets.tasks = server.server_state.tasks
        await server.serve()
        background.stop()
    finally:
        await parts.stop()
    return server.exit_code


def _admin(parts: Parts, house: House) -> Starlette:
    return admin_app(
        AdminParts(
            database=parts.database,
            receipts=parts.receipts,
            journal=parts.journal,
            runner=parts.runner,
            errors=parts.errors,
            keys_changed=parts.reload_keys,
            default_limits=house.admission.default,
            clock_ms=now_ms,
            entropy=secrets.token_bytes,
            plans=house.routing,
            sides=DOCUMENT_SIDES,
            draining=lambda: house.draining,
        )
    )


def _pressure(config: Config, house: House) -> tuple[Pressure, Sockets]:
    settings = config.settings
    pressure = Pressure(
        house.loop,
        Processor().wanted_s,
        settings.server.max_connections,
        BODIES_MAX * settings.limits_request.body_bytes,
    )
    responses = settings.responses
    return pressure, Sockets(pressure, responses.sockets, responses.socket_s)


def _uvicorn(api: PublicApi, parts: Parts, house: House, pressure: Pressure) -> uvicorn.Config:
    settings = parts.config.settings
    server, request = settings.server, settings.limits_request
    edge = Edge(
        wheel=house.wheel,
        outbox=parts.outbox,
        serve=api.serve,
        refuse=refuse_early(house),
        pressure=pressure,
        calls=frozenset(mount.path.encode() for mount in MOUNTS),
        bounds=Bounds(header_bytes_max=request.header_bytes, body_bytes_max=request.body_bytes),
        header_timeout_s=server.header_timeout_s,
        body_idle_s=server.body_idle_timeout_s,
        keep_alive_s=server.keep_alive_s,
        write_stall_s=server.write_stall_s,
    )
    protocol: Any = functools.partial(ClientConnection, edge)
    return uvicorn.Config(
        api,  # type: ignore[arg-type]  # the protocol serves by ``Edge.serve``, never through uvicorn
        host=server.host,
        port=server.port,
        interface="asgi3",
        http=protocol,
        ws="none",
        loop="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=LISTEN_BACKLOG,
        log_level="warning",
    )


def _raise_open_files() -> None:
    """Every stream holds two sockets; the usual soft limit of 1,024 files ends at 500 streams."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(OPEN_FILES_WANTED, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _log_to_stderr(log: Log) -> None:
    """Standard output is the welcome's; what happens later goes to standard error."""
    form = '{"level":"%(levelname)s","message":"%(message)s"}'
    if log.format == "text":
        form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(stream=sys.stderr, level=log.level.upper(), format=form)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def serve(config: Config) -> None:
    """Serve until a signal, and exit with its code."""
    _log_to_stderr(config.settings.log)
    _raise_open_files()
    sys.exit(uvloop.run(run(config)))
