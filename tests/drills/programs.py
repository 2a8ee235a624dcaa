"""The benchmark's programs in C, for drills that need more load than Python can make.

Knows how they are built, started, and bound to a processor. Refuses to know what they are for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kit.process import Process

BENCH = Path(__file__).resolve().parents[2] / "bench"
FLAGS = ("-O2", "-o")
PORT_S = 5.0
"""How long a provider may take to say where it listens."""
OVER_S = 60.0
"""How long a load may take beyond its own time."""


class Series(msgspec.Struct):
    """A series of durations, in microseconds."""

    p50: float
    p90: float
    p99: float
    max: float


class Load(msgspec.Struct):
    """What the callers of one load have seen."""

    seconds: float
    requests: int
    """Good answers."""
    errors: int
    """All others."""
    refused: int
    """Of the errors, those that said "not now"."""
    unsent: int = 0
    """Not even asked: every connection still waited for an answer."""
    latency_us: Series | None = None
    first_us: Series | None = None
    """To the first text of a stream."""
    refused_us: Series | None = None

    @property
    def goodput(self) -> float:
        """Good answers in a second."""
        return self.requests / self.seconds


def build(name: str, folder: Path) -> Path:
    """Compile one program.

    Raises:
        FileNotFoundError: no compiler.
        subprocess.CalledProcessError: it does not compile.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise FileNotFoundError("cc: scripts/packages test installs it")
    binary = folder / name
    subprocess.run([compiler, *FLAGS, str(binary), str(BENCH / f"{name}.c")], check=True)
    return binary


def pin(pid: int, core: int) -> None:
    """Bind a process, with all the threads that it has now, to one processor."""
    cores = sorted(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {cores[core % len(cores)]})


def provider(binary: Path, folder: Path, *, chunks: int, rate: float) -> Process:
    """The provider, started: its streams have so many chunks, at so many in a second."""
    pace = ["--port", "0", "--chunks", str(chunks), "--rate", str(rate)]
    return Process([binary, *pace], folder=folder)


def load(binary: Path, flags: Mapping[str, object], core: int) -> Load:
    """Run the callers to their end."""
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    child = subprocess.Popen(
        [str(binary), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pin(child.pid, core)
    try:
        said, wrong = child.communicate(timeout=float(str(flags["seconds"])) + OVER_S)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    assert child.returncode == 0, wrong
    return msgspec.json.decode(said, type=Load)
