"""What a person sees on a terminal, and what a pipe gets."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = str(Path(__file__).parents[2] / "src")
GREEN = b"\x1b[32m"
RULE = "─".encode()


def _on_terminal(folder: Path, *arguments: str, **environment: str) -> bytes:
    """What a command writes to a terminal of its own."""
    ours, theirs = pty.openpty()
    environ = {"HOME": str(folder), "PYTHONPATH": SOURCE, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-m", "glimway", *arguments],
        cwd=folder,
        env=environ | environment,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as running:
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 65536):
                said += piece
        except OSError:
            pass  # how Linux says that the other end was closed
        finally:
            os.close(ours)
        assert running.wait(30) in (0, 1)
    return said


def test_tables_are_drawn_on_a_terminal_only(tmp_path: Path) -> None:
    drawn = _on_terminal(tmp_path, "models")
    assert RULE in drawn
    assert b"zai/glm-4.7-flash" in drawn
    piped = subprocess.run(
        [sys.executable, "-m", "glimway", "models"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PYTHONPATH": SOURCE},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert RULE not in piped.stdout
    assert b"\x1b" not in piped.stdout


@pytest.mark.parametrize(("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colors_are_left_out_on_wish(
    tmp_path: Path, environment: dict[str, str], colored: bool
) -> None:
    assert (GREEN in _on_terminal(tmp_path, "doctor", "--port", "0", **environment)) is colored


def test_a_document_is_the_same_on_a_terminal(tmp_path: Path) -> None:
    said = _on_terminal(tmp_path, "route", "sandbox/x", "--json")
    assert said.startswith(b"{")
    assert b"\x1b" not in said
