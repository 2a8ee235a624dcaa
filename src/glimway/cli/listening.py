"""Runs the sandbox until a signal.

Knows how it starts and ends. Refuses to know what it answers.
"""

from __future__ import annotations

import asyncio
import signal

import click

from glimway.sandbox import Sandbox


async def serve_sandbox(host: str, port: int, tokens_per_second: float) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        OSError: the port is taken.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with Sandbox(host, port, tokens_per_second=tokens_per_second) as box:
        click.echo(f"sandbox listening on {box.url()}")
        await ended.wait()
