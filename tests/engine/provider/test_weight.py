"""What an idle connection to a provider weighs, in a process of its own; the figures are printed
with ``-s`` and stand in docs/network.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit import answers
from kit.certificates import Certificates
from kit.provider import ScriptedProvider

COUNT = 200
PLAIN_BYTES_MAX = 8 * 1024
TLS_BYTES_MAX = 48 * 1024
"""uvloop's own TLS held 50 KiB, asyncio's some 300."""

TESTS = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read where Linux tells it")
@pytest.mark.parametrize(("tls", "bytes_max"), [(False, PLAIN_BYTES_MAX), (True, TLS_BYTES_MAX)])
def test_an_idle_connection_is_light(
    certificate_files: Certificates, tls: bool, bytes_max: int
) -> None:
    with ScriptedProvider(tls=certificate_files if tls else None) as provider:
        provider.always(answers.whole(b"{}"))
        authority = str(certificate_files.authority) if tls else ""
        done = subprocess.run(
            [sys.executable, "-m", "engine.provider.weigh", provider.url, authority, str(COUNT)],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    kind = "TLS" if tls else "plain"
    print(f"{kind}: {found['idle_bytes'] / 1024:.1f} KiB idle, {found['dial_us']:.0f} us a dial")  # noqa: T201
    assert found["idle_bytes"] <= bytes_max
