from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

SKIPPING = """
import os, pytest

def test_runs():
    assert "ZAI_API_KEY" not in os.environ and "HTTPS_PROXY" not in os.environ

@pytest.mark.skip(reason="the moon is full")
def test_once(): ...

@pytest.mark.parametrize("n", range(3))
def test_often(n):
    pytest.skip("the tide is high")
"""


def _run(folder: Path, what: str = ".", **environment: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(TESTS / "conftest.py", folder)
    arguments = [
        "-n",
        "2",
        "-o",
        f"pythonpath={TESTS}",
        "-c",
        "/dev/null",
        "--rootdir",
        str(folder),
    ]
    own = ("CI", "GLIMWAY_CORPORA")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, folder / what],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize(("environment", "status"), [({}, 0), ({"CI": "true"}, 1)])
def test_a_skip_is_never_silent_and_fails_in_ci(
    environment: dict[str, str], status: int, tmp_path: Path
) -> None:
    (tmp_path / "test_moon.py").write_text(SKIPPING)
    done = _run(tmp_path, ZAI_API_KEY="a", HTTPS_PROXY="b", **environment)
    assert done.returncode == status, done.stdout + done.stderr
    assert "the moon is full: 1 of test_moon.py" in done.stdout
    assert "the tide is high: 3 of test_moon.py" in done.stdout
    assert done.stdout.strip().splitlines()[-1].strip("= ").startswith("1 passed, 4 skipped")


def test_missing_test_data_are_told_and_wrong_ones_fail(tmp_path: Path) -> None:
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "test_sun.py").write_text("def test_fails(): assert False")
    (tmp_path / "test_moon.py").write_text("def test_runs(): ...")
    told = "tests/corpora: GLIMWAY_CORPORA does not name the folder"
    for environment, status in (
        ({}, 0),
        ({"CI": "true"}, 1),  # nobody has said anything
        ({"CI": "true", "GLIMWAY_CORPORA": "none"}, 0),
    ):
        done = _run(tmp_path, **environment)
        assert done.returncode == status, done.stdout + done.stderr
        assert "1 passed" in done.stdout
        assert told in done.stdout
    done = _run(tmp_path, "test_moon.py")
    assert told not in done.stdout
    done = _run(tmp_path, GLIMWAY_CORPORA=str(tmp_path))
    assert done.returncode != 0
    assert "lacks json, specs, strings, utf8" in done.stdout + done.stderr
    for name in ("json", "specs", "strings", "utf8"):
        (tmp_path / name).mkdir()
    done = _run(tmp_path, GLIMWAY_CORPORA=str(tmp_path))
    assert "1 failed, 1 passed" in done.stdout
    assert told not in done.stdout


def test_without_a_skip_ci_is_content(tmp_path: Path) -> None:
    (tmp_path / "test_moon.py").write_text("def test_runs(): ...")
    done = _run(tmp_path, CI="true", GLIMWAY_CORPORA="none")
    assert done.returncode == 0
    assert "skipped, with the reasons" not in done.stdout
