"""The machine and the versions that a table was measured with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from servers import BenchError
from workbench import HERE, ROOT, need


def _first_line(*line: str) -> str:
    """The first line a program prints, on either channel; "unknown" when it cannot run."""
    try:
        done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    except OSError:
        return "unknown"
    said = (done.stdout or done.stderr).strip().splitlines()
    return said[0].strip() if said and not done.returncode else "unknown"


def _cpu_model() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1).strip() if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def commit() -> str:
    """The commit that was measured, and whether the tree differed from it."""
    name = _first_line("git", "rev-parse", "--short=12", "HEAD")
    if name == "unknown":
        return "not committed"
    status = ("git", "status", "--porcelain", "--untracked-files=no")
    changed = _first_line(*status) not in ("unknown", "")
    return f"{name} with changes" if changed else name


def describe() -> dict[str, str]:
    """Names and values for the page: hardware, system, versions, commit and date."""
    lock = (HERE / "requirements.txt").read_text()
    tensorzero = re.search(r"^tensorzero==(\S+)", lock, re.MULTILINE)
    try:
        nginx = _first_line(need("nginx"), "-v").rpartition("/")[2]
    except BenchError:
        nginx = "absent"
    return {
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{_memory_gib():.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "nginx": nginx,
        "tensorzero": tensorzero.group(1) if tensorzero else "unknown",
        "commit": commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }
