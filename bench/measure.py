"""Figures: CPU and memory of a process tree from /proc, and what the load generator saw.

Knows Linux's /proc and the load generator's flags and JSON. Refuses to know which gateway runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers import BenchError

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
QUIET_WINDOW_S = 0.5
QUIET_CPU_S = 0.011
"""At most one clock tick in a window counts as quiet."""
QUIET_LIMIT_S = 20.0
HELD_LIMIT_S = 90.0
LOAD_MARGIN_S = 60.0

_PARENT, _SESSION, _RSS_PAGES = 1, 3, 21
_CPU = slice(11, 15)  # user, system, and both again for children that have ended
"""Fields of /proc/PID/stat, counted from the state behind the command's closing bracket."""


def _tree(root: int) -> Iterator[list[str]]:
    """The stat fields of ``root``, of its session's members and of all their descendants."""
    fields_of: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        fields_of[int(entry.name)] = stat[stat.rindex(")") + 2 :].split()
    members = {pid for pid, f in fields_of.items() if pid == root or int(f[_SESSION]) == root}
    grown = True
    while grown:
        children = {pid for pid, f in fields_of.items() if int(f[_PARENT]) in members}
        grown = not children <= members
        members |= children
    for pid in members:
        yield fields_of[pid]


def cpu_s(root: int) -> float:
    """CPU seconds, user and system, of the whole tree with the children that have ended."""
    ticks = sum(sum(int(tick) for tick in f[_CPU]) for f in _tree(root))
    return ticks / TICKS_PER_S


def rss_mib(root: int) -> float:
    """Resident memory of the whole tree in MiB; shared pages count once per process."""
    return sum(int(f[_RSS_PAGES]) for f in _tree(root)) * PAGE_MIB


def wait_quiet(root: int) -> None:
    """Wait until the tree has stopped working, so that work put off is counted where it belongs."""
    ends_s = time.monotonic() + QUIET_LIMIT_S
    before_s = cpu_s(root)
    while time.monotonic() < ends_s:
        time.sleep(QUIET_WINDOW_S)
        now_s = cpu_s(root)
        if now_s - before_s <= QUIET_CPU_S:
            return
        before_s = now_s


@dataclass(frozen=True)
class Load:
    """One run of the load generator against one server."""

    program: Path
    port: int
    path: str
    body: Path
    tokens: Path | None = None
    headers: tuple[str, ...] = ()
    mark: str | None = None
    """What shows a chunk of content, in the line of an event; None: as chat completions do."""
    last: str | None = None
    """What shows the end of a stream."""

    def _command(self, mode: str, **flags: float) -> list[str]:
        command = [str(self.program), "--mode", mode, "--port", str(self.port)]
        command += ["--path", self.path, "--body", str(self.body)]
        if self.tokens is not None:
            command += ["--tokens", str(self.tokens)]
        for header in self.headers:
            command += ["--header", header]
        for name, value in (("--mark", self.mark), ("--last", self.last)):
            command += [name, value] if value is not None else []
        for flag, number in flags.items():
            command += [f"--{flag}", f"{number:g}"]
        return command

    def run(self, mode: str, seconds: float, **flags: float) -> dict[str, Any]:
        """The generator's report. Raises BenchError when it fails or any answer was wrong."""
        command = self._command(mode, seconds=seconds, **flags)
        limit_s = seconds + LOAD_MARGIN_S
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=limit_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BenchError(f"the load did not end within {limit_s:g} s") from error
        if done.returncode:
            raise BenchError(f"the load generator failed: {done.stderr.strip()}")
        report: dict[str, Any] = json.loads(done.stdout)
        if report["errors"] or not report["requests"]:
            wrong, of = report["errors"], report["errors"] + report["requests"]
            raise BenchError(f"{wrong} of {of} answers were wrong; {done.stderr.strip()}")
        return report

    def rested_ns(self) -> float:
        """How long a line of memory takes after a rest of 10 ms; a few nanoseconds where nobody
        else uses the machine's caches."""
        rest = self.program.with_name("rest")
        done = subprocess.run([rest], capture_output=True, text=True, timeout=60, check=True)
        return float(json.loads(done.stdout)["rested_ns"])

    def hold_mib(self, streams: int, root: int, settle_s: float) -> float:
        """Resident MiB of ``root``'s tree while it holds ``streams`` open streams.

        Raises BenchError when not all of them gave their first chunk.
        """
        command = self._command("hold", streams=streams, seconds=HELD_LIMIT_S)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as load:
            assert load.stdout is not None
            assert load.stderr is not None
            line = load.stdout.readline()
            held = json.loads(line).get("held", 0) if line else 0
            time.sleep(settle_s if held else 0)
            mib = rss_mib(root)
            load.terminate()
            trouble = load.stderr.read().strip()
        if held != streams:
            raise BenchError(f"only {held} of {streams} streams began; {trouble}")
        return mib
