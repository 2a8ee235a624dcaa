"""Programs that people have published for GLM services, run as they stand.

Knows where a program keeps its base URL and its key, and puts a gateway's there; nothing else of a
program is touched. Refuses to know what a program prints: the tests read that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from kit.gateway import Gateway

FOLDER = Path(__file__).parent / "programs"

HOSTS = (
    "https://api.wavespeed.ai",
    "https://api.empiriolabs.ai",
    "https://api.deepinfra.com",
    "https://api.acedata.cloud",
)
KEY_TEXTS = ("YOUR_EMPIRIOLABS_API_KEY", "{token}")
KEY_VARIABLES = ("WAVESPEED_API_KEY", "EMPIRIOLABS_API_KEY", "DEEPINFRA_TOKEN")

COMMANDS: Mapping[str, tuple[str, ...]] = {
    ".py": (sys.executable,),
    ".sh": ("sh",),
    ".mjs": ("node",),
}
NEEDS: Mapping[str, tuple[str, str]] = {
    ".sh": ("curl", "apt-get install curl"),
    ".mjs": ("node", "apt-get install nodejs"),
}

RUN_S = 60.0
"""How long a program may take on a machine that is busy with other tests."""


def run(
    name: str,
    gateway: Gateway,
    *,
    key: str | None = None,
    changes: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; whether it ended well is for the test to look at.

    Args:
        name: file in ``programs``, without the ``.txt`` that keeps Python's own tools away.
        gateway: what it speaks to.
        key: instead of the gateway's own.
        changes: other texts of the program and what stands there instead: the model, the mount.
    """
    kind = Path(name).suffix
    if kind in NEEDS and shutil.which(NEEDS[kind][0]) is None:
        pytest.fail("{} is missing (Debian: {})".format(*NEEDS[kind]), pytrace=False)
    key = gateway.key if key is None else key
    source = FOLDER / (f"{name}.txt" if kind == ".py" else name)
    text = source.read_text()
    replaced = dict.fromkeys(HOSTS, gateway.url) | dict.fromkeys(KEY_TEXTS, key)
    for old, new in (replaced | dict(changes or {})).items():
        text = text.replace(old, new)
    assert "https://" not in text, "a test must not leave this machine"
    program = gateway.folder / f"program{kind}"
    program.write_text(text)
    return subprocess.run(
        [*COMMANDS[kind], str(program)],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(gateway.folder),
            "PYTHONUTF8": "1",
            **dict.fromkeys(KEY_VARIABLES, key),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=RUN_S,
        check=False,
    )


def printed(name: str, gateway: Gateway, *, changes: Mapping[str, str] | None = None) -> str:
    """What a program prints that ends well.

    Raises:
        AssertionError: it did not; what it complained of is in the message.
    """
    done = run(name, gateway, changes=changes)
    assert done.returncode == 0, done.stderr
    return done.stdout
