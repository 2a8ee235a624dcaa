"""Freed memory stays with the process, up to a bound."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from glimway.heap import KEPT_BYTES

ROUNDS = 100
PROGRAM = f"""
import resource, sys
from glimway.heap import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def take_and_give_back():
    return len([bytes(100_000) for _ in range(8)])
take_and_give_back()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({ROUNDS}):
    take_and_give_back()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
large = [bytearray(b"x" * 1_000_000) for _ in range(200)]
full = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
large.clear()
print(full - int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize())
"""


def faults_and_given_back(how: str) -> tuple[int, int]:
    """Page faults while buffers come and go, and what goes back to the kernel after 200 MB."""
    # What the caller's own environment says of the allocator is not what is tested.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    faults, given_back = done.stdout.split()
    return int(faults), int(given_back)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_buffers_that_come_and_go_cost_no_page_faults() -> None:
    kept, given_back = faults_and_given_back("kept")
    assert kept < ROUNDS
    assert given_back > 200_000_000 - 2 * KEPT_BYTES
    left, _ = faults_and_given_back("left")
    assert left > 20 * ROUNDS, "the allocator has changed its ways: is this still needed?"
