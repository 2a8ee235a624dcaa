"""The one table of settings.

Knows every scalar setting: its section, name, type, default, range and meaning. Refuses to know
where values come from (``load``) and who uses them.

A field and its ``Row`` are one line of the table. Defaults, file keys, variables, flags, the
reference page and ``glimway check`` are all made from it, so that none of them can drift.
"""
# No "from __future__ import annotations" here: the rows are read from the annotations themselves.

from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from glimway.config.keeping import Responses
from glimway.config.measuring import RoutingHedge, RoutingSlowness, Statistics
from glimway.config.reaching import Client
from glimway.config.row import Row
from glimway.config.secrets import Secret
from glimway.config.sharing import Cache, Coalesce
from glimway.config.steering import Routing, RoutingCooldown, RoutingHealth, RoutingRetry
from glimway.domain.limits import LIMIT_MAX, Limits

DAY_MS: Final = 86_400_000
DAY_S: Final = 86_400
GIB: Final = 1024**3

UNITS: Final = {"_ms": "ms", "_s": "s", "_bytes": "bytes"}
"""Names carry their unit last; other units are told by the row."""


class Server(msgspec.Struct, frozen=True):
    """Where the server listens and how long it waits for its clients."""

    host: Annotated[
        str, Row("Address to listen on. `0.0.0.0` and `::` mean all of them.", flag="--host")
    ] = "127.0.0.1"
    port: Annotated[int, Row("Port to listen on; 0 takes a free one.", 0, 65535, flag="--port")] = (
        8000
    )
    data: Annotated[
        str | None,
        Row(
            "Folder of the database and the journal; made for its owner alone.",
            flag="--data",
            env="GLIMWAY_DATA",
            default_words="`$XDG_DATA_HOME/glimway`, else `~/.local/share/glimway`",
        ),
    ] = None
    admin_key: Annotated[
        Secret | None,
        Row(
            "The administrator's key.",
            env="GLIMWAY_ADMIN_KEY",
            default_words="made at the first start, shown once, kept as a hash",
        ),
    ] = None
    drain_s: Annotated[
        float, Row("How long running answers may go on after SIGTERM.", 0, DAY_S)
    ] = 30.0
    max_connections: Annotated[
        int, Row("Client connections at once; more are refused.", 1, 1_000_000, unit="connections")
    ] = 20_000
    header_timeout_s: Annotated[
        float, Row("A request's head must be complete by then.", 0.1, 3600)
    ] = 10.0
    body_idle_timeout_s: Annotated[
        float, Row("Longest pause inside a request's body.", 0.1, 3600)
    ] = 30.0
    keep_alive_s: Annotated[
        float, Row("An idle client connection is closed after this.", 0.1, 3600)
    ] = 75.0
    write_stall_s: Annotated[
        float, Row("A client that takes no byte for so long is let go.", 0.1, DAY_S)
    ] = 120.0


class Log(msgspec.Struct, frozen=True):
    """What the server says on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Row("The least important lines shown.")
    ] = "info"
    format: Annotated[
        Literal["text", "json"], Row("Lines for people, or one JSON object a line.")
    ] = "text"


class LimitsDefault(Limits, frozen=True):
    """Limits of each key that says nothing else. 0 means no limit, but for two."""

    requests_per_minute: Annotated[
        int, Row("Requests let in over time.", 0, LIMIT_MAX, unit="requests a minute")
    ] = 600
    burst: Annotated[
        int,
        Row(
            "Requests let in at one moment after a rest; 0 means a tenth of a minute's.",
            0,
            LIMIT_MAX,
            unit="requests",
        ),
    ] = 60
    tokens_per_minute: Annotated[
        int, Row("Input and output tokens over time.", 0, LIMIT_MAX, unit="tokens a minute")
    ] = 1_000_000
    concurrency: Annotated[
        int, Row("Requests in progress at once.", 0, LIMIT_MAX, unit="requests")
    ] = 100
    queue_ms: Annotated[
        int, Row("A request over a limit waits so long for a place before its 429.", 0, DAY_MS)
    ] = 0


class LimitsRequest(msgspec.Struct, frozen=True):
    """How large one request may be."""

    body_bytes: Annotated[int, Row("The whole body.", 1024, GIB)] = 33_554_432
    header_bytes: Annotated[int, Row("The request line and all headers.", 1024, 16 * 1024**2)] = (
        65_536
    )
    json_depth: Annotated[
        int, Row("Arrays and objects inside each other.", 8, 512, unit="levels")
    ] = 128


class Deadlines(msgspec.Struct, frozen=True):
    """How long each part of a provider's answer may take; a provider may have its own."""

    connect_ms: Annotated[int, Row("Until a connection to a provider stands.", 1, DAY_MS)] = 5_000
    first_token_ms: Annotated[
        int,
        Row("Streams: until the first token, shared by all attempts of a request.", 1, DAY_MS),
    ] = 120_000
    answer_ms: Annotated[
        int, Row("Answers that are not streamed: until they are whole.", 1, DAY_MS)
    ] = 600_000
    between_tokens_ms: Annotated[
        int, Row("Streams: longest silence of a provider between tokens.", 1, DAY_MS)
    ] = 60_000
    total_ms: Annotated[int, Row("The whole answer, streamed or not.", 1, DAY_MS)] = 1_800_000
    commit_after_ms: Annotated[
        int, Row("Streams: headers and comment frames go out at the latest now.", 1, DAY_MS)
    ] = 10_000


class Journal(msgspec.Struct, frozen=True):
    """The file that every request is written to before it costs anything."""

    segment_bytes: Annotated[
        int, Row("One segment; at most a quarter of the total is used.", 65_536, 64 * GIB)
    ] = 64 * 1024**2
    total_bytes: Annotated[
        int, Row("All segments together. When it is full, requests get 503.", 262_144, 1024 * GIB)
    ] = 2 * GIB
    fsync: Annotated[
        Literal["interval", "answer"],
        Row("Sync to disk every `fsync_ms`, or before each answer ends."),
    ] = "interval"
    fsync_ms: Annotated[
        int, Row("How long a record may wait to be safe from a power cut.", 1, 60_000)
    ] = 20


class Errors(msgspec.Struct, frozen=True):
    """The list of recent errors."""

    kept: Annotated[
        int, Row("Errors kept in memory; the oldest go first.", 1, 1_000_000, unit="errors")
    ] = 1000


class Settings(msgspec.Struct, frozen=True):
    """Every scalar setting, by section (``[limits.default]`` is ``limits_default``)."""

    server: Server = Server()
    log: Log = Log()
    limits_default: LimitsDefault = LimitsDefault()
    limits_request: LimitsRequest = LimitsRequest()
    deadlines: Deadlines = Deadlines()
    journal: Journal = Journal()
    errors: Errors = Errors()
    client: Client = Client()
    routing: Routing = Routing()
    routing_health: RoutingHealth = RoutingHealth()
    routing_cooldown: RoutingCooldown = RoutingCooldown()
    routing_retry: RoutingRetry = RoutingRetry()
    routing_hedge: RoutingHedge = RoutingHedge()
    routing_slowness: RoutingSlowness = RoutingSlowness()
    statistics: Statistics = Statistics()
    coalesce: Coalesce = Coalesce()
    cache: Cache = Cache()
    responses: Responses = Responses()


class Setting(msgspec.Struct, frozen=True):
    """One line of the table, complete.

    ``type`` is ``int``, ``float``, ``str`` or ``Secret``; ``choices`` lists what a text may be.
    """

    section: str
    name: str
    type: type
    default: Any
    row: Row
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``server.port``."""
        return f"{self.section}.{self.name}"

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that set it; the first one that is set counts."""
        long = f"GLIMWAY_{self.key}".replace(".", "__").upper()
        return (long,) if self.row.env is None else (self.row.env, long)

    @property
    def unit(self) -> str:
        """What numbers count; empty for texts."""
        ending = next((end for end in UNITS if self.name.endswith(end)), "")
        return self.row.unit or UNITS.get(ending, "")

    @property
    def secret(self) -> bool:
        """Its value is never shown."""
        return self.type is Secret


def section_name(attribute: str) -> str:
    """``limits_default`` as the file says it: ``limits.default``."""
    return attribute.replace("_", ".")


def _settings_of(attribute: str, section: type) -> tuple[Setting, ...]:
    hints = get_type_hints(section, include_extras=True)
    found = []
    for field in msgspec.structs.fields(section):
        kind, row = get_args(hints[field.name])
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        # ``X | None`` is a setting without a fixed default.
        plain = str if choices else next(iter(get_args(kind)), kind)
        found.append(
            Setting(section_name(attribute), field.name, plain, field.default, row, choices)
        )
    return tuple(found)


SECTIONS: Final[dict[str, type]] = get_type_hints(Settings)
"""The struct of each section, by its attribute of ``Settings``."""

SETTINGS: Final[tuple[Setting, ...]] = tuple(
    setting
    for attribute, section in SECTIONS.items()
    for setting in _settings_of(attribute, section)
)
"""The table."""


def settings_of(section: str) -> tuple[Setting, ...]:
    """The settings of one section, by its name in the file."""
    return tuple(setting for setting in SETTINGS if setting.section == section)
