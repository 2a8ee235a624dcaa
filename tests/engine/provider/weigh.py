"""What connections weigh: run by ``test_weight`` in a process of its own.

Knows how to open many connections and to read what the process holds. Refuses to judge. Prints one
JSON object: bytes for each idle connection, and microseconds of processor time for each dial.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from pathlib import Path

import uvloop

from engine.pooled import closing, exchange, new_pool
from glimway.engine.provider.origin import origin_of

WARM = 20
"""Connections before anything is weighed: what is made once is not theirs."""

PAGE_BYTES = 4096


def rss_bytes() -> int:
    """Memory that this process holds."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


async def weigh(url: str, ca_file: str, count: int) -> dict[str, float]:
    """Open ``count`` connections, each with one exchange behind it, and keep them."""
    origin, _ = origin_of(url, ca_file=ca_file or None, private=True)
    async with closing(new_pool(origin, idle_max=count + WARM, idle_s=600.0)) as pool:
        for connection in [await pool.dial() for _ in range(WARM)]:
            await exchange(connection)
        before_bytes, before_s = rss_bytes(), time.process_time()
        opened = [await pool.dial() for _ in range(count)]
        dialled_s = time.process_time() - before_s
        for connection in opened:
            await exchange(connection)
        await asyncio.sleep(0.2)
        held_bytes = rss_bytes() - before_bytes
    return {"idle_bytes": held_bytes / count, "dial_us": dialled_s / count * 1e6}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(weigh(sys.argv[1], sys.argv[2], int(sys.argv[3])))))  # noqa: T201
