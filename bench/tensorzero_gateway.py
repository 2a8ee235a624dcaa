"""Runs TensorZero's HTTP gateway out of its own Python package until SIGTERM.

Runs in its own environment (bench/.venv), with the config file as the only argument. Prints the
base URL, because the gateway chooses its port itself.
"""

from __future__ import annotations

import signal
import sys

from tensorzero import _start_http_gateway  # type: ignore[import-not-found]


def main() -> None:
    """Start the gateway without any database and wait for the signal to end."""
    stop_signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    gateway = _start_http_gateway(
        config_file=sys.argv[1],
        clickhouse_url=None,
        postgres_url=None,
        valkey_url=None,
        async_setup=False,
    )
    print(gateway.base_url, flush=True)
    signal.sigwait(stop_signals)
    gateway.close()


main()
