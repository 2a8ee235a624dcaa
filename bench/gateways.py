"""The gateways that are compared: how each is set up and started.

Knows each one's config and command line, and nothing of what is measured. A started gateway is a
``Target``: where to send which request. The name of the model is the stub's own where nothing
stands between, and the gateway's name for it elsewhere.
"""

from __future__ import annotations

import http.client
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from glimway_setup import MANY_ENDPOINTS, glimway_home, serve_command
from servers import BenchError, Server, free_port, start
from workbench import HERE, Proxy, Side, Workbench, command, start_nginx

MODELS: Mapping[str, str] = {"paced": "paced-200x50", "idle": "idle-2x0.02"}
"""Our name for a model and the stub's, which says chunks and chunks per second."""
CHUNKS_PER_STREAM = 200
PROVIDER_KEY = "sk-bench-0123456789abcdef"
CHAT_PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Target:
    """A place that answers chat completions, ready for load."""

    server: Server | None
    """None: the stub itself."""
    port: int
    path: str
    model_prefix: str | None
    """Put before the model's short name; None: the stub's own names are asked."""
    tokens: Path | None
    """One key per line, used in turn."""
    translates: bool = False
    """It takes every dialect of clients, and each model also from a host of every dialect."""

    def model(self, name: str) -> str:
        """What a caller writes for one of MODELS."""
        return MODELS[name] if self.model_prefix is None else self.model_prefix + name

    def model_at(self, name: str, host: str) -> str:
        """The same, from a host of that dialect."""
        return f"{self.model(name)}-{host}" if self.translates else self.model(name)

    def ask(self, body: bytes) -> tuple[int, bytes]:
        """One whole request on a connection of its own: status and body."""
        headers = {"content-type": "application/json"}
        if self.tokens is not None:
            with self.tokens.open() as lines:
                headers["authorization"] = f"Bearer {lines.readline().strip()}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


Starter = Callable[[Workbench, Side], Target]
"""Starts a gateway in front of the stub; the side says how it reaches it."""


def start_direct(bench: Workbench, side: Side) -> Target:
    """No gateway: what the stub and the load generator do by themselves."""
    if side == "tls":
        raise BenchError("the load generator speaks no TLS")
    return Target(None, bench.stub_port, CHAT_PATH, None, None)


def start_plain_proxy(bench: Workbench, side: Side) -> Target:
    """Start nginx that only passes bytes on: the limit of what any gateway could reach."""
    port = free_port()
    proxy = Proxy(port, bench.provider_port(side), speaks=side)
    server = start_nginx("nginx", bench.folder, proxy)
    return Target(server, port, CHAT_PATH, None, None)


def _tensorzero_python() -> Path:
    """The interpreter of TensorZero's own environment, made from the locked list when needed."""
    environment, lock = HERE / ".venv", HERE / "requirements.txt"
    python, stamp = environment / "bin" / "python", environment / "locked"
    digest = sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return python
    print("installing TensorZero into bench/.venv", file=sys.stderr, flush=True)
    command(sys.executable, "-m", "venv", "--clear", environment)
    command(python, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock)
    stamp.write_text(digest)
    return python


def _tensorzero_config(url: str) -> str:
    """Observability and authentication off: the least that this gateway can do per request."""
    lines = ["[gateway]", "observability.enabled = false", "auth.enabled = false"]
    for name, upstream in MODELS.items():
        lines += [f"[models.{name}]", 'routing = ["stub"]', f"[models.{name}.providers.stub]"]
        lines += ['type = "openai"', f'model_name = "{upstream}"', f'api_base = "{url}/"']
        lines += ['api_key_location = "env::BENCH_KEY"']
    return "\n".join(lines) + "\n"


def start_tensorzero(bench: Workbench, side: Side) -> Target:
    """TensorZero's gateway from its own Python package, on the port that it chooses."""
    python = _tensorzero_python()
    config = bench.folder / "tensorzero.toml"
    config.write_text(_tensorzero_config(bench.provider_url(side)))
    extra = {"BENCH_KEY": PROVIDER_KEY}
    if side == "tls":
        extra["SSL_CERT_FILE"] = str(bench.authority)
    runner = [str(python), str(HERE / "tensorzero_gateway.py"), str(config)]
    server = start("tensorzero", runner, bench.folder, extra)
    try:
        port = int(server.wait_log(r"http://[\w.]+:(\d+)/openai/v1"))
    except BenchError:
        server.stop()
        raise
    path = "/openai/v1/chat/completions"
    return Target(server, port, path, "tensorzero::model_name::", None)


def start_glimway(keys: int = 1, endpoints: int = 1) -> Starter:
    """A starter of Glimway with that many keys, all of them used in turn, and with that many
    endpoints of each model, which share the load."""

    def starter(bench: Workbench, side: Side) -> Target:
        home = glimway_home(bench, MODELS, keys, PROVIDER_KEY)
        data = bench.folder / "glimway-data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(home.data, data)  # every start begins with the same stored state
        port = free_port()
        line = serve_command(bench, home.configs[side, endpoints], data, port)
        server = start("glimway", line, bench.folder, home.environment)
        return Target(server, port, CHAT_PATH, "bench/", home.tokens, translates=True)

    return starter


MANY_KEYS = 10_000
GLIMWAY_MANY = "glimway-10k-keys"
GLIMWAY_WIDE = f"glimway-{MANY_ENDPOINTS}-endpoints"
STARTERS: Mapping[str, Starter] = {
    "direct": start_direct,
    "glimway": start_glimway(),
    GLIMWAY_MANY: start_glimway(keys=MANY_KEYS),
    GLIMWAY_WIDE: start_glimway(endpoints=MANY_ENDPOINTS),
    "nginx": start_plain_proxy,
    "tensorzero": start_tensorzero,
}
"""Every contender by the name it has in tables and on the command line."""


def whole_body(model: str) -> bytes:
    """The smallest request: used to see the first answer."""
    message = {"role": "user", "content": "Say what a gateway is."}
    return json.dumps({"model": model, "messages": [message], "max_tokens": 1024}).encode()
