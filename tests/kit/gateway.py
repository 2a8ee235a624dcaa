"""A whole gateway in a process of its own, on a temporary data folder and a free port.

Knows the command line and the configuration file. Refuses to know anything inside: what a test
sees is what a user sees.

    with ScriptedProvider() as provider, Gateway(config(provider.url)) as gateway:
        provider.always(answers.whole(answers.chat()))
        response = gateway.post("/v1/chat/completions", {"model": "lab/m", "messages": [...]})

The server says ``listening on http://127.0.0.1:PORT`` when it is ready; before that,
``glimway keys create --json`` gives a key.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from kit.http import Client, Response, call
from kit.process import STOP_S, Process

READY_S = 30.0
"""How long the server may take to listen, on a machine that is busy with other tests."""

COMMAND = (sys.executable, "-m", "glimway")

LISTENING = r"listening on (http://127\.0\.0\.1:\d+)"


class Gateway:
    """One gateway; use it as a context manager.

    Args:
        config: text of its configuration file (see ``config``), or None to run without one.
        environment: further environment variables; the test's own are not passed on.
        data: its data folder, where it must outlive the context; else a temporary one.
        flags: further flags of ``serve``.
        command: what to run instead of the installed program.
    """

    def __init__(
        self,
        config: str | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        data: Path | None = None,
        flags: Sequence[str] = (),
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="glimway-test-"))
        self.data = data or self.folder / "data"
        self.key = ""
        self.key_id = ""
        self.url = ""
        self._config = config
        self._environment = {**_bare_environment(self.folder), **(environment or {})}
        self._flags = tuple(flags)
        self._command = tuple(command)
        self._process: Process | None = None

    # --- its life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            if self._config is not None:
                (self.folder / "glimway.toml").write_text(self._config)
            created = self.command_json("keys", "create", "--name", "test")
            self.key, self.key_id = created["key"], created["id"]
            self.start()
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self.running:
                self.terminate()
        finally:
            self._clean()
            if kind is not None and self._process is not None:
                print(self._process.said)  # noqa: T201 - pytest shows it with the failure

    def start(self) -> None:
        """Start the server and wait until it listens.

        Raises:
            TimeoutError: it ended, or did not listen in time; its words are in the message.
        """
        arguments = ["serve", *self._places(), "--host", "127.0.0.1", "--port", "0", *self._flags]
        self._process = Process(
            [*self._command, *arguments], folder=self.folder, environment=self._environment
        )
        try:
            self.url = self._process.wait_for_line(LISTENING, READY_S)[1]
        except TimeoutError:
            self.kill()
            raise

    def terminate(self, within_s: float = STOP_S) -> int:
        """Ask the server to end (SIGTERM) and wait for it; its exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        return self.process.terminate(within_s)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        self.process.kill()

    def restart(self) -> None:
        """Start it on the same data again, after ending it politely where it still runs."""
        if self.running:
            self.terminate()
        self.start()

    @property
    def process(self) -> Process:
        """The server's process: what it says, signals, memory."""
        assert self._process is not None, "the gateway has not been started"
        return self._process

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._process is not None and self._process.running

    def rss_kib(self) -> int:
        """Memory that the server holds, in KiB."""
        return self.process.rss_kib()

    def fd_count(self) -> int:
        """Files and sockets that the server holds open."""
        return self.process.fd_count()

    # --- calls ------------------------------------------------------------------------------------

    def client(self) -> Client:
        """A new connection to the server."""
        return Client(self.url)

    def headers(self) -> dict[str, str]:
        """What authorizes a request."""
        return {"authorization": f"Bearer {self.key}"}

    def post(self, target: str, body: Any, headers: Mapping[str, str] | None = None) -> Response:
        """One POST with the key, on a connection of its own."""
        return call(self.url + target, body, {**self.headers(), **(headers or {})})

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Response:
        """One GET with the key, on a connection of its own."""
        return call(self.url + target, None, {**self.headers(), **(headers or {})})

    # --- commands ---------------------------------------------------------------------------------

    def command(
        self, *arguments: str, within_s: float = READY_S
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the program on the same data and configuration.

        Args:
            arguments: its name and what follows.
            within_s: how long it may take.

        Raises:
            RuntimeError: it failed; its words are in the message.
        """
        done = subprocess.run(
            [*self._command, *arguments, *self._places()],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        if done.returncode:
            said = done.stdout + done.stderr
            raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{said}")
        return done

    def command_json(self, *arguments: str, within_s: float = READY_S) -> Any:
        """Run a command with ``--json``; the one document that it prints.

        Args:
            arguments: as for ``command``.
            within_s: how long it may take.

        Raises:
            RuntimeError: it failed; its words are in the message.
            ValueError: it printed something else beside or instead.
        """
        return json.loads(self.command(*arguments, "--json", within_s=within_s).stdout)

    # --- inside -----------------------------------------------------------------------------------

    def _places(self) -> list[str]:
        config = [] if self._config is None else ["--config", str(self.folder / "glimway.toml")]
        return [*config, "--data", str(self.data)]

    def _clean(self) -> None:
        if self._process is not None:
            self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def config(
    provider_url: str,
    *,
    model: str = "lab/m",
    profile: str = "openai",
    price: Mapping[str, str] | None = None,
    more: str = "",
) -> str:
    """A configuration with one provider on loopback, ``rack1``, and one model at it.

    Args:
        provider_url: scheme, address and port (``ScriptedProvider.url``).
        model: the name that clients ask for; the provider's own name is ``m``.
        profile: the provider's dialect and quirks.
        price: USD per million tokens by kind, else 0 for input and output.
        more: further TOML, put in front, where tables of any name may stand.
    """
    prices = price if price is not None else {"input": "0", "output": "0"}
    shown = ", ".join(f'{kind} = "{amount}"' for kind, amount in prices.items())
    return f"""{more}
[[providers]]
id = "rack1"
profile = "{profile}"
base_url = "{provider_url}/v1"
api_key = {{ env = "RACK1_API_KEY" }}
private = true

[[models]]
id = "{model}"
context = 2000000
max_output = 131072

  [[models.endpoints]]
  provider = "rack1"
  model = "m"
  price = {{ {shown} }}
"""


def _bare_environment(folder: Path) -> dict[str, str]:
    """An environment without the machine's own providers, proxies and settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "share"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "RACK1_API_KEY": "sk-rack1-of-the-test",
        "PYTHONUNBUFFERED": "1",
    }
