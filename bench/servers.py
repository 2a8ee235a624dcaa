"""Servers as child processes on loopback: start, wait for the first answer, end by process id.

Knows processes, ports and logs. Refuses to know which gateway it starts.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

FIRST_ANSWER_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
PROBE_GAP_S = 0.002
LOG_TAIL_CHARS = 1500


class BenchError(Exception):
    """Something that the benchmark needs did not work; the message is for the operator."""


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A running child, leader of its own session, so that all its descendants can be found."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    began_s: float
    """Just before the process was made, on ``time.perf_counter``."""

    @property
    def pid(self) -> int:
        """Process and session id."""
        return self.process.pid

    def log_tail(self) -> str:
        """The end of what the server wrote."""
        return self.log.read_text(errors="replace")[-LOG_TAIL_CHARS:].strip()

    def check_alive(self) -> None:
        """Raise BenchError with the log's end when the server has ended by itself."""
        if self.process.poll() is not None:
            raise BenchError(
                f"{self.name} ended with code {self.process.returncode}:\n{self.log_tail()}"
            )

    def wait_log(self, pattern: str) -> str:
        """The first group of ``pattern`` once it stands in the log.

        Raises BenchError after FIRST_ANSWER_LIMIT_S.
        """
        ends_s = time.monotonic() + FIRST_ANSWER_LIMIT_S
        while time.monotonic() < ends_s:
            found = re.search(pattern, self.log.read_text(errors="replace"))
            if found:
                return found.group(1)
            self.check_alive()
            time.sleep(PROBE_GAP_S)
        raise BenchError(f"{self.name} did not say {pattern!r} in time:\n{self.log_tail()}")

    def stop(self) -> None:
        """End the server, politely first, and then whatever is left of its process group."""
        self.process.terminate()
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with suppress(ProcessLookupError):  # the usual case: nobody is left
            os.killpg(self.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(name: str, command: list[str], folder: Path, extra: Mapping[str, str]) -> Server:
    """Start ``command`` in ``folder`` with a small environment of its own plus ``extra``.

    The caller's environment is left out on purpose: proxies, config and keys that happen to be
    set there would change what is measured. Raises BenchError when the program is missing.
    """
    log = folder / f"{name}.log"
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        **extra,
    }
    with log.open("wb") as out:
        began_s = time.perf_counter()
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise BenchError(f"{name} cannot be started: {error}") from error
    return Server(name, process, log, began_s)


def first_answer_s(server: Server, ask: Callable[[], tuple[int, bytes]]) -> float:
    """Seconds from the start of the process to the end of its first answer with status 200.

    ``ask`` sends one request and gives status and body. Raises BenchError after
    FIRST_ANSWER_LIMIT_S, or at once when the server has ended.
    """
    last = "no connection"
    while time.perf_counter() - server.began_s < FIRST_ANSWER_LIMIT_S:
        try:
            status, body = ask()
        except (OSError, http.client.HTTPException):
            server.check_alive()
        else:
            if status == 200:
                return time.perf_counter() - server.began_s
            last = f"status {status}: {body[:300]!r}"
        time.sleep(PROBE_GAP_S)
    raise BenchError(f"{server.name} gave no good answer ({last})\n{server.log_tail()}")
