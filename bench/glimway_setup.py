"""Glimway as it is measured: its config, its stored state and its keys.

Everything that costs something stays on: key check, limits (so high that none refuses), price,
hold, settlement and statistics. Knows only the outside contract: the config file, the commands
``glimway keys create --json`` and ``glimway serve``, and ``POST /admin/v1/keys``.
"""

from __future__ import annotations

import http.client
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from servers import BenchError, first_answer_s, free_port, start
from workbench import Side, Workbench, command

ADMIN_KEY = "bench-admin-4f1d9c2be07a5f36a8d17e90c3b2"
LARGE = 1_000_000_000
MANY_ENDPOINTS = 50
CONFIGS: tuple[tuple[Side, int], ...] = (("plain", 1), ("tls", 1), ("plain", MANY_ENDPOINTS))
PROFILES: Mapping[str, str] = {
    "chat": "openai",
    "messages": "anthropic",
    "responses": "responses",
}
"""The dialects of hosts that the stub speaks, and the profile for a host that speaks it."""

CONFIG = """\
[server]
host = "127.0.0.1"

{providers}
{models}
[limits.default]
requests_per_minute = {large}
burst = {large}
tokens_per_minute = {large}
concurrency = 1000000
"""

PROVIDER = """
[[providers]]
id = "{host}-{number}"
profile = "{profile}"
base_url = "{url}"
private = true
api_key = {{ env = "BENCH_KEY" }}
{trust}"""

MODEL = """
[[models]]
id = "bench/{name}"
context = 200000
max_output = 131072
"""

ENDPOINT = """
  [[models.endpoints]]
  provider = "{host}-{number}"
  model = "{upstream}"
  price = {{ input = "0.07", cached_input = "0.01", output = "0.40" }}
"""


@dataclass(frozen=True, eq=False)  # what is made from it is remembered by which one it is
class GlimwayHome:
    """Stored state to copy for each start, and what belongs to it."""

    data: Path
    tokens: Path
    configs: Mapping[tuple[Side, int], Path]
    """By how the provider is reached, and how many endpoints each model has."""
    provider_key: str

    @property
    def environment(self) -> dict[str, str]:
        """What the config and the administrator's key are read from."""
        return {"BENCH_KEY": self.provider_key, "GLIMWAY_ADMIN_KEY": ADMIN_KEY}


def serve_command(bench: Workbench, config: Path, data: Path, port: int) -> list[str]:
    """The command line of the gateway under test."""
    options = ["--config", str(config), "--data", str(data), "--port", str(port)]
    return [str(bench.glimway), "serve", *options]


def is_missing(glimway: Path) -> str | None:
    """Why Glimway cannot be measured at all, or None."""
    if glimway.exists():
        return None
    return f"the gateway under test is missing: there is no {glimway} (run `make setup`)"


def _write_config(bench: Workbench, models: Mapping[str, str], side: Side, endpoints: int) -> Path:
    """A config in which each model has that many endpoints, at one price, each at a provider of
    its own, and one model more for each dialect of a host, with one endpoint; all these providers
    are the one stub."""
    path = bench.folder / f"glimway-{side}-{endpoints}.toml"
    where = {
        "url": bench.provider_url(side),
        "trust": f'ca_file = "{bench.authority}"\n' if side == "tls" else "",
    }
    many, one = range(1, endpoints + 1), range(1, 2)
    providers = [
        PROVIDER.format(host=host, number=number, profile=profile, **where)
        for host, profile in PROFILES.items()
        for number in (many if host == "chat" else one)
    ]
    ways = [(name, "chat", many, upstream) for name, upstream in models.items()]
    ways += [(f"{name}-{host}", host, one, up) for name, _, _, up in ways for host in PROFILES]
    written = [
        MODEL.format(name=name)
        + "".join(ENDPOINT.format(host=host, number=n, upstream=up) for n in numbers)
        for name, host, numbers, up in ways
    ]
    text = CONFIG.format(providers="".join(providers), models="".join(written), large=LARGE)
    path.write_text(text)
    return path


def _key_in(document: str | bytes, source: str) -> str:
    """The key itself: the member "key" of the JSON object that making one gives."""
    try:
        key = json.loads(document)["key"]
    except (ValueError, KeyError, TypeError):
        key = None
    if not isinstance(key, str):
        raise BenchError(f"{source} gave no key: {document[:300]!r}")
    return key


def _first_key(bench: Workbench, config: Path, data: Path) -> str:
    """A key made by the command line, as an operator would make it before the first start."""
    options = ("--name", "bench", "--json", "--config", config, "--data", data)
    said = command(bench.glimway, "keys", "create", *options)
    return _key_in(said, "`glimway keys create --json`")


def _more_keys(home: GlimwayHome, bench: Workbench, count: int) -> Iterator[str]:
    """Keys made through the admin API of a server that runs only for that."""
    port = free_port()
    line = serve_command(bench, home.configs["plain", 1], home.data, port)
    with start("glimway-keys", line, bench.folder, home.environment) as server:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"authorization": f"Bearer {ADMIN_KEY}", "content-type": "application/json"}

        def create(name: str) -> tuple[int, bytes]:
            body = json.dumps({"name": name, "project": "default"})
            try:
                connection.request("POST", "/admin/v1/keys", body, headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                raise
            return (200 if answer.status == 201 else answer.status), content

        first_answer_s(server, lambda: create("bench first"))
        for number in range(count):
            status, content = create(f"bench {number}")
            if status != 200:
                raise BenchError(f"POST /admin/v1/keys answered {status}: {content[:300]!r}")
            yield _key_in(content, "POST /admin/v1/keys")
        connection.close()


@cache
def _base_home(bench: Workbench, models: tuple[tuple[str, str], ...], key: str) -> GlimwayHome:
    """Stored state with one key."""
    data = bench.folder / "glimway-home"
    data.mkdir()
    home = GlimwayHome(
        data=data,
        tokens=bench.folder / "glimway-token",
        configs={
            (side, endpoints): _write_config(bench, dict(models), side, endpoints)
            for side, endpoints in CONFIGS
        },
        provider_key=key,
    )
    home.tokens.write_text(_first_key(bench, home.configs["plain", 1], data) + "\n")
    return home


@cache
def _large_home(base: GlimwayHome, bench: Workbench, keys: int) -> GlimwayHome:
    """The same with many keys; made once, because it takes a while."""
    print(f"making {keys:,} keys", file=sys.stderr, flush=True)
    data = bench.folder / "glimway-home-many"
    shutil.rmtree(data, ignore_errors=True)  # of a try that failed
    shutil.copytree(base.data, data)
    home = replace(base, data=data, tokens=bench.folder / "glimway-tokens")
    made = [base.tokens.read_text().strip(), *_more_keys(home, bench, keys - 1)]
    home.tokens.write_text("".join(f"{token}\n" for token in made))
    return home


def glimway_home(
    bench: Workbench, models: Mapping[str, str], keys: int, provider_key: str
) -> GlimwayHome:
    """Stored state with that many keys, made once a run. Raises BenchError."""
    missing = is_missing(bench.glimway)
    if missing:
        raise BenchError(missing)
    base = _base_home(bench, tuple(models.items()), provider_key)
    return base if keys == 1 else _large_home(base, bench, keys)
