"""One gateway for all judges, with the sandbox behind it, and their environments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from judges.setting import PROGRAMS, SERVED, Judge, found
from judges.telling import SECRETS
from kit.gateway import Gateway, config
from kit.provider import ScriptedProvider

_NEEDS = {"test_codex.py": "/v1/responses", "test_claude_code.py": "/v1/messages"}
collect_ignore = [test for test, path in _NEEDS.items() if path not in SERVED]
"""Tests that wait for a mount."""

MODEL = "sandbox/glm-4.7-flash"

RUN_S = 100.0
"""How long one judge may take with all its cases, on a busy machine."""

Verdict = dict[str, str]

SILENT = {
    "AI_SDK_LOG_WARNINGS": "false",
    "DO_NOT_TRACK": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "PYTHONDONTWRITEBYTECODE": "1",
}
"""Clients that tell their makers who runs them must not."""


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    """The gateway."""
    with Gateway() as running:
        yield running


@pytest.fixture(scope="session")
def agent_host() -> Iterator[ScriptedProvider]:
    """The host that tells agents what to do."""
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture(scope="session")
def agent_gateway(agent_host: ScriptedProvider) -> Iterator[Gateway]:
    """A gateway before that host."""
    with Gateway(config(agent_host.url)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An agent's home, with a folder to work in."""
    (tmp_path / "work").mkdir()
    for name, text in SECRETS.items():
        (tmp_path / "work" / name).write_text(text + "\n")
    return tmp_path


@pytest.fixture(scope="session")
def node_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs for Node beside their packages, which Node looks for next to a program."""
    folder = tmp_path_factory.mktemp("judges")
    for program in PROGRAMS.glob("*.mjs"):
        shutil.copy(program, folder)
    (folder / "node_modules").symlink_to(found("node") / "node_modules")
    return folder


@pytest.fixture(scope="session")
def verdict(
    gateway: Gateway, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Judge], Verdict]:
    """What a judge says, case by case."""

    def ask(judge: Judge) -> Verdict:
        return _run(_command(judge, request), gateway, tmp_path_factory.mktemp("home"))

    return ask


def _command(judge: Judge, request: pytest.FixtureRequest) -> list[str | Path]:
    if judge.environment == "python":
        python = found("python") / "bin/python"
        return [python, PROGRAMS / judge.program, *judge.arguments]
    folder: Path = request.getfixturevalue("node_programs")
    return ["node", folder / judge.program, *judge.arguments]


def _run(command: list[str | Path], gateway: Gateway, home: Path) -> Verdict:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "JUDGE_URL": gateway.url,
        "JUDGE_KEY": gateway.key,
        "JUDGE_MODEL": MODEL,
        **SILENT,
    }
    done = subprocess.run(
        command,
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines, done.stderr
    read: Verdict = json.loads(lines[-1])
    return read
