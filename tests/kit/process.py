"""A program that runs beside the test: what it says, how much it holds, how it ends.

Knows one child process. Refuses to know which program it is: gateways, sandboxes and other servers
are run alike.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

STOP_S = 30.0
"""How long a program may take to end when asked."""

LINES_MAX = 5_000
"""Kept of what it says; older lines are dropped."""


class Process:
    """A child process, started at once. Leaving its context ends it, politely first.

    Args:
        command: program and arguments.
        environment: all of its environment variables; None passes the test's own on.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.lines: deque[str] = deque(maxlen=LINES_MAX)
        """What it has said, on standard output and standard error together."""
        self._said = threading.Condition()
        self._silent = False  # it has closed its output: nothing more will be said
        self._child = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, name="process-lines", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.running:
            self._ended(STOP_S)
            return
        try:
            self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Its number."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._child.poll() is None

    @property
    def said(self) -> str:
        """All that it has said, as one text."""
        return "".join(self.lines)

    def wait_for_line(self, pattern: str, within_s: float = 10.0) -> re.Match[str]:
        """Wait until it has said a line in which a pattern is found; the first match.

        Raises:
            TimeoutError: it has not, or has ended without; what it said is in the message.
        """
        found: list[re.Match[str]] = []

        def looked() -> bool:
            found[:] = filter(None, (re.search(pattern, line) for line in self.lines))
            return bool(found) or self._silent

        with self._said:
            self._said.wait_for(looked, within_s)
        if not found:
            raise TimeoutError(f"no line matches {pattern!r} in:\n{self.said}")
        return found[0]

    def terminate(self, within_s: float = STOP_S) -> int:
        """Ask it to end (SIGTERM) and wait; its exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        self._child.terminate()
        return self._ended(within_s)

    def kill(self) -> int:
        """End it as a crash would (SIGKILL); its exit status, minus the signal's number."""
        self._child.kill()
        return self._ended(STOP_S)

    def wait(self, within_s: float = STOP_S) -> int:
        """Wait until it has ended by itself; its exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        return self._ended(within_s)

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._child.send_signal(number)

    # --- what it holds ----------------------------------------------------------------------------

    def rss_kib(self) -> int:
        """Memory that it holds, in KiB."""
        status = Path(f"/proc/{self.pid}/status")
        if status.exists():
            found = re.search(r"^VmRSS:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
            assert found is not None, "it has ended"
            return int(found[1])
        return int(_output("ps", "-o", "rss=", "-p", str(self.pid)))

    def fd_count(self) -> int:
        """Files and sockets that it holds open."""
        folder = Path(f"/proc/{self.pid}/fd")
        if folder.exists():
            return len(list(folder.iterdir()))
        listed = _output("lsof", "-p", str(self.pid), "-F", "f")
        return len(re.findall(r"^f\d+$", listed, re.MULTILINE))

    def cpu_s(self) -> float:
        """Processor time that it has used, in seconds; to 10 ms on Linux, to 1 s elsewhere."""
        stat = Path(f"/proc/{self.pid}/stat")
        if stat.exists():
            fields = stat.read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        seconds = 0.0
        for part in _output("ps", "-o", "time=", "-p", str(self.pid)).strip().split(":"):
            seconds = 60 * seconds + float(part)
        return seconds

    # --- inside -----------------------------------------------------------------------------------

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()
        with self._said:
            self._silent = True
            self._said.notify_all()

    def _ended(self, within_s: float) -> int:
        status = self._child.wait(within_s)
        self._reader.join(STOP_S)
        assert self._child.stdout is not None
        self._child.stdout.close()
        return status


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
