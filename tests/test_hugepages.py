"""A heap that has grown is put into large pages, where the system makes such."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, sys, time
from glimway import hugepages
wanted = sys.argv[1] == "wanted"
pages = hugepages.HugePages(lambda: wanted, look_s=0.01)
def large_kib():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return int(next(line for line in lines if line.startswith("AnonHugePages")).split()[1])
def held_kib():
    return hugepages._held_bytes() // 1024
many = [bytes(100) for _ in range(600_000)]
before = large_kib(), held_kib()
if not hugepages.HugePages(lambda: True).put_together():
    print("none")
    sys.exit()
first = large_kib(), held_kib()
pages.start()
more = [bytes(100) for _ in range(600_000)]
ends_s = time.monotonic() + (20 if wanted else 0.3)
while large_kib() <= first[0] and time.monotonic() < ends_s:
    time.sleep(0.01)
pages.stop()
print(*before, *first, large_kib())
"""


def large_pages(how: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    if done.stdout.strip() == "none":
        pytest.skip("this system makes no large pages")
    return [int(figure) for figure in done.stdout.split()]


def test_a_heap_that_grows_is_followed() -> None:
    large, held, large_then, held_then, large_at_last = large_pages("wanted")
    assert large_then >= large + 16 * 1024
    assert held_then <= held + held // 8
    assert large_at_last > large_then


def test_where_it_is_not_worth_while_the_heap_is_left_alone() -> None:
    _, _, large_then, _, large_at_last = large_pages("unwanted")
    assert large_at_last == large_then
