"""The program as a process: what it loads, prints and exits with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from glimway import __version__
from glimway.cli import main
from kit.http import call

Run = Any
SOURCE = str(Path(__file__).parents[2] / "src")
PROGRAM = (sys.executable, "-m", "glimway")
HEAVY = {"sqlalchemy", "alembic", "uvicorn", "starlette", "rich", "asyncio", "ssl", "certifi"}


def _run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "", "PYTHONPATH": SOURCE} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_is_quick_because_it_loads_little(tmp_path: Path) -> None:
    code = "import sys, glimway.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & HEAVY


def test_every_command_has_help(run: Run) -> None:
    commands: list[tuple[tuple[str, ...], click.Command]] = [
        ((name,), command) for name, command in main.commands.items()
    ]
    for path, command in commands:
        inner = getattr(command, "commands", {})
        commands += [((*path, name), one) for name, one in inner.items()]
        assert command.help, path
        result = run(*path, "--help")
        assert (result.exit_code, result.stderr) == (0, "")
        assert command.help.partition("\n")[0][:40] in result.stdout
    names = {" ".join(path) for path, _ in commands}
    assert names >= {
        "serve",
        "check",
        "doctor",
        "keys create",
        "keys list",
        "keys rotate",
        "keys revoke",
        "models",
        "providers",
        "route",
        "ledger audit",
        "ledger export",
        "ledger repair",
        "sandbox",
    }


def test_the_program_runs_as_a_module(tmp_path: Path) -> None:
    done = _run(tmp_path, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"glimway {__version__}\n", "")
    done = _run(tmp_path, "--help")
    assert done.stdout.startswith("Usage: glimway [OPTIONS] COMMAND")


def test_a_document_is_all_that_a_process_prints(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    made = _run(tmp_path, "keys", "create", "--name", "ü", *data, "--json")
    assert (made.returncode, made.stderr) == (0, "")
    assert json.loads(made.stdout)["name"] == "ü"
    for command in (("keys", "list"), ("models",), ("providers",), ("route", "sandbox/x")):
        done = _run(tmp_path, *command, "--json", *data)
        assert (done.returncode, done.stderr) == (0, ""), command
        json.loads(done.stdout)


def test_users_errors_have_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    for arguments, status in (
        (("keys", "list", "--data", "data"), 1),
        (("ledger", "audit", "--data", "data"), 1),
        (("serve", "--data", "data", "--port", "0"), 1),
        (("route", "nothing"), 1),
        (("route",), 2),
        (("check", "--config", "none.toml"), 1),
    ):
        done = _run(tmp_path, *arguments)
        assert done.returncode == status, arguments
        assert "Traceback" not in done.stderr
        assert done.stderr or done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys;"
        "p = subprocess.Popen([sys.executable, '-m', 'glimway', 'models', '--all', '--json'],"
        "stdout=subprocess.PIPE, stderr=subprocess.PIPE);"
        "p.stdout.close(); print(p.stderr.read().decode()); p.wait()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_sandbox_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        [*PROGRAM, "sandbox", "--port", "0"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PYTHONPATH": SOURCE},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            said = running.stdout.readline()
            assert said.startswith("sandbox listening on http://127.0.0.1:")
            body = {"model": "glm-4.7-flash", "messages": [{"role": "user", "content": "hi"}]}
            url = said.split()[-1] + "/chat/completions"
            assert call(url, body, {"authorization": "Bearer x"}).status == 200
            running.send_signal(number)
            assert running.wait(30) == 0
        finally:
            running.kill()


def test_the_sandboxs_scripts_are_listed(run: Run) -> None:
    scripts = {one["name"]: one for one in run.json("sandbox", "--scripts")["scripts"]}
    assert scripts["slow"]["group"] == "pace"
    assert "slow" in run("sandbox", "--scripts").stdout
    assert run("sandbox", "--json").exit_code == 2


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("sandbox", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "address already in use" in result.stderr.lower()
